/** The choices of surgery: which vectors a question names, and what a change of the rule leaves of them. */
import { expect, test } from '@playwright/test';
import { defaults, setK, type State } from '../../www/state/state';
import {
  choose,
  chosenIn,
  cutOf,
  leaveOut,
  operated,
  asRule,
  questionOf,
  ruleOf,
  setLambda,
  voided,
} from '../../www/state/surgery';
import { armScript } from '../../www/text/arm-script';
import type { After, Operated } from '../../www/wasm/simd/lorascope';

const after: After = {
  arm: 'trained',
  lambda: 1,
  intruders: 2,
  undecided: 0,
  energy: undefined,
  frobenius: 1,
  effectiveRank: undefined,
  sigma: [],
  best: [],
  places: [],
};
const answer: Operated = { name: 'q', chosen: [4, 1], trained: after, arms: [] };
const answered = (): State => operated(defaults(), answer);

test('a matrix follows the rule until the reader chooses, and again when asked to', () => {
  const start = answered();
  expect(chosenIn(start, 'q')).toBeUndefined();
  const more = choose(start, 'q', 2, true);
  expect(cutOf(more, 'q', [0.5]).chosen).toEqual([1, 2, 4]);
  expect(cutOf(choose(more, 'q', 4, false), 'q', [0.5]).chosen).toEqual([1, 2]);
  expect(cutOf(more, 'other', [0.5]).chosen).toBeUndefined();
  expect(chosenIn(asRule(more, 'q'), 'q')).toBeUndefined();
});

test('a matrix that is left out keeps its choice for when it is taken in again', () => {
  const chosen = choose(answered(), 'q', 0, true);
  const left = leaveOut(chosen, 'q', true);
  expect(chosenIn(left, 'q')).toEqual([]);
  expect(chosenIn(leaveOut(left, 'q', false), 'q')).toEqual([0, 1, 4]);
  expect(questionOf(left)).not.toBe(questionOf(chosen));
});

test('another rule voids the answers, not the choice', () => {
  const chosen = choose(answered(), 'q', 0, true);
  const other = setK({ ...chosen, plan: undefined }, 12);
  expect(ruleOf(other)).not.toBe(ruleOf(chosen));
  const left = voided(other);
  expect(left.surgery.found.size).toBe(0);
  expect(chosenIn(left, 'q')).toEqual([0, 1, 4]);
});

test('lambda stays between nothing and twice the strength', () => {
  expect(setLambda(defaults(), 2.7).surgery.lambda).toBe(2);
  expect(setLambda(defaults(), -1).surgery.lambda).toBe(0);
  expect(setLambda(defaults(), 0.1 + 0.2).surgery.lambda).toBe(0.3);
});

test('a name with a line break stays within its comment of the script', () => {
  const words = { arm: 'shrunk', name: 'shrunk', formula: 'f', about: 'a' } as const;
  const script = armScript({
    words,
    model: 'm\nimport os',
    base: 'b\u2028c',
    lambda: 0.5,
    k: 10,
    epsilon: 0.5,
    side: 'both',
    seed: 0,
    byHand: new Map([['"q"\n', [1, 2]]]),
  });
  expect(script.split('\n').filter((line) => /^import/.test(line))).toEqual(['import torch']);
  expect(script).toContain('"\\"q\\"\\n": [1, 2],');
  expect(script).toContain('torch.maximum(left, right)');
});
