/** The choice of the wasm build. With the workers the only importer of the generated packages. */
import { relaxedSimd, simd, threads } from 'wasm-feature-detect';
import type { Step } from './steps';
import type { ReportView } from '../wasm/draw/lorascope';
import type { ReportView as Figures } from '../wasm/embed/lorascope';

/** The builds that this copy of the page has: while `npm start` still works on the others, or where one failed, not all. */
const BUILT = import.meta.glob<typeof import('../wasm/threads/lorascope')>(
  '../wasm/{embed,draw,simd,threads,relaxed}/lorascope.js',
);
const CARRIED = import.meta.glob<string>('../wasm/embed/lorascope_bg.wasm', { query: '?url', import: 'default' });
const load = (build: Build | 'draw' | 'embed') => BUILT[`../wasm/${build}/lorascope.js`];

/** The most threads: more do not help matrices of this size, and each holds its own memory. */
const MOST_THREADS = 16;

/** `relaxed` is `threads` with fused multiply-adds, where the browser has them. */
export type Build = 'simd' | 'threads' | 'relaxed';

export interface Choice {
  build: Build;
  /** 0: the single-thread build. */
  threads: number;
  /** The reason for not using the fastest build or all threads of the machine; empty when nothing is held back. */
  why: string;
}

/** `search` is the page's query: `threads=N` limits the pool, `build=simd|threads|relaxed` forces a build where the browser can run it. */
export async function choose(search: string, cores: number): Promise<Choice> {
  if (!(await simd()))
    throw new Error('This browser does not run WebAssembly SIMD. A current Chrome, Firefox or Safari does.');
  const query = new URLSearchParams(search);
  const asked = query.get('build');
  if (asked === 'simd') return single('asked for in the address');
  if (!globalThis.crossOriginIsolated) return single(notIsolated());
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

/** The words for a build that `npm start` has not made yet. */
const NOT_BUILT = 'is not in this copy of the page yet; load the page again later';

/** Threads need a page that is isolated; what kept this one from it. */
function notIsolated(): string {
  if ((globalThis as { top?: unknown }).top !== globalThis)
    return 'the page that frames this one is not isolated; open it in a tab of its own';
  if (!navigator.serviceWorker)
    return 'this host does not isolate the page, and this window has no service workers to do it (a private window?)';
  return 'this host cannot isolate the page';
}

/** The build that every browser runs. */
export const withoutThreads = single;

function single(why: string): Choice {
  if (!load('simd'))
    throw new Error('The build without threads is missing from this copy of the page. Build it again: npm run build.');
  return { build: 'simd', threads: 0, why: `single-thread: ${why}` };
}

/** The build that computes, for the worker; says each step. */
export async function loadCompute({ build, threads, why }: Choice, say: (step: Step) => void = () => undefined) {
  say('fetch');
  const wasm = await load(build)!();
  // Compiled as it arrives.
  say('compile');
  if (build === 'simd') {
    await wasm.default();
    return { wasm, memory: MOST_PAGES * PAGE, why };
  }
  const { memory, pages } = sharedMemory();
  await wasm.default({ memory } as Parameters<typeof wasm.default>[0]);
  say('threads');
  await startThreads(
    () => wasm.initThreadPool(threads),
    () => say('threads'),
  );
  const less =
    pages < MOST_PAGES ? `with ${(pages * PAGE) / 2 ** 30} GiB of memory: this browser reserves no more` : '';
  return { wasm, memory: pages * PAGE, why: [why, less].filter(Boolean).join('; ') };
}

const PAGE = 65_536;
/** The memory that the builds are linked for: 4 GiB. */
const MOST_PAGES = 65_536;
/** The least worth a try: 256 MiB. */
const FEWEST_PAGES = 4096;
/** More than any build starts with, which a memory given to it must have. */
const FIRST_PAGES = 128;

/** Shared memory reserves its maximum at once, and phones refuse 4 GiB: as much as the browser gives. */
function sharedMemory(): { memory: WebAssembly.Memory; pages: number } {
  for (let pages = MOST_PAGES; ; pages /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: pages, shared: true }), pages };
    } catch (error) {
      if (pages <= FEWEST_PAGES) throw error;
    }
  }
}

/** The pool's threads, held for as long as this worker lives: see below. */
const threadsHeld: Worker[] = [];

/**
 * Starts the pool, and rejects where a thread cannot be loaded, of which rayon's glue says nothing. The workers are held: Firefox may collect one
 * that shares memory and is not (https://bugzilla.mozilla.org/show_bug.cgi?id=1702191), and the glue's own list of them is bundled away.
 */
async function startThreads(start: () => Promise<unknown>, heard: () => void): Promise<void> {
  const Native = globalThis.Worker;
  try {
    await new Promise<unknown>((resolve, reject) => {
      globalThis.Worker = class extends Native {
        constructor(...given: ConstructorParameters<typeof Worker>) {
          super(...given);
          threadsHeld.push(this);
          this.addEventListener('message', heard, { once: true });
          this.addEventListener('error', ({ message }) =>
            reject(new Error(`a thread could not be loaded${message && `: ${message}`}`)),
          );
        }
      };
      start().then(resolve, reject);
    });
  } finally {
    globalThis.Worker = Native;
  }
}

/** The build that draws and counts, for the page: without threads, because a page may not wait. */
export function loadView(): Promise<typeof ReportView> {
  return drawing(load('draw') ?? load('simd'));
}

/**
 * The build that draws a stored report and does no more: half of that to fetch. Embeds carry it; here it lies beside the page, and its glue is
 * told where.
 */
export async function loadFigures(): Promise<Pick<typeof Figures, 'fromJson'>> {
  const [embed, address] = [load('embed'), Object.values(CARRIED)[0]];
  return embed && address ? drawing(embed, await address()) : loadView();
}

async function drawing(draw: ReturnType<typeof load>, module_or_path?: string): Promise<typeof ReportView> {
  if (!draw) throw new Error('Nothing that draws is in this copy of the page. Build it again: npm run build.');
  const wasm = await draw();
  await (module_or_path === undefined ? wasm.default() : wasm.default({ module_or_path } as never));
  return wasm.ReportView;
}
