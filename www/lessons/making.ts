/** The lesson “Making an intruder”: W + lambda u v^T. Section 4. */
import { html } from 'lit';
import { counted } from '../text/format';
import { DEFAULTS } from './defaults';
import { type Lesson, say, whole } from './lesson';

export const making: Lesson = {
  id: 'making-an-intruder',
  title: 'Making an intruder',
  about: 'One new direction, made stronger and stronger: when does it count as new?',
  source: 'section 4',
  dials: [
    {
      kind: 'range',
      id: 'lambda',
      label: 'Strength',
      variable: 'λ',
      min: 0,
      max: 2,
      step: 0.01,
      said: (v) => `${v.toFixed(2)} σ₁`,
      main: true,
      when: (d) => d['making'] === 'planted',
    },
    {
      kind: 'range',
      id: 'angle',
      label: 'Angle',
      min: 0,
      max: 90,
      step: 1,
      said: (v) => `${v}°`,
      main: true,
      when: (d) => d['making'] === 'turned',
    },
    {
      kind: 'choice',
      id: 'making',
      label: 'Change',
      options: [
        ['planted', 'a new direction'],
        ['turned', 'a turn of tied vectors'],
      ],
      main: true,
    },
    {
      kind: 'choice',
      id: 'spectrum',
      label: 'Singular values',
      options: [
        ['power', 'fall slowly'],
        ['flat', 'nearly equal'],
        ['fast', 'fall fast'],
        ['measured', 'as in a trained layer'],
      ],
    },
    {
      kind: 'steps',
      id: 'tied',
      label: 'Tied vectors',
      values: [2, 4, 8],
      said: String,
      when: (d) => d['making'] === 'turned',
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
  defaults: DEFAULTS['making-an-intruder'],
  words: (f, d) =>
    d['making'] === 'turned'
      ? html`<p class="read">Here nothing new is added. ${whole(f['tied'])} singular vectors of <i class="v">W</i> whose strengths are almost equal are turned among themselves. The change is small: ${say(100 * (f['relativeChange'] ?? NaN), 1)} % of <i class="v">W</i>.</p>
          <p class="read">A vector of almost equal strengths has no direction of its own: any turn of them is as good. Yet each is held against the old ones singly, and scores low.</p>`
      : html`<p class="read">Take a matrix <i class="v">W</i>, and add one random direction of strength <i class="v">λ</i>: <span class="eq"><i class="v">W</i> + <i class="v">λ</i> <i class="v">u</i> <i class="v">v</i><sup>T</sup></span>. <i class="v">u</i> and <i class="v">v</i> have length 1; σ₁ is the strength of the strongest direction that <i class="v">W</i> has.</p>
          <p class="read">A vector among the <i class="v">k</i> = ${whole(f['k'])} strongest whose best match with the old ones is below <i class="v">ε</i> = ${say(f['epsilon'])} is an <b>intruder</b>: in the map, a blank column.</p>`,
  questions: [
    {
      ask: html`How many of the ten strongest vectors are intruders when <i class="v">λ</i> equals σ₁?`,
      options: ['none', 'one', 'two'],
      right: (f) => f['countAtOne'],
      why: (f) =>
        html`There the new direction and the strongest old one are equally strong, so the vectors of the sum are mixtures of both: the two best matches are ${say(f['firstAtOne'])} and ${say(f['secondAtOne'])}. A little further the mixture parts again.`,
    },
  ],
  figures: [
    {
      id: 'similarity',
      title: 'Old vectors against new',
      figure: 'similarity',
      size: 'third',
      spec: () => ({ top: 16 }),
    },
    {
      id: 'best-match',
      title: 'Best match and count',
      figure: 'panel',
      panel: 'best-match',
      size: 'third',
      tells: true,
    },
    { id: 'spectrum', title: 'Singular values', figure: 'spectrum', size: 'third' },
  ],
  after: (f, d) =>
    d['making'] === 'turned'
      ? html`<p class="read">Now ${counted(f['count'] ?? 0, 'vector')} count. The least best match is ${say(f['turnedMatch'])}, but the cosine with the space of all tied vectors is ${say(f['tiedMatch'])}: nothing is new. Where values are nearly tied, read the angle to the space, not the single cosines.</p>`
      : html`<p class="read">At <i class="v">λ</i> = ${say(f['lambda'])} σ₁ there ${(f['count'] ?? 0) === 1 ? 'is' : 'are'} ${counted(f['count'] ?? 0, 'intruder')}. The count is no measure of strength: it changes while <i class="v">λ</i> only grows. Each time the new direction passes an old one of the same strength both mix, and for a moment neither looks new.</p>
          <p class="read">A count says that a direction is new. It does not say that it does harm.</p>`,
  teachers: [
    'Move λ slowly through 1 and stop where the count dips. Ask which two columns of the map share their strong cells.',
    'Students expect the count to grow with λ. One direction of rank one can add about one intruder, however strong it is.',
    'Choose nearly equal singular values: when does the new direction enter the ten strongest?',
    'Choose “a turn of tied vectors”: is this an intruder? What would a fair count do with it?',
    'Which threshold would have hidden the dip, and what else would it have hidden?',
  ],
};
