// A stored report as a run over a large model leaves it: what the page draws, without the hours it takes to compute.
import { seedOf, uniform } from './random.mjs';
import { llama7b } from './shapes.mjs';

/** One full fine-tune, then LoRAs by rank. */
const RANKS = [null, 1, 2, 4, 8, 16, 64, 256];
const TYPES = {
  q_proj: 'q',
  k_proj: 'k',
  v_proj: 'v',
  o_proj: 'o',
  gate_proj: 'gate',
  up_proj: 'up',
  down_proj: 'down',
};

/** The number of leading vectors that are known of each matrix, and of the kept corner of its similarities. */
const KNOWN = 64;
const CORNER = 32;

/** `layers` of 7 matrices, 8 models. */
export function makeReport(layers) {
  const models = RANKS.map((rank) => {
    const label = rank === null ? 'full' : `lora-r${rank}`;
    const matrices = Object.entries(llama7b(layers)).map(([name, shape]) => matrix(name, shape, rank));
    return {
      label,
      kind: rank === null ? 'full' : 'lora',
      formula: null,
      rank,
      alpha: rank,
      scale: 1,
      files: [{ name: `${label}.safetensors`, size: 1 }],
      run: null,
      matching: {
        rules: ['same names'],
        matched: matrices.length,
        total: matrices.length,
        unmatched: [],
        onlyInBase: [],
      },
      matrices,
      totals: { intruders: 0, matrices: matrices.length, unchanged: 0, skipped: 0, failed: 0, meanEffectiveRank: null },
    };
  });
  return {
    schema: 'lorascope-report/1',
    generator: { name: 'lorascope', version: '0.0.0', build: 'bench', threads: 1 },
    settings: { k: 10, epsilon: 0.5, side: 'left', cosine: 'absolute', svd: 'thin', mode: 'auto', preset: 'official' },
    base: { label: `llama, ${layers} layers`, files: [{ name: 'base.safetensors', size: 1 }] },
    models,
  };
}

function matrix(name, [rows, cols], rank) {
  const random = uniform(seedOf(name, rank));
  const [, layer, part] = name.match(/layers\.(\d+)\..*\.(\w+)$/);
  const sigma = (first) => Array.from({ length: KNOWN }, (_, j) => float(first * Math.exp(-0.09 * j) + 1));
  return {
    name: `${name}.weight`,
    layer: Number(layer),
    type: TYPES[part],
    rows,
    cols,
    status: 'analyzed',
    mode: 'certified',
    reason: null,
    sigmaBase: sigma(8),
    sigmaTuned: sigma(11),
    left: side(random, rank),
    right: side(random, rank),
    intruders: 0,
    delta: {
      effectiveRank: rank === null ? 1500 + 800 * random() : 1 + (rank - 1) * (0.5 + 0.3 * random()),
      stableRank: 2,
      frobenius: 3,
      sigma: [],
      ...(rank === null && { effectiveRankError: 0.01 }),
    },
    similarity: { rows: CORNER, cols: CORNER, values: Array.from({ length: CORNER ** 2 }, () => float(random() ** 4)) },
    residual: 1e-7,
    certified: true,
    seconds: 1,
  };
}

/** Some vectors have no match; a bound stands above one in ten. */
function side(random, rank) {
  const intruder = rank === null ? 0.01 : 0.4 / Math.sqrt(rank);
  const maxCos = Array.from({ length: KNOWN }, () =>
    float(random() < intruder ? 0.1 + 0.4 * random() : 1 - 0.6 * random() ** 2),
  );
  const maxCosUpper = maxCos.map((cos) => (random() < 0.1 ? float(Math.min(1, cos + 0.1 * random())) : cos));
  return { maxCos, maxCosUpper, argmax: maxCos.map((_, j) => j) };
}

/** As short as reports write their numbers. */
const float = (x) => Number(x.toPrecision(6));
