// NumPy in a process of its own, one for each number of threads: BLAS reads that number once, when it starts.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { at } from '../../tools/paths.mjs';
import { ask } from '../../tools/run.mjs';
import { Stop } from '../../tools/say.mjs';

const python = process.env.LORASCOPE_PYTHON ?? 'python3';

export async function startNumpy(threads) {
  if (ask(python, '-c', 'import numpy') === null) {
    throw new Stop('The benchmark needs NumPy: run "python3 -m pip install numpy" (or name another interpreter in LORASCOPE_PYTHON).');
  }
  const limits = Object.fromEntries(['OPENBLAS', 'MKL', 'OMP', 'VECLIB'].map((name) => [`${name}_NUM_THREADS`, String(threads)]));
  const child = spawn(python, [at('tests/benches/paper.py')], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...limits } });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Stop('NumPy stopped; the lines above say why.');
    return JSON.parse(value);
  };
  const about = await next();
  return {
    about,
    run(files) {
      child.stdin.write(`${JSON.stringify(files)}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}
