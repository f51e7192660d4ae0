/** The worker that computes lessons. */
import { expose } from 'comlink';
import { zipSync } from 'fflate';
import { type Choice, loadCompute } from '../engine/wasm';
import { Runner } from './host';

let runner: Promise<Runner> | undefined;

const remote = {
  start(choice: Choice): void {
    runner = loadCompute(choice).then(({ wasm }) => new Runner(wasm.WasmLesson));
  },
  open: async (id: string, dials: string) => (await ready()).open(id, dials),
  turn: async (dials: string) => (await ready()).turn(dials),
  advance: async (milliseconds: number) => (await ready()).advance(milliseconds),
  files: async () => (await ready()).files(),
  /** Weights hardly compress: stored, they are there at once. */
  zip: async () => {
    const files = (await ready()).files().map(({ path, bytes }) => [path, bytes] as const);
    return new Uint8Array(zipSync(Object.fromEntries(files), { level: 0 }));
  },
};

export type Remote = typeof remote;

function ready(): Promise<Runner> {
  if (!runner) throw new Error('The worker was not started.');
  return runner;
}

expose(remote);
