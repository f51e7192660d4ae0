/** The lesson “The first step”: two updates from one gradient. Appendix D. */
import { html } from 'lit';
import { DEFAULTS } from './defaults';
import { type Lesson, say, whole } from './lesson';

const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];

export const firstStep: Lesson = {
  id: 'the-first-step',
  title: 'The first step',
  about: 'The first change of the weights, by full fine-tuning and by LoRA, from the same gradient.',
  source: 'appendix D',
  dials: [
    {
      kind: 'steps',
      id: 'rank',
      label: 'Rank',
      variable: 'r',
      values: [1, 2, 4, 8, 16, 32, 64],
      said: String,
      main: true,
    },
    {
      kind: 'steps',
      id: 'alpha',
      label: 'Scale',
      variable: 'α',
      values: [1, 2, 4, 8, 16, 32, 64, 128],
      said: String,
    },
    {
      kind: 'steps',
      id: 'learningRate',
      label: 'Learning rate',
      variable: 'η',
      values: RATES,
      said: String,
    },
    {
      kind: 'choice',
      id: 'optimizer',
      label: 'Optimizer',
      options: [
        ['sgd', 'gradient descent'],
        ['adam', 'Adam'],
      ],
    },
    { kind: 'steps', id: 'batch', label: 'Examples in the batch', values: [1, 4, 16, 64, 256], said: String },
    { kind: 'steps', id: 'n', label: 'Width', variable: 'n', values: [16, 32, 64, 128], said: String },
    { kind: 'whole', id: 'seed', label: 'Seed', min: 0, max: 9999 },
  ],
  defaults: DEFAULTS['the-first-step'],
  words: (f, d) => html`
    <p class="read">Training moves weights against the <b>gradient</b> <i class="v">G</i>: how the error changes with each weight, averaged over a batch of examples. Full fine-tuning takes the step ${d['optimizer'] === 'adam' ? html`−<i class="v">η</i> sign(<i class="v">G</i>): the first step of Adam has the same size for every weight.` : html`−<i class="v">η</i> <i class="v">G</i>.`}</p>
    <p class="read">LoRA writes the change as (<i class="v">α</i>/<i class="v">r</i>) <i class="v">BA</i>. <i class="v">A</i> starts random and <i class="v">B</i> at zero, so at first only <i class="v">B</i> has a gradient, and <i class="v">W</i> changes by ${d['optimizer'] === 'adam' ? html`−<i class="v">η</i> (<i class="v">α</i>/<i class="v">r</i>) sign(<i class="v">GA</i><sup>T</sup>) <i class="v">A</i>` : html`−<i class="v">η</i> (<i class="v">α</i>/<i class="v">r</i>)² <i class="v">GA</i><sup>T</sup><i class="v">A</i>`}: the gradient seen through the ${whole(f['rank'])} random rows of <i class="v">A</i>.</p>`,
  questions: [
    {
      ask: html`Both start from the same gradient. How alike are the two changes, as a cosine between all their weights?`,
      options: ['below 0.2', 'from 0.2 to 0.7', 'above 0.7'],
      right: (f) => {
        const cosine = f['cosine'];
        return cosine === undefined ? undefined : cosine < 0.2 ? 0 : cosine <= 0.7 ? 1 : 2;
      },
      why: (f) =>
        html`It is ${say(f['cosine'])}. Of the directions of <i class="v">G</i>, LoRA keeps what ${whole(f['rank'])} random ones catch; with more rows it sees more of them.`,
    },
  ],
  figures: [
    { id: 'updates', title: 'The change of every weight', figure: 'panel', panel: 'updates', size: 'half' },
    { id: 'spectra', title: 'Singular values of the change', figure: 'panel', panel: 'spectra', size: 'half' },
  ],
  after: (f) => html`
    <p class="read">The full change has effective rank ${say(f['effectiveRankFull'], 1)}, LoRA’s ${say(f['effectiveRankLora'], 1)}; its size is ${say(f['normRatio'])} times that of the full one. All that LoRA learns at first lies in the rows of a random <i class="v">A</i>, directions which the pre-trained weights know nothing of.</p>
    <p class="read">Size and direction are set apart by the dials: <i class="v">α</i> and <i class="v">η</i> change how large the step is, only <i class="v">r</i> changes where it can go.</p>`,
  teachers: [
    'Set r to the width n. Is LoRA’s change now the full one? (No: A still weighs the directions.)',
    'Why does only B move? Let students write down the gradient of A and put B = 0 in.',
    'With gradient descent α enters squared, with Adam once. Read it off the sizes.',
    'Take one example in the batch: what rank has its gradient?',
    'Students expect the learning rate to change the pattern. Move it and compare the two maps.',
  ],
};
