/** Picks the wasm build. With the worker the only importer of the generated packages. */
import { relaxedSimd, simd, threads } from 'wasm-feature-detect';
import type { ReportView } from './wasm/draw/lorascope';

/** The builds that this copy of the page has: while `npm start` still works on the others, or where one failed, not all. */
const BUILT = import.meta.glob<typeof import('./wasm/threads/lorascope')>(
  './wasm/{draw,simd,threads,relaxed}/lorascope.js',
);
const load = (build: Build | 'draw') => BUILT[`./wasm/${build}/lorascope.js`];

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
  if (!(await simd()))
    throw new Error('This browser does not run WebAssembly SIMD. A current Chrome, Firefox or Safari does.');
  const query = new URLSearchParams(search);
  const asked = query.get('build');
  if (asked === 'simd') return single('asked for in the address');
  if (!globalThis.crossOriginIsolated) return single('this host cannot isolate the page');
  if (!(await threads())) return single('this browser has no WebAssembly threads');
  const fused = await relaxedSimd();
  const build = fused && load('relaxed') && !(asked === 'threads' && load('threads')) ? 'relaxed' : 'threads';
  if (!load(build)) return single(`the build with threads ${NOT_BUILT}`);
  const why =
    asked === 'threads' && build === 'threads' ? ['without fused multiply-adds: asked for in the address'] : [];
  if (asked === 'relaxed' && !fused) why.push('without fused multiply-adds: this browser has no relaxed SIMD');
  if (fused && build === 'threads' && asked !== 'threads')
    why.push(`without fused multiply-adds: the build with them ${NOT_BUILT}`);
  const wanted = Number.parseInt(query.get('threads') ?? '', 10);
  if (wanted >= 1) why.push('number of threads given in the address');
  return {
    build,
    threads: Math.min(MOST_THREADS, wanted >= 1 ? wanted : Math.max(1, cores)),
    why: why.join('; '),
  };
}

/** While `npm start` builds. */
const NOT_BUILT = 'is not in this copy of the page yet; load the page again later';

function single(why: string): Choice {
  if (!load('simd'))
    throw new Error('The build without threads is missing from this copy of the page. Build it again: npm run build.');
  return { build: 'simd', threads: 0, why: `single-thread: ${why}` };
}

/** The build that computes, for the worker. */
export async function loadCompute({ build, threads }: Choice) {
  const wasm = await load(build)!();
  await wasm.default();
  if (build !== 'simd') await wasm.initThreadPool(threads);
  return wasm;
}

/** What draws and counts, for the page: without threads, because a page may not wait. */
export async function loadView(): Promise<typeof ReportView> {
  const draw = load('draw') ?? load('simd');
  if (!draw) throw new Error('Nothing that draws is in this copy of the page. Build it again: npm run build.');
  const wasm = await draw();
  await wasm.default();
  return wasm.ReportView;
}
