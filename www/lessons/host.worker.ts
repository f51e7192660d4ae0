/** The worker that computes lessons. */
import { expose } from 'comlink';
import { type Choice, loadCompute } from '../wasm';
import { Runner } from './host';

let runner: Promise<Runner> | undefined;

const remote = {
  start(choice: Choice): void {
    runner = loadCompute(choice).then((wasm) => new Runner(wasm.WasmLesson));
  },
  open: async (id: string, dials: string) => (await ready()).open(id, dials),
  turn: async (dials: string) => (await ready()).turn(dials),
  advance: async (milliseconds: number) => (await ready()).advance(milliseconds),
  files: async () => (await ready()).files(),
};

export type Remote = typeof remote;

function ready(): Promise<Runner> {
  if (!runner) throw new Error('The worker was not started.');
  return runner;
}

expose(remote);
