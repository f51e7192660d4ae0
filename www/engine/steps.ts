/** The steps of the engine's start, and how long each may keep silent. */

/** The step of a starting worker. While it warms up it answers already. */
export type Step = 'fetch' | 'compile' | 'threads' | 'warm-up';

/** Longest silence of a step, in ms: many times what a slow phone takes. A thread that stands breaks it. */
export const PATIENCE: Readonly<Record<Step, number>> = {
  fetch: 60_000,
  compile: 120_000,
  threads: 15_000,
  'warm-up': 60_000,
};

/** The message where one kept silent for longer. */
export const STALLED: Readonly<Record<Step, string>> = {
  fetch: 'the engine did not arrive',
  compile: 'the engine was not compiled',
  threads: 'a thread did not come up',
  'warm-up': 'a thread did no work',
};
