/** The lesson “How alone can a vector be?”. Appendix C. */
import { html } from 'lit';
import type { Facts } from './host';
import { DEFAULTS } from './defaults';
import { type Lesson, say, whole } from './lesson';

const DIMENSIONS = [2, 3, 4, 8, 16, 32, 64, 128, 256, 384, 512, 768, 1024, 2048, 4096];
const degrees = (radians: number) => Math.round((radians * 1800) / Math.PI) / 10;

export const alone: Lesson = {
  id: 'how-alone',
  title: 'How alone can a vector be?',
  about: 'The least that the best match of a vector can be, and what a random one has.',
  source: 'appendix C',
  dials: [
    { kind: 'steps', id: 'n', label: 'Dimensions', variable: 'n', values: DIMENSIONS, said: String, main: true },
    {
      kind: 'range',
      id: 'alone',
      label: 'From random to least like any axis',
      min: 0,
      max: 1,
      step: 0.01,
      said: (v) => `${Math.round(100 * v)} %`,
      main: true,
      when: (d) => Number(d['n']) > 3,
    },
    {
      kind: 'range',
      id: 'angle',
      label: 'Angle',
      min: -180,
      max: 180,
      step: 1,
      said: (v) => `${Math.round(v)}°`,
      main: true,
      when: (d) => d['n'] === 2,
    },
    {
      kind: 'range',
      id: 'azimuth',
      label: 'Around',
      min: -180,
      max: 180,
      step: 1,
      said: (v) => `${Math.round(v)}°`,
      main: true,
      when: (d) => d['n'] === 3,
    },
    {
      kind: 'range',
      id: 'elevation',
      label: 'Up',
      min: -90,
      max: 90,
      step: 1,
      said: (v) => `${Math.round(v)}°`,
      main: true,
      when: (d) => d['n'] === 3,
    },
    { kind: 'switch', id: 'signed', label: 'keep the sign of the cosine' },
    {
      kind: 'switch',
      id: 'flip',
      label: 'turn the vector around',
      when: (d) => Number(d['n']) <= 3 || d['signed'] === true,
    },
    { kind: 'switch', id: 'turned', label: 'turn the basis', when: (d) => Number(d['n']) <= 3 },
    {
      kind: 'whole',
      id: 'seed',
      label: 'Seed',
      min: 0,
      max: 9999,
      when: (d) => Number(d['n']) > 3 || d['turned'] === true,
    },
  ],
  defaults: DEFAULTS['how-alone'],
  words: (f) => html`
    <p class="read">A weight matrix acts along its <b>singular vectors</b>. They stand at right angles to each other, so they are a set of axes. After fine-tuning there is a new vector <i class="v">v</i>. Which old axis is it most like? Its <b>best match</b> is the largest |cos| with any of them.</p>
    <p class="read">The squares of all its cosines sum to ${say(f['sumOfSquares'], 0)}. So they cannot all be small: with <i class="v">n</i> axes, the best match is at least 1/√<i class="v">n</i>, here ${say(f['floor'], 3)}.</p>`,
  questions: [
    {
      ask: html`Take <i class="v">n</i> = 768 axes, as in a language model. What is the best match of a direction chosen at random?`,
      options: ['about 0.01', 'about 0.12', 'about 0.50'],
      right: (f) => {
        const match = f['expectedAt768'];
        return match === undefined
          ? undefined
          : [0.01, 0.12, 0.5].reduce(
              (best, option, at, all) => (Math.abs(option - match) < Math.abs(all[best]! - match) ? at : best),
              0,
            );
      },
      why: (f) =>
        html`Half of all random directions are above ${say(f['expectedAt768'], 3)}. The best of 768 small cosines is larger than a typical one, and far below the usual threshold of 0.5.`,
    },
  ],
  figures: [
    {
      id: 'arrows',
      title: 'One vector among the axes',
      figure: 'panel',
      panel: 'arrows',
      size: 'half',
      when: (d) => Number(d['n']) <= 3,
      drag: ({ at, up }) => ({
        ...(at == null ? {} : up == null ? { angle: degrees(at) } : { azimuth: degrees(at), elevation: degrees(up) }),
      }),
    },
    { id: 'bars', title: 'Its cosine with each axis', figure: 'panel', panel: 'bars', size: 'half' },
  ],
  after: (f, d) => html`
    <p class="read">Now the best match is ${say(f['best'], 3)}, with axis ${whole(f['bestPlace'])}. A random direction would have ${say(f['expected'], 3)} (between ${say(f['low'], 3)} and ${say(f['high'], 3)} nine times of ten).${outside(f) ? ' This one is of the rarer.' : ''} ${Number(d['n']) <= 3 ? html`Drag <i class="v">v</i>: the` : 'The'} best match is least where all cosines are equal.</p>
    <p class="read">${d['signed'] ? html`With its sign the largest cosine is ${say(f['signedBest'], 3)}. ` : ''}A singular vector has no sign: <i class="v">v</i> and −<i class="v">v</i> belong to the same matrix. That is why |cos| is counted, and not cos: a vector that points the other way is not new.</p>`,
  teachers: [
    'Ask first: can a vector be at right angles to all axes? (No: then it would have length 0.)',
    'In the plane, where is v least like any axis? (At 45° between two axes; then both cosines are 1/√2.)',
    'Students confuse the floor 1/√n with what a random vector has. Set n = 256 and move from random to least like any axis.',
    'Switch the sign on and turn the vector around: which of the two numbers should stay the same, and which does?',
    'Why does the best match of random vectors fall as n grows, although there are more axes to be like?',
  ],
};

/** Whether the best match lies where that of a random direction lies one time of ten. */
function outside(f: Facts): boolean {
  const [best, low, high] = [f['best'], f['low'], f['high']];
  return best !== undefined && low !== undefined && high !== undefined && (best < low || best > high);
}
