/** The estimated cost of a run: from the plan before it starts, from its own pace while it runs. */
import { IN_FLIGHT } from '../engine/run';
import type { RunState } from './run';
import type { Mode, Plan, PlanMatrix } from '../wasm/simd/lorascope';

/** Floating-point operations per second and thread, a cautious guess until a run has measured this machine. */
const GUESS = 4e9;

export interface Cost {
  seconds: number;
  memory: number;
}

/** All matrices of the plan, in one mode; `room` is what the engine can hold. */
export function cost(plan: Plan, threads: number, room: number, mode: Mode): Cost {
  return {
    seconds: total(plan, plan.matrices.keys(), mode) / (GUESS * threads),
    memory: Math.max(plan.memory, Math.min(IN_FLIGHT * room, plan.memory * (threads + 1))),
  };
}

/** Seconds that some matrices take exactly, at the speed that the last run had on this machine. */
export function exactSeconds(
  plan: Plan,
  matrices: readonly number[],
  run: RunState,
  earlier: ReadonlySet<number>,
  threads: number,
): number {
  return total(plan, matrices, 'exact') / (speed(plan, run, earlier) ?? GUESS * threads);
}

/** Seconds left by what this run has computed so far; undefined until its first matrix is computed. What was fetched from earlier runs cost nothing. */
export function remaining(plan: Plan, run: RunState, earlier: ReadonlySet<number>): number | undefined {
  const rate = speed(plan, run, earlier);
  const ahead = run.asked.filter((at) => !run.done.has(at));
  return rate === undefined ? undefined : total(plan, ahead, run.mode) / rate;
}

/** Floating-point operations a second. */
function speed(plan: Plan, run: RunState, earlier: ReadonlySet<number>): number | undefined {
  const behind = [...run.done].filter((at) => !earlier.has(at));
  const work = total(plan, behind, run.mode);
  return work > 0 && run.measuredSeconds > 0 ? work / run.measuredSeconds : undefined;
}

function total(plan: Plan, matrices: Iterable<number>, mode: Mode): number {
  let sum = 0;
  for (const at of matrices) {
    const matrix = plan.matrices[at];
    if (matrix) sum += mode === 'exact' ? exact(matrix) : matrix.flops;
  }
  return sum;
}

/** The plan's own estimate is that of `auto`; exact is one full decomposition of the base and of each model, and the products of their vectors. */
function exact({ rows, cols, models, flops }: PlanMatrix): number {
  const [long, short] = [Math.max(rows, cols), Math.min(rows, cols)];
  const svd = 4 * long * short ** 2 + 9 * short ** 3;
  const products = 2 * short ** 2 * (long + short) + 2 * long * short ** 2;
  return Math.max(flops, svd + models.length * (svd + products));
}
