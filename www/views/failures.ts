/** Matrices that failed while they were computed, as problems like those of the plan: one per matrix. */
import { failures } from '../state/modes';
import type { State } from '../state/state';
import type { Problem } from '../wasm/simd/lorascope';

export function failedProblems(state: State): Problem[] {
  const { results, head } = state;
  const problems: Problem[] = [];
  for (const at of failures(state)) {
    const failed = results.get(at)!.filter(({ matrix }) => matrix.status === 'failed');
    const first = failed[0]!;
    const models = failed.map(({ model }) => head?.models[model]?.label ?? '').join(', ');
    problems.push({
      code: 'matrix-failed',
      title: 'One matrix could not be analyzed',
      file: models,
      tensor: first.matrix.name,
      cause: first.matrix.reason ?? 'No reason is known.',
      fix: undefined,
      command: undefined,
      blocks: 'Leaves out 1 matrix',
      severity: 'warning',
    });
  }
  return problems;
}
