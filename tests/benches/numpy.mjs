// NumPy in processes of its own, one for each script and number of threads: BLAS reads that number once, when it starts.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { at } from '../../tools/paths.mjs';
import { ask } from '../../tools/run.mjs';
import { Stop } from '../../tools/say.mjs';

const python = process.env.LORASCOPE_PYTHON ?? 'python3';

/** `{ about(), run(script, threads, request), close() }`; processes start when they are first asked. */
export function startNumpy() {
  if (ask(python, '-c', 'import numpy') === null) {
    throw new Stop(
      'The benchmark needs NumPy: run "python3 -m pip install numpy" (or name another interpreter in LORASCOPE_PYTHON).',
    );
  }
  const running = new Map();
  const get = async (script, threads) => {
    const key = `${script} ${threads}`;
    if (!running.has(key)) running.set(key, await start(script, threads));
    return running.get(key);
  };
  return {
    about: async () => (await get('paper.py', 1)).about,
    run: async (script, threads, request) => (await get(script, threads)).run(request),
    close: () => running.forEach((numpy) => numpy.close()),
  };
}

async function start(script, threads) {
  const limits = Object.fromEntries(
    ['OPENBLAS', 'MKL', 'OMP', 'VECLIB'].map((name) => [`${name}_NUM_THREADS`, String(threads)]),
  );
  const child = spawn(python, ['-B', at('tests/benches', script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...limits },
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Stop(`${script} stopped; the lines above say why.`);
    return JSON.parse(value);
  };
  const about = await next();
  return {
    about,
    run(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}
