/** The worker that computes lessons. */
import { expose } from 'comlink';
import { zipSync } from 'fflate';
import type { EngineInfo } from '../engine';
import type { Step } from '../engine.steps';
import { hold } from '../lock';
import { type Choice, loadCompute } from '../wasm';
import { Runner } from './host';

let runner: Runner | undefined;

const remote = {
  /** Says each step of the start, and nothing when the last is over. */
  async start(choice: Choice, lock: string, say: (step: Step | undefined) => void): Promise<EngineInfo> {
    await hold(lock);
    const { wasm, memory, why } = await loadCompute(choice, say);
    runner = new Runner(wasm.WasmLesson);
    say(undefined);
    return { build: wasm.buildName(), threads: wasm.threadCount(), memory, why };
  },
  open: async (id: string, dials: string) => ready().open(id, dials),
  turn: async (dials: string) => ready().turn(dials),
  advance: async (milliseconds: number) => ready().advance(milliseconds),
  files: async () => ready().files(),
  /** Weights hardly compress: stored, they are there at once. */
  zip: async () => {
    const files = ready()
      .files()
      .map(({ path, bytes }) => [path, bytes] as const);
    return new Uint8Array(zipSync(Object.fromEntries(files), { level: 0 }));
  },
};

export type Remote = typeof remote;

function ready(): Runner {
  if (!runner) throw new Error('The worker was not started.');
  return runner;
}

expose(remote);
