/** The lesson “Why a product?”: B A against a full update. Section 5 and Fig. 10. */
import { html } from 'lit';
import { counted } from '../text/format';
import { DEFAULTS } from './defaults';
import { type Lesson, say, whole } from './lesson';

export const product: Lesson = {
  id: 'why-a-product',
  title: 'Why a product?',
  about: 'Multiplying two matrices makes unequal singular values more unequal.',
  source: 'section 5, Fig. 10',
  dials: [
    {
      kind: 'steps',
      id: 'rank',
      label: 'Rank',
      variable: 'r',
      values: [1, 2, 4, 8, 16, 32, 64, 128],
      said: String,
      main: true,
    },
    {
      kind: 'range',
      id: 'strength',
      label: 'Size of the change',
      min: 0,
      max: 1,
      step: 0.01,
      said: (v) => `${Math.round(100 * v)} % of W`,
      main: true,
    },
    { kind: 'switch', id: 'frozen', label: 'A frozen, its rows at right angles', main: true },
    {
      kind: 'range',
      id: 'decay',
      label: 'Decay of the factors’ directions',
      min: 0,
      max: 2,
      step: 0.1,
      said: (v) => v.toFixed(1),
    },
    { kind: 'steps', id: 'n', label: 'Width', variable: 'n', values: [32, 64, 128, 256], said: String },
    { kind: 'range', id: 'k', label: 'Window', variable: 'k', min: 1, max: 32, step: 1, said: String },
    {
      kind: 'range',
      id: 'epsilon',
      label: 'Threshold',
      variable: 'ε',
      min: 0,
      max: 1,
      step: 0.01,
      said: (v) => v.toFixed(2),
    },
    { kind: 'whole', id: 'seed', label: 'Seed', min: 0, max: 9999 },
  ],
  defaults: DEFAULTS['why-a-product'],
  words: (f) => html`
    <p class="read">LoRA does not change a matrix <i class="v">W</i> freely: it adds a product of two thin matrices, <i class="v">B</i> with ${whole(f['rank'])} columns and <i class="v">A</i> with ${whole(f['rank'])} rows. Here all three are random, and all changes are made equally large.</p>
    <p class="read">The <b>effective rank</b> of a matrix is the number of equal singular values that would be spread as evenly as its own. A full random change has ${say(f['effectiveRankFull'], 1)} of ${whole(f['n'])}.</p>`,
  questions: [
    {
      ask: html`<i class="v">B</i> and <i class="v">A</i> are random. Is the effective rank of their product larger than theirs, equal, or smaller?`,
      options: ['larger', 'equal', 'smaller'],
      right: (f) => {
        const [b, a, product] = [f['effectiveRankB'], f['effectiveRankA'], f['effectiveRankProduct']];
        if (b === undefined || a === undefined || product === undefined) return undefined;
        const least = Math.min(a, b);
        return product > least + 0.05 ? 0 : product < least - 0.05 ? 2 : 1;
      },
      why: (f) =>
        html`<i class="v">B</i> has ${say(f['effectiveRankB'], 1)}, <i class="v">A</i> has ${say(f['effectiveRankA'], 1)}, and <i class="v">BA</i> has ${say(f['effectiveRankProduct'], 1)}. The largest singular value is ${say(f['spreadB'], 1)} times the middle one in <i class="v">B</i>, and ${say(f['spreadProduct'], 1)} times in the product.`,
    },
  ],
  figures: [
    { id: 'spectra', title: 'Singular values at equal size', figure: 'panel', panel: 'spectra', size: 'half' },
    { id: 'epsilon-curve', title: 'Intruders against the threshold', figure: 'epsilon-curve', size: 'half' },
  ],
  after: (f) => html`
    <p class="read">Added to <i class="v">W</i> at the same size, its strongest direction is ${say(f['strongestFull'])} times that of <i class="v">W</i> for the full change and ${say(f['strongestProduct'])} times for the product. So the product has ${counted(f['countProduct'] ?? 0, 'intruder')} at <i class="v">ε</i> = ${say(f['epsilon'])}, the full change ${f['countFull'] === 0 ? 'none' : whole(f['countFull'])}.</p>
    <p class="read">Freeze <i class="v">A</i> with its rows at right angles and of equal length: the product then has the singular values of <i class="v">B</i> alone, effective rank ${say(f['effectiveRankFrozen'], 1)}, and has ${counted(f['countFrozen'] ?? 0, 'intruder')}. At low ranks this gains nothing, and in training a frozen <i class="v">A</i> chooses the directions blindly: try it in the last lesson.</p>`,
  teachers: [
    'At r = 1, what can the effective rank of the product be? (1: there is one direction.)',
    'Students think a product of random matrices is “more random”. Compare the slopes of the lines, not their heights.',
    'Raise the fall of the factors’ directions: which of the lines turns most?',
    'Freeze A. Why do two lines of the spectrum now lie on each other?',
    'Find the least size of the change at which the full update has an intruder.',
  ],
};
