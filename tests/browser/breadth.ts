/**
 * The breadth of the browser tests: of what repeats itself a fixed sample, or all of it with `LORASCOPE_BREADTH=full`. The core runs all of it
 * natively either way.
 *
 * 1. Files of every writer (zoo.spec.ts): the first case, by name, of every kind of writer; `tests/zoo.rs` holds all cases against their oracles.
 * 2. Tests of both builds: the threaded one, which readers get. The other computes the sample (sample.spec.ts) and is what hosting.spec.ts falls back to.
 * 3. Trainings that end where another test's does (lessons.spec.ts): under `full` only; `tests/lesson_train.rs` trains them all.
 * 4. Hostile files (errors.spec.ts): the first of every answer; `tests/hostile.rs` holds all of them.
 * 5. Downloads (exports.spec.ts): two figures of a run and two of a matrix; `tests/figures` draws and writes all of them.
 * 6. Accessibility in the dark (access.spec.ts, lessons.spec.ts): the rule that colours can break; all rules in the light.
 */
import AxeBuilder from '@axe-core/playwright';
import { test, type Page } from '@playwright/test';

export const FULL = process.env['LORASCOPE_BREADTH'] === 'full';

/** The first item of every kind. The run says how many that were. */
export function firstOfEach<T>(what: string, all: readonly T[], kind: (item: T) => string): readonly T[] {
  const seen = new Set<string>();
  const some = FULL ? all : all.filter((item) => !seen.has(kind(item)) && seen.add(kind(item)));
  test.info().annotations.push({ type: 'breadth', description: `${some.length} of ${all.length} ${what}` });
  return some;
}

/** `test` for what is in the sample; skipped otherwise. */
export const inFull = FULL ? test : test.skip;
export const inBuild = ({ build }: { build: string }) => (build === 'threads' ? test : inFull);

/** The violations that axe finds: by every rule, or in the dark by those that another scheme of colours can break. */
export async function violations(page: Page, colorScheme: 'light' | 'dark') {
  const axe = new AxeBuilder({ page });
  const found = await (FULL || colorScheme === 'light' ? axe : axe.withRules('color-contrast')).analyze();
  return found.violations;
}
