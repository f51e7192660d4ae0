/** Picks the wasm build. With the worker the only importer of the generated packages. */
import { relaxedSimd, simd, threads } from 'wasm-feature-detect';
import type { ReportView } from './wasm/simd/lorascope';

/** How many threads at most: more do not help matrices of this size, and each holds its own memory. */
const MOST_THREADS = 16;

/** `relaxed` is `threads` with fused multiply-adds, where the browser has them. */
export type Build = 'simd' | 'threads' | 'relaxed';

export interface Choice {
  build: Build;
  /** 0: the single-thread build. */
  threads: number;
  /** Why not the fastest build or all threads of the machine; empty when nothing is held back. */
  why: string;
}

/** `search` is the page's query: `threads=N` limits the pool, `build=simd|threads|relaxed` forces a build where the browser can run it. */
export async function choose(search: string, cores: number): Promise<Choice> {
  if (!(await simd())) throw new Error('This browser does not run WebAssembly SIMD. A current Chrome, Firefox or Safari does.');
  const query = new URLSearchParams(search);
  const asked = query.get('build');
  if (asked === 'simd') return single('asked for in the address');
  if (!globalThis.crossOriginIsolated) return single('this host cannot isolate the page');
  if (!(await threads())) return single('this browser has no WebAssembly threads');
  const fused = await relaxedSimd();
  const why = asked === 'threads' ? ['without fused multiply-adds: asked for in the address'] : [];
  if (asked === 'relaxed' && !fused) why.push('without fused multiply-adds: this browser has no relaxed SIMD');
  const wanted = Number.parseInt(query.get('threads') ?? '', 10);
  if (wanted >= 1) why.push('number of threads given in the address');
  return {
    build: fused && asked !== 'threads' ? 'relaxed' : 'threads',
    threads: Math.min(MOST_THREADS, wanted >= 1 ? wanted : Math.max(1, cores)),
    why: why.join('; '),
  };
}

function single(why: string): Choice {
  return { build: 'simd', threads: 0, why: `single-thread: ${why}` };
}

/** The build that computes, for the worker. */
export async function loadCompute({ build, threads }: Choice) {
  if (build === 'simd') {
    const wasm = await import('./wasm/simd/lorascope');
    await wasm.default();
    return wasm;
  }
  const wasm = await (build === 'relaxed' ? import('./wasm/relaxed/lorascope') : import('./wasm/threads/lorascope'));
  await wasm.default();
  await wasm.initThreadPool(threads);
  return wasm;
}

/** The build that draws and counts, for the page: single-thread, because a page may not wait. */
export async function loadView(): Promise<typeof ReportView> {
  const wasm = await import('./wasm/simd/lorascope');
  await wasm.default();
  return wasm.ReportView;
}
