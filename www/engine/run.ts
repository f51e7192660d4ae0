/** The run: asks for matrices, as many at once as there are threads and memory for and one that reads meanwhile, and goes on whatever happens to one of them. */
import type { Answer } from './engine';
import { Cancelled, WorkerDied } from './errors';
import type { Matrix, Outcome, Plan, PlanMatrix } from '../wasm/simd/lorascope';

/** Matrices that the engine takes in at once: one per thread, and one more so that none waits for the next. */
export const atOnce = (threads: number): number => threads + 1;

/** The share of the engine's memory that may be in flight; it holds the results too. */
export const IN_FLIGHT = 0.58;

export interface RunOptions {
  plan: Plan;
  /** Indices into `plan.matrices`, in the order to compute. */
  matrices: readonly number[];
  threads: number;
  /** Bytes that the engine can hold. */
  memory: number;
  analyze(matrix: number): Promise<Answer>;
  onBegin(matrix: number): void;
  onResult(matrix: number, answer: Answer): void;
  /** Aborted: nothing more is asked for. */
  signal: AbortSignal;
}

/** Resolves when every matrix has a result or the signal is aborted; never rejects. */
export async function run(options: RunOptions): Promise<void> {
  const queue = [...options.matrices];
  // Matrices in flight when a worker died without saying why: each gets one more try, alone, so that only the culprit fails.
  const suspects: number[] = [];
  const flying = new Map<number, Promise<void>>();
  while (!options.signal.aborted) {
    while (suspects.length === 0 && queue.length > 0 && fits(options, flying, queue[0]!)) {
      launch(queue.shift()!, false);
    }
    if (flying.size === 0) {
      const suspect = suspects.shift();
      if (suspect === undefined) return;
      launch(suspect, true);
    }
    await Promise.race(flying.values());
  }

  function launch(matrix: number, alone: boolean): void {
    options.onBegin(matrix);
    const flight = options.analyze(matrix).then(
      (answer) => settle(matrix, answer),
      (error: unknown) => {
        if (error instanceof WorkerDied && !error.own && !alone) suspects.push(matrix);
        else if (!(error instanceof Cancelled))
          settle(matrix, { outcomes: failures(options.plan, matrix, error), earlier: false, trouble: '' });
      },
    );
    flying.set(
      matrix,
      flight.finally(() => flying.delete(matrix)),
    );
  }

  function settle(matrix: number, answer: Answer): void {
    if (!options.signal.aborted) options.onResult(matrix, answer);
  }
}

/** One matrix always fits when nothing else is in flight: its size was shown before the run. */
function fits({ plan, threads, memory }: RunOptions, flying: ReadonlyMap<number, unknown>, next: number): boolean {
  if (flying.size === 0) return true;
  let bytes = plan.matrices[next]?.memory ?? 0;
  for (const at of flying.keys()) bytes += plan.matrices[at]?.memory ?? 0;
  // As many as the engine takes in at once, and one whose bytes are read meanwhile.
  return flying.size <= atOnce(threads) && bytes <= IN_FLIGHT * memory;
}

/** A matrix that the engine could not finish, as data: one failed result for each of its models. */
function failures(plan: Plan, at: number, error: unknown): Outcome[] {
  const planned = plan.matrices[at];
  if (!planned) return [];
  const reason = error instanceof Error ? error.message : String(error);
  return planned.models.map((model) => ({ model, matrix: failed(planned, reason) }));
}

function failed(m: PlanMatrix, reason: string): Matrix {
  return {
    name: m.name,
    layer: m.layer,
    type: m.type,
    rows: m.rows,
    cols: m.cols,
    status: 'failed',
    mode: undefined,
    reason,
    sigmaBase: [],
    sigmaTuned: [],
    left: undefined,
    right: undefined,
    intruders: undefined,
    delta: undefined,
    similarity: undefined,
    residual: undefined,
    certified: false,
    seconds: 0,
  };
}
