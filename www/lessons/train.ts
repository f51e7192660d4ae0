/** The lesson “Train it here”: full fine-tuning beside LoRA. Sections 3 to 5, Figs. 7 to 9. */
import { html } from 'lit';
import { counted } from '../text/format';
import type { Spec } from '../figure/figure';
import { DEFAULTS } from './defaults';
import { type Dials, type Facts, type Lesson, say, whole } from './lesson';

const RATES = [1 / 12, 1 / 3, 1, 3, 10, 30];
const times = (v: number) => (v >= 1 ? `× ${v}` : `× 1/${Math.round(1 / v)}`);
const pair = (d: Dials) => d['sweep'] !== true;
const share = (part: number | undefined) => `${say(100 * (part ?? NaN), 1)} %`;
const edited = (d: Dials, f: Facts) => pair(d) && Number(d['tasks']) === 1 && f['loraReached'] !== undefined;
const sequence = (d: Dials) => pair(d) && Number(d['tasks']) > 1;

export const train: Lesson = {
  id: 'train-it-here',
  title: 'Train it here',
  about: 'A small network learns a second task, by full fine-tuning and by LoRA: intruders being born.',
  source: 'sections 3 to 5, Figs. 7 to 9',
  runs: true,
  dials: [
    {
      kind: 'steps',
      id: 'rank',
      label: 'Rank',
      variable: 'r',
      values: [1, 2, 4, 8, 16, 32, 64, 128],
      said: String,
      main: true,
      when: pair,
    },
    {
      kind: 'choice',
      id: 'alpha',
      label: 'Scale α',
      options: [
        ['twice', '2r'],
        ['eight', '8'],
      ],
      main: true,
    },
    { kind: 'switch', id: 'sweep', label: 'sweep over all ranks', main: true },
    {
      kind: 'choice',
      id: 'task',
      label: 'New task',
      options: [
        ['eight', 'eight classes'],
        ['two', 'two classes, harder'],
      ],
    },
    { kind: 'steps', id: 'loraRate', label: 'LoRA’s learning rate', values: RATES, said: times },
    { kind: 'steps', id: 'fullRate', label: 'Full’s learning rate', values: RATES, said: times },
    { kind: 'steps', id: 'target', label: 'Loss to reach', values: [0.8, 0.9, 1, 1.2, 1.5], said: (v) => `× ${v}` },
    { kind: 'switch', id: 'freeze', label: 'freeze A, train B alone' },
    {
      kind: 'choice',
      id: 'init',
      label: 'A begins',
      options: [
        ['usual', 'small and random'],
        ['wide', 'large and random'],
        ['orthonormal', 'at right angles'],
        ['principal', 'as W’s leading part (PiSSA)'],
      ],
      when: (d) => !d['freeze'],
    },
    {
      kind: 'steps',
      id: 'seeds',
      label: 'Seeds of the sweep',
      values: [1, 2, 3, 5, 10],
      said: String,
      when: (d) => !pair(d),
    },
    {
      kind: 'steps',
      id: 'tasks',
      label: 'Tasks one after the other',
      values: [1, 2, 3, 4, 5],
      said: String,
      when: pair,
    },
    { kind: 'switch', id: 'sameSteps', label: 'same steps for both', when: pair },
    {
      kind: 'range',
      id: 'shrink',
      label: 'Shrink the intruders to',
      min: 0,
      max: 1,
      step: 0.05,
      said: (v) => `${Math.round(100 * v)} %`,
      when: pair,
    },
    {
      kind: 'choice',
      id: 'matrix',
      label: 'Matrix in the figures',
      options: [
        [0, 'block 1, up'],
        [1, 'block 1, down'],
        [2, 'block 2, up'],
        [3, 'block 2, down'],
      ],
      when: pair,
    },
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
  defaults: DEFAULTS['train-it-here'],
  words: (f) => html`
    <p class="read">A small network with four square matrices is trained on task 1 before your eyes. Then two copies learn a new task: one changes all weights (<b>full</b>), one adds a product of rank <i class="v">r</i> to each matrix (<b>LoRA</b>). Each stops where its loss on unseen examples falls below ${say(f['target'])}, or after ${whole(f['mostSteps'])} steps. So both know the new task equally well, and what else changed can be compared.</p>
    <p class="read"><b>Forgetting</b> is the loss on task 1 with its old output layer; 1 is a network that knows nothing, more than 1 one that is surely wrong.</p>
    <p class="read" data-testid="to-experiment">The same was done to a language model of two million weights, with text: <a href="#v=1&experiment">measure what it learned and what it forgot</a>, over the same <i class="v">λ</i>.</p>`,
  questions: [
    {
      when: pair,
      ask: html`At the same loss on the new task, which of the two has more intruders in its four matrices?`,
      options: ['full', 'LoRA', 'about equal'],
      right: (f) => {
        const [full, lora] = [f['fullCount'], f['loraCount']];
        if (
          full === undefined ||
          lora === undefined ||
          f['fullReached'] === undefined ||
          f['loraReached'] === undefined
        )
          return undefined;
        return Math.abs(full - lora) < 1 ? 2 : full > lora ? 0 : 1;
      },
      why: (f) =>
        html`Full has ${whole(f['fullCount'])} after ${whole(f['fullSteps'])} steps, LoRA ${whole(f['loraCount'])} after ${whole(f['loraSteps'])}.`,
    },
    {
      when: (d) => !pair(d),
      ask: html`Over the ranks from 1 to 128, where are the most intruders?`,
      options: ['at 1 or 2', 'in the middle', 'at 64 or 128'],
      right: (f) => {
        const rank = f['mostCountRank'];
        if (rank === undefined || f['runs'] !== f['allRuns']) return undefined;
        return rank <= 2 ? 0 : rank < 64 ? 1 : 2;
      },
      why: (f) =>
        html`At r = ${whole(f['mostCountRank'])} there are ${say(f['mostCount'], 1)}, at r = 128 ${say(f['r128Count'], 1)}.`,
    },
  ],
  figures: [
    { id: 'count', title: 'Intruders in the four matrices', figure: 'panel', panel: 'count', size: 'half', when: pair },
    { id: 'forgetting', title: 'Forgetting of task 1', figure: 'panel', panel: 'forgetting', size: 'half', when: pair },
    {
      id: 'similarity-full',
      title: 'Old vectors against new: full',
      figure: 'similarity',
      size: 'half',
      when: (d, f) => pair(d) && f['fullCount'] !== undefined,
      spec: (d, f) => ({ top: 16, ...newest(d, f['fullModel']) }),
    },
    {
      id: 'similarity-lora',
      title: 'Old vectors against new: LoRA',
      figure: 'similarity',
      size: 'half',
      when: (d, f) => pair(d) && f['loraCount'] !== undefined,
      spec: (d, f) => ({ top: 16, ...newest(d, f['loraModel']) }),
    },
    {
      id: 'strength-loss',
      title: 'The new task over λ',
      figure: 'panel',
      panel: 'strength-loss',
      size: 'half',
      when: edited,
    },
    {
      id: 'strength-forgetting',
      title: 'Task 1 over λ',
      figure: 'panel',
      panel: 'strength-forgetting',
      size: 'half',
      when: edited,
    },
    { id: 'loss', title: 'Loss on the new task', figure: 'panel', panel: 'loss', size: 'half', when: pair },
    { id: 'rank', title: 'Effective rank of the change', figure: 'panel', panel: 'rank', size: 'half', when: pair },
    {
      id: 'sequence',
      title: 'The first task, after each task',
      figure: 'panel',
      panel: 'sequence',
      size: 'half',
      when: sequence,
    },
    {
      id: 'sequence-fresh',
      title: 'The first task with a head fitted anew',
      figure: 'panel',
      panel: 'sequence-fresh',
      size: 'half',
      when: sequence,
    },
    {
      id: 'sequence-count',
      title: 'Intruders after each task',
      figure: 'panel',
      panel: 'sequence-count',
      size: 'half',
      when: sequence,
    },
    {
      id: 'sequence-forgetting',
      title: 'Task 1 after each task',
      figure: 'panel',
      panel: 'sequence-forgetting',
      size: 'half',
      when: sequence,
    },
    {
      id: 'evolution',
      title: 'LoRA’s vectors over training',
      figure: 'evolution',
      when: (d, f) => pair(d) && (f['loraSteps'] ?? 0) > 0,
      spec: (d, f) => newest(d, f['loraModel']),
    },
    {
      id: 'sweep-count',
      title: 'Intruders against rank',
      figure: 'panel',
      panel: 'sweep-count',
      size: 'half',
      when: (d) => !pair(d),
    },
    {
      id: 'sweep-forgetting',
      title: 'Forgetting against rank',
      figure: 'panel',
      panel: 'sweep-forgetting',
      size: 'half',
      when: (d) => !pair(d),
    },
    {
      id: 'sweep-rank',
      title: 'Effective rank against rank',
      figure: 'panel',
      panel: 'sweep-rank',
      size: 'half',
      when: (d) => !pair(d),
    },
  ],
  after: (f, d) =>
    d['sweep'] === true
      ? html`<p class="read">${whole(f['runs'])} of ${whole(f['allRuns'])} trainings are done${(f['notReached'] ?? 0) > 0 ? html`, ${whole(f['notReached'])} of them without reaching the target` : ''}. Most intruders: ${say(f['mostCount'], 1)} at r = ${whole(f['mostCountRank'])}; full has ${say(f['fullCount'], 1)}. Full forgets ${say(f['fullForgetting'])}; the rank that forgets least is r = ${whole(f['leastForgettingRank'])} with ${say(f['leastForgetting'])}.</p>
          <p class="read">The paper finds a U: middle ranks forget less than full fine-tuning. ${(f['leastForgetting'] ?? 0) > (f['fullForgetting'] ?? Infinity) ? 'This small network does not show it: at these learning rates full forgets least.' : 'Here some rank forgets less than full.'}</p>`
      : !((f['loraSteps'] ?? 0) > 0)
        ? html`<p class="read">Nothing is trained yet. Say above what you expect, then press Train.</p>`
        : html`<p class="read">${f['fullReached'] === undefined || f['loraReached'] === undefined ? 'So far' : 'At the end'} LoRA has ${counted(f['loraCount'] ?? 0, 'intruder')}, effective rank ${say(f['loraRank'], 1)} and forgetting ${say(f['loraForgetting'])}; full has ${whole(f['fullCount'])}, ${say(f['fullRank'], 1)} and ${say(f['fullForgetting'])} (before: ${say(f['forgettingBefore'], 3)}). LoRA’s change is ${say(100 * (f['loraNorm'] ?? NaN), 0)} % of the weights’ size, full’s ${say(100 * (f['fullNorm'] ?? NaN), 0)} %.${f['loraReached'] === 0 || f['fullReached'] === 0 ? ' Not both reached the target: do not compare them.' : ''}</p>
          ${f['shrunkForgetting'] === undefined ? '' : html`<p class="read">With its intruders shrunk to ${Math.round(100 * Number(d['shrink']))} %, LoRA forgets ${say(f['shrunkForgetting'])} and has accuracy ${say(f['shrunkAccuracy'], 3)} (before: ${say(f['loraAccuracy'], 3)}).</p>`}
          ${Number(d['tasks']) > 1 && (f['tasks'] ?? 0) > 0 ? html`<p class="read">After ${counted(f['tasks'] ?? 0, 'task')} LoRA gets ${share(f[`loraTask${f['tasks']}Own`])} of the first right with its old output layer, ${share(f[`loraTask${f['tasks']}Fresh`])} with one fitted anew; full ${share(f[`fullTask${f['tasks']}Own`])} and ${share(f[`fullTask${f['tasks']}Fresh`])}. The pre-trained network with a fitted one: ${share(f['freshBefore'])}.</p>` : ''}
          ${f['tenLoraCount'] === undefined || f['fullReached'] === undefined || f['loraReached'] === undefined ? '' : html`<p class="read">One training is an anecdote. Over ten seeds: LoRA ${say(f['tenLoraCount'], 1)} ± ${say(f['tenLoraCountDeviation'], 1)} intruders, full ${say(f['tenFullCount'], 1)} ± ${say(f['tenFullCountDeviation'], 1)}; forgetting ${say(f['tenLoraForgetting'])} ± ${say(f['tenLoraForgettingDeviation'])} and ${say(f['tenFullForgetting'])} ± ${say(f['tenFullForgettingDeviation'])}.</p>`}
          <p class="read">Two things differ from the paper: much of the forgetting here is speed (slow LoRA down), and training <i class="v">B</i> alone does not lower the count.</p>`,
  teachers: [
    'Before pressing: which side will have the larger change, and which the larger effective rank?',
    'How many intruders can r = 1 make in one matrix? Why does r = 2 beat it?',
    'Keep r = 64 and switch α from 2r to 8. The loss is the same. What changed?',
    'Make full fine-tuning produce intruders. What did you turn, and what happened to task 1?',
    'Slow r = 1 down until it needs as many steps as full. What is left of the effect?',
    'Freeze A: more intruders, less forgetting. How can that be?',
    'Shrink the intruders to 50 %. What did the new task lose, what did task 1 win?',
    'Watch the count over time, never at one step: it dips where a new direction passes an old one.',
  ],
};

/** The matrix looked at, in the newest checkpoint of one side. */
function newest(d: Dials, model: number | undefined): Partial<Spec> {
  const at = Number(d['matrix']);
  return { matrix: `model.layers.${at < 2 ? 0 : 1}.mlp.${at % 2 === 0 ? 'up' : 'down'}_proj.weight`, model };
}
