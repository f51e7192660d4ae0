// The measurement of one row: all contenders, one after the other, as many rounds as asked for.
import { paperFlop, work } from './rows.mjs';

// A peer that needs longer than this shows in one run what it has to show.
const LONG = 20;

// Nats between the losses of one token.
const CLOSE = 1e-4;

/** `earlier`: results of other rows, by which a peer's time is foreseen; `limit`: a peer's seconds at most. */
export async function measure(row, contenders, files, { runs, limit, earlier }) {
  const answers = {};
  const reasons = {};
  const entered = contenders.filter((contender) => contender.takes(row));
  for (const { name, isPeer } of entered) {
    answers[name] = [];
    const expected = isPeer ? foresee(name, row, earlier) : 0;
    if (expected > limit) reasons[name] = `over ${limit} s: ${Math.round(expected)} s foreseen from a smaller matrix`;
  }
  for (let round = 0; round < runs; round++) {
    for (const { name, isPeer, run } of entered) {
      if (reasons[name] || (isPeer && answers[name].at(-1)?.seconds > LONG)) continue;
      const answer = await run(row, files);
      if (answer.error)
        reasons[name] =
          answer.error.startsWith('over ') || answer.error === 'out of memory'
            ? answer.error
            : `error: ${answer.error}`;
      else answers[name].push(answer);
    }
  }
  return result(row, answers, reasons);
}

/** By the cube of the size, from the largest matrix it has done. */
function foresee(name, row, earlier) {
  const done = earlier.filter(
    ({ row: other, result }) => other.shape && other.task === row.task && result.seconds[name]?.length,
  );
  const largest = done.toSorted((a, b) => work(b.row) - work(a.row))[0];
  return largest ? (Math.min(...largest.result.seconds[name]) * work(row)) / work(largest.row) : 0;
}

function result(row, answers, reasons) {
  const { ours, numpyPaper, numpyOurs, pytorch } = answers;
  const apart = farthest(ours, pytorch);
  if (apart > CLOSE) reasons.ours = `error: a token is ${apart.toExponential(1)} nats off PyTorch`;
  const names = Object.keys(answers);
  const of = (name) => (reasons[name] ? null : answers[name]);
  const verdicts = names
    .filter((name) => name !== 'numpyPaper')
    .map((name) => [name, same(of(name), of('numpyPaper'))]);
  return {
    id: row.id,
    sameVerdict: same(of('ours'), of('numpyPaper')),
    peakMiB: most(ours, 'peakMiB'),
    flop: row.flop ?? most(numpyOurs, 'flop') ?? undefined,
    flopPaper: paperFlop(row),
    threads: row.threads,
    build: ours?.[0]?.build,
    seconds: Object.fromEntries(names.map((name) => [name, of(name)?.map(({ seconds }) => seconds) ?? null])),
    reasons,
    // Of the others: whether their counts are those of the paper's algorithm, too.
    verdicts: Object.fromEntries(verdicts),
    undecided: most(numpyOurs, 'undecided') ?? undefined,
    peakGflops: most(ours, 'peakGflops') ?? undefined,
    effectiveRank: most(numpyPaper, 'effectiveRank') ?? undefined,
    quarters: ours?.[0]?.quarters,
    apart,
    passed: row.passed,
    models: row.models,
    torch: pytorch?.[0]?.torch,
    places: ours?.[0]?.places && ours.map((answer) => answer.places),
  };
}

/** The largest difference between the losses of one token, over all models and runs; undefined when there is nothing to compare. */
function farthest(left, right) {
  const known = (answers) => (answers ?? []).flatMap(({ losses }) => (losses ? [losses.flat()] : []));
  const between = (a, b) => (a.length === b.length ? Math.max(...a.map((x, at) => Math.abs(x - b[at]))) : Infinity);
  const all = known(left).flatMap((a) => known(right).map((b) => between(a, b)));
  return all.length > 0 ? Math.max(...all) : undefined;
}

/** Every run's counts against every run's; null when there is nothing to compare. */
function same(left, right) {
  if (!left?.[0]?.counts || !right?.[0]?.counts) return null;
  const texts = new Set([...left, ...right].map(({ counts }) => sorted(counts)));
  return texts.size === 1;
}

/** Models are told apart by the counts of their matrices alone: the sides may label them differently. */
function sorted(counts) {
  return JSON.stringify(
    Object.entries(counts)
      .map(([key, n]) => `${key.slice(key.indexOf(':') + 1)} ${n}`)
      .sort(),
  );
}

function most(answers, field) {
  const values = (answers ?? []).map((answer) => answer[field]).filter(Number.isFinite);
  return values.length ? Math.max(...values) : null;
}
