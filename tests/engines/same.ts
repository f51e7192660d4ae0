/** Agreement of two engines: counts and verdicts wholly, best matches to what single precision leaves. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { lookFor } from '../../tools/browser.mjs';
import type { Model } from '../browser/schema';
import { engine, expect, root, test } from './support';

export interface Saved {
  models: Model[];
}

const EPSILONS = [0.3, 0.5, 0.8];

/** What Chromium had here; it comes first and leaves it. Without Chromium there is none. */
function chromiums(ours: string, name: string): string | undefined {
  const kept = `${root}test-results/engines-numbers`;
  mkdirSync(kept, { recursive: true });
  const file = `${kept}/${name}`;
  if (engine() === 'chromium') writeFileSync(file, ours);
  if ('missing' in lookFor('chromium')) return undefined;
  expect(existsSync(file), `Chromium's numbers of ${name}: run its project before`).toBe(true);
  return readFileSync(file, 'utf8');
}

/** The words of a page with their numbers, to the last digit that they print. */
export function sameWords(ours: string, name: string): void {
  const theirs = chromiums(ours, `${name}.txt`);
  if (theirs !== undefined) expect(ours).toBe(theirs);
}

/** The reports of two engines. */
export function same(ours: Saved, name: string): void {
  const kept = chromiums(JSON.stringify(ours), `${name}.json`);
  // Without Chromium there is the reference alone.
  if (kept === undefined) return;
  const theirs = JSON.parse(kept) as Saved;
  expect(ours.models.map((model) => model.label)).toEqual(theirs.models.map((model) => model.label));
  let furthest = 0;
  for (const [at, model] of ours.models.entries()) {
    const other = theirs.models[at]!;
    expect(model.matrices.map(verdict), model.label).toEqual(other.matrices.map(verdict));
    for (const [n, matrix] of model.matrices.entries())
      for (const [j, cosine] of strongest(matrix).entries())
        furthest = Math.max(furthest, Math.abs(cosine - strongest(other.matrices[n]!)[j]!));
  }
  expect(furthest).toBeLessThan(1e-4);
  const counts = ours.models.map(
    ({ label, matrices }) => `${label} ${EPSILONS.map((e) => below(matrices, e)).join(' ')}`,
  );
  const within = engine() === 'chromium' ? '' : `, best matches within ${furthest.toExponential(1)} of Chromium's`;
  console.log(`${engine()}, ${name}: intruders at ε = ${EPSILONS.join(' ')}: ${counts.join('; ')}${within}`);
  test.info().annotations.push({
    type: 'seen',
    description: within ? `equal${within.replace(/^.* within/, ', within')}` : 'equal',
  });
}

type Matrix = Model['matrices'][number];

const strongest = (m: Matrix): number[] => (m.left?.maxCos ?? []).slice(0, 10);
const below = (all: Matrix[], epsilon: number) => all.flatMap(strongest).filter((cosine) => cosine < epsilon).length;

const verdict = (m: Matrix) => [
  m.name,
  m.status,
  m.mode,
  m.certified,
  m.intruders,
  ...EPSILONS.map((epsilon) => below([m], epsilon)),
];
