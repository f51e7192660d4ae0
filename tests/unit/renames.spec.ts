/** The reader's names of models: kept over plans, taken back, never two alike. */
import { expect, test } from '@playwright/test';
import { LONGEST_NAME, refusal, rename, renamed } from '../../www/state/renames';
import { defaults, planned, type State } from '../../www/state/state';
import type { Plan, Report } from '../../www/wasm/simd/lorascope';

const head = (...labels: string[]) =>
  ({ models: labels.map((label) => ({ label, files: [{ name: `${label}/model.safetensors`, size: 1 }] })) }) as Report;
const plan = { matrices: [{}], models: [], problems: [] } as unknown as Plan;
const labels = (s: State) => s.head?.models.map(({ label }) => label);

test('a name stays over another plan, in another order, and results with it', () => {
  let s = planned(defaults(), plan, head('a', 'b'), 1);
  s = rename(s, 1, '  my\n own  ');
  expect(labels(s)).toEqual(['a', 'my own']);
  const kept = { ...s, results: new Map([[0, []]]) };
  expect(planned(kept, plan, head('a', 'b'), 1).results.size).toBe(1);
  expect(labels(planned(s, plan, head('b', 'c', 'a'), 1))).toEqual(['my own', 'c', 'a']);
});

test('an empty name brings its own back', () => {
  const s = rename(rename(planned(defaults(), plan, head('a', 'b'), 1), 0, 'x'), 0, ' ');
  expect(labels(s)).toEqual(['a', 'b']);
  expect(s.renames.size).toBe(0);
  expect(renamed(head('a'), s.renames)).toEqual(head('a'));
});

test('two models never have one name', () => {
  const s = planned(defaults(), plan, head('a', 'b'), 1);
  expect(refusal(s, 0, 'b')).toContain('Another model');
  expect([refusal(s, 0, 'a'), refusal(s, 0, ''), refusal(s, 0, 'c')]).toEqual(['', '', '']);
  // Its own name may be another's by now.
  const taken = rename(rename(s, 0, 'c'), 1, 'a');
  expect(refusal(taken, 0, '')).toContain('Another model');
});

test('a name has an end, and no model no name', () => {
  const s = planned(defaults(), plan, head('a'), 1);
  expect([...labels(rename(s, 0, '🦙'.repeat(400)))![0]!]).toHaveLength(LONGEST_NAME);
  expect(rename(s, 7, 'x')).toBe(s);
});
