/** Errors of a call of the engine that ends without an answer. */

/** The reader stopped the run; nothing is wrong. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** The worker died. `own` says that this very call killed it; otherwise the call was lost with it and may be tried again. */
export class WorkerDied extends Error {
  override readonly name: string = 'WorkerDied';
  constructor(
    message: string,
    readonly own: boolean,
  ) {
    super(message);
  }
}

/** A start that gave no sign of life for too long. */
export class Stalled extends WorkerDied {
  constructor(at: string) {
    super(`it stalled: ${at}`, false);
  }
}
