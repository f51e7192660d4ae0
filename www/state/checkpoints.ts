/** The checkpoints of a training run among the models of a report. Pure. */
import type { Model } from '../wasm/embed/lorascope';

/** One checkpoint: its model's index, and its step. */
export interface Checkpoint {
  at: number;
  step: number;
}

/** The checkpoints of a model's run, by step; of the first run there is where no model is meant. */
export function checkpoints(models: readonly Model[], model: number | undefined): Checkpoint[] {
  const run = (models[model ?? -1] ?? models.find((m) => m.run != null))?.run?.run;
  return models
    .flatMap(({ run: own }, at) => (own && own.run === run ? [{ at, step: own.step }] : []))
    .sort((a, b) => a.step - b.step);
}

/** The place of the last checkpoint at or before a step; of the last of all where no step is meant. */
export function placeOf(all: readonly Checkpoint[], until: number | null | undefined): number {
  return until == null
    ? all.length - 1
    : Math.max(
        0,
        all.findLastIndex(({ step }) => step <= until),
      );
}
