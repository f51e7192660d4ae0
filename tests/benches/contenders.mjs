// The contenders: each with its name, the rows it can do, and how it does one. An answer is `{ seconds, ... }` or `{ error }`.
import { ask } from './browser/ask.mjs';
import { runLoss } from './browser/loss.mjs';
import { runPage } from './browser/page.mjs';
import { runRedraw } from './browser/redraw.mjs';
import { watchQuarters } from './browser/watch.mjs';
import { runProgram } from './native.mjs';

/** Column name -> its file in peers/. */
const PEERS = { 'ml-matrix': 'ml-matrix', 'numpy-ts': 'numpy-ts', '@jax-js/jax': 'jax', webr: 'webr', eigen: 'eigen' };

// Our own side and NumPy are never cut short, but must not hang for ever either.
const PATIENCE = 7200;
const REPEATS = 20;

/** `pageUrl` serves dist/; `benchUrl` serves this folder, the peers, the wasm packages and the scratch folder. */
export function contenders({ browser, pageUrl, benchUrl, numpy, limit }) {
  const kernels = (build, threads, ...calls) =>
    ask(browser, benchUrl, 'browser/kernels.worker.js', { build, threads, calls }, PATIENCE);

  const address = (row) => `${pageUrl}?${new URLSearchParams({ mode: row.mode, store: 'off', ...row.query })}`;

  /** An answer of all matrices, by as many threads as the row has. */
  const sound = (row, answer) => {
    const wrong =
      answer.failed ??
      (answer.threads === row.threads ? undefined : `${answer.threads} threads (${answer.build}), not ${row.threads}`);
    return answer.error || !wrong ? answer : { error: wrong };
  };

  const ours = {
    async count(row, files) {
      const watch = row.task === 'stream' ? watchQuarters(browser) : undefined;
      return sound(row, await runPage(browser, address(row), files.folder, { limit: PATIENCE, watch }));
    },
    async loss(row, files) {
      const looks = { limit: PATIENCE, watch: watchQuarters(browser) };
      return sound(row, await runLoss(browser, address(row), files.folder, row, looks));
    },
    async multiply(row) {
      const { error, values } = await kernels('relaxed', 1, ['benchGemm', row.n, REPEATS], ['benchPeak']);
      return error ? { error } : { seconds: values[0], peakGflops: values[1] };
    },
    async erank({ shape, rank, threads }) {
      const { error, values } = await kernels('relaxed', threads, ['benchEffectiveRank', ...shape, rank]);
      return error ? { error } : { seconds: values[0] };
    },
  };
  ours.stream = ours.count;
  ours.redraw = (_row, files) => runRedraw(browser, pageUrl, files.report, { limit: PATIENCE });

  const request = (row, { base, tuned }) => ({
    task: row.task,
    mode: row.mode,
    each: row.each,
    n: row.n,
    repeats: REPEATS,
    fromMemory: row.task === 'erank',
    threads: row.threads,
    text: row.text,
    tokens: row.tokens,
    window: row.window,
    base,
    tuned,
  });
  const inNumpy = (name, script, takes) => ({
    name,
    takes,
    run: (row, files) => numpy.run(script, row.threads, request(row, files)),
  });

  const served = (row, path) => `/files/${row.id}/${path.split(/[\\/]/).at(-1)}`;
  const peer = ([name, file]) => ({
    name,
    isPeer: true,
    takes: (row) => row.peers,
    run: (row, { base, tuned }) =>
      ask(
        browser,
        benchUrl,
        'peers/worker.js',
        { peer: file, base: served(row, base), tuned: served(row, tuned[0]) },
        limit,
      ),
  });

  return [
    { name: 'ours', takes: (row) => row.task in ours, run: (row, files) => ours[row.task](row, files) },
    { name: 'native', takes: ({ task }) => task === 'count', run: async (row, files) => runProgram(row, files) },
    inNumpy('numpyPaper', 'paper.py', ({ task }) => ['count', 'erank'].includes(task)),
    inNumpy('numpyOurs', 'ours.py', ({ task }) => ['count', 'erank', 'multiply'].includes(task)),
    inNumpy('pytorch', 'torch_loss.py', ({ torch }) => torch),
    inNumpy('peft', 'peft_intruders.py', ({ peft }) => peft),
    ...Object.entries(PEERS).map(peer),
  ];
}
