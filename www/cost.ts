/** What a run costs: before it starts from the plan, while it runs from what is done. */
import { MEMORY } from './run';
import type { Plan, PlanMatrix } from './wasm/simd/lorascope';

/** Floating-point operations a second and thread, a cautious guess until a run has measured this machine. */
const GUESS = 4e9;

export interface Cost {
  seconds: number;
  memory: number;
}

export function cost(plan: Plan, threads: number): Cost {
  return {
    seconds: plan.flops / (GUESS * threads),
    memory: Math.max(plan.memory, Math.min(MEMORY, plan.memory * threads)),
  };
}

/** Relative work of one matrix: one decomposition of the base, one of each model. */
function work(m: PlanMatrix): number {
  return m.rows * m.cols * Math.min(m.rows, m.cols) * (1 + m.models.length);
}

/** Seconds left by what this run has done so far; undefined until its first matrix is done. */
export function remaining(plan: Plan, asked: readonly number[], done: ReadonlySet<number>, seconds: number): number | undefined {
  let ahead = 0;
  let behind = 0;
  for (const at of asked) {
    const matrix = plan.matrices[at];
    if (!matrix) continue;
    if (done.has(at)) behind += work(matrix);
    else ahead += work(matrix);
  }
  return behind > 0 ? (seconds * ahead) / behind : undefined;
}
