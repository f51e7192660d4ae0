/** Picks the wasm build. With the worker the only importer of the generated packages. */
import { simd, threads } from 'wasm-feature-detect';
import type { ReportView } from './wasm/simd/lorascope';

/** How many threads at most: more do not help matrices of this size, and each holds its own memory. */
const MOST_THREADS = 16;

export interface Choice {
  /** 0: the single-thread build. */
  threads: number;
  /** Why fewer than the machine offers; empty when nothing is held back. */
  why: string;
}

/** `search` is the page's query: `threads=N` limits the pool, `build=simd` forces the single-thread build. */
export async function choose(search: string, cores: number): Promise<Choice> {
  if (!(await simd())) throw new Error('This browser does not run WebAssembly SIMD. A current Chrome, Firefox or Safari does.');
  const query = new URLSearchParams(search);
  if (query.get('build') === 'simd') return { threads: 0, why: 'single-thread: asked for in the address' };
  if (!globalThis.crossOriginIsolated) return { threads: 0, why: 'single-thread: this host cannot isolate the page' };
  if (!(await threads())) return { threads: 0, why: 'single-thread: this browser has no WebAssembly threads' };
  const wanted = Number.parseInt(query.get('threads') ?? '', 10);
  const most = Math.min(MOST_THREADS, Math.max(1, cores));
  if (!(wanted >= 1)) return { threads: most, why: '' };
  return { threads: Math.min(MOST_THREADS, wanted), why: 'number of threads given in the address' };
}

/** The build that computes, for the worker. */
export async function loadCompute(choice: Choice) {
  if (choice.threads === 0) {
    const wasm = await import('./wasm/simd/lorascope');
    await wasm.default();
    return wasm;
  }
  const wasm = await import('./wasm/threads/lorascope');
  await wasm.default();
  await wasm.initThreadPool(choice.threads);
  return wasm;
}

/** The build that draws and counts, for the page: single-thread, because a page may not wait. */
export async function loadView(): Promise<typeof ReportView> {
  const wasm = await import('./wasm/simd/lorascope');
  await wasm.default();
  return wasm.ReportView;
}
