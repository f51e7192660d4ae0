// node tools/stored.mjs: writes the results that the page shows before it computes anything, made by the engine itself: those of the sample, and
// an intruder being born. Run `npm run build` before it.
import { readFileSync, writeFileSync } from 'node:fs';
import { at } from './paths.mjs';
import { command, step } from './say.mjs';

/** Strengths of the picture in units of σ₁: few enough to be small, and close enough to be one movement. */
const STRENGTHS = Array.from({ length: 25 }, (_, n) => n / 16);
/** Of the lesson's random directions: one that is as far from all old ones as random directions usually are, so that its column looks blank. */
const SEED = 10;
/** The longest window that a slider offers (www/contract.ts). */
const LONGEST = 100;
/** Vectors of which a map, and what they are made of, is kept (www/contract.ts). */
const CORNER = 32;
/** Rows and columns of the picture's map. */
const TOP = 16;
/** The task and the rule that a reader begins with; both sides, since the stored report has to answer for either. */
const TASK = { mode: 'exact', k: 10, epsilon: 0.5, side: 'both' };
const SETTINGS = {
  k: 10,
  epsilon: 0.5,
  side: 'left',
  cosine: 'absolute',
  svd: 'thin',
  mode: 'auto',
  preset: 'official',
};

command(async () => {
  const wasm = await import(at('www/wasm/simd/lorascope.js'));
  await wasm.default({ module_or_path: readFileSync(at('www/wasm/simd/lorascope_bg.wasm')) });
  write('www/public/sample/report.json', await sample(wasm));
  write('www/public/specimen.json', birth(wasm));
});

function write(path, report) {
  const text = `${JSON.stringify(report)}\n`;
  writeFileSync(at(path), text);
  step(`${path}: ${text.length} bytes`);
}

/** Every matrix and model of the sample, as a run on the page has them. */
async function sample({ Session, ReportView }) {
  const folder = at('www/public/sample');
  const { files } = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8'));
  const session = new Session();
  const bytes = files.map(({ path }) => readFileSync(`${folder}/${path}`));
  for (const [n, { path }] of files.entries()) {
    const id = session.addFile(path, bytes[n].length);
    for (let want = session.wants(id); want; want = session.wants(id))
      session.supply(id, bytes[n].subarray(want.begin, want.end));
  }
  const { matrices } = session.plan(new Map());
  const view = new ReportView(session.head());
  for (const n of matrices.keys()) {
    const ranges = session.ranges(n).map(({ file, begin, end }) => new Uint8Array(bytes[file].subarray(begin, end)));
    for (const { model, matrix } of await session.analyze(n, ranges, TASK)) view.add(model, matrix);
  }
  const report = JSON.parse(view.json(SETTINGS));
  for (const model of report.models) model.matrices = model.matrices.map(part);
  return report;
}

/**
 * The part of a result that the page's dials reach. The map in as many digits as its colours and cards show; the rest to the last one, since a
 * verdict may depend on it.
 */
function part({ left, right, similarity, delta, sigmaBase, sigmaTuned, ...rest }) {
  const first = (list) => list?.slice(0, CORNER).map((x) => Number(x.toPrecision(4)));
  const made = ({ spread, block, blockFirst, outside }) => ({
    spread: first(spread),
    block: first(block),
    blockFirst: first(blockFirst),
    outside: first(outside),
  });
  const side = ({ maxCos, argmax, tiedCos, makeup }) => ({
    maxCos: maxCos.slice(0, LONGEST),
    argmax: argmax.slice(0, LONGEST),
    tiedCos: tiedCos?.slice(0, LONGEST),
    makeup: makeup && made(makeup),
  });
  return {
    ...rest,
    // The same file from every machine.
    seconds: 0,
    // The bulk below too: the threshold of a direction that stands out of it is made from it.
    sigmaBase: sigmaBase.map((sigma, at) => (at < LONGEST ? sigma : Number(sigma.toPrecision(4)))),
    sigmaTuned: sigmaTuned.slice(0, LONGEST),
    left: left && side(left),
    right: right && side(right),
    delta: delta && { ...delta, sigma: delta.sigma.slice(0, 1) },
    similarity: similarity && { ...similarity, values: similarity.values.map(thousandths) },
  };
}

/** The lesson on making an intruder, strength by strength: each is a model of one report. */
function birth({ WasmLesson }) {
  const scenes = STRENGTHS.map(
    (lambda) => new WasmLesson('making-an-intruder', JSON.stringify({ lambda, seed: SEED })).scene().report,
  );
  const models = scenes.map(({ models: [model] }, n) => ({
    ...model,
    label: `λ = ${STRENGTHS[n].toFixed(2)} σ₁`,
    matrices: model.matrices.map((matrix) => ({
      ...matrix,
      seconds: 0,
      sigmaBase: matrix.sigmaBase.slice(0, TOP).map(thousandths),
      sigmaTuned: matrix.sigmaTuned.slice(0, TOP).map(thousandths),
      left: { maxCos: matrix.left.maxCos.slice(0, TOP).map(thousandths), argmax: matrix.left.argmax.slice(0, TOP) },
      right: undefined,
      delta: undefined,
      similarity: corner(matrix.similarity),
    })),
  }));
  return { ...scenes[0], panels: undefined, models };
}

function corner({ cols, values }) {
  const cells = Array.from({ length: TOP * TOP }, (_, n) => values[Math.floor(n / TOP) * cols + (n % TOP)]);
  return { rows: TOP, cols: TOP, values: cells.map(thousandths) };
}

function thousandths(value) {
  return Math.round(1000 * value) / 1000;
}
