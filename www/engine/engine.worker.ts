/** The engine itself: files in, plan and results out. It holds nothing that the page could not give again. */
import { expose, transfer } from 'comlink';
import type { Answer, Doing, EngineInfo, Start, ToldFile } from './engine';
import { bytesHash, fileHash } from './hash';
import { KeptResults, sha256 } from './kept';
import type { Step } from './steps';
import { Gate } from './gate';
import { hold } from './lock';
import { atOnce } from './run';
import { loadCompute } from './wasm';
import type {
  AllVectors,
  Answers,
  ByteRange,
  Cut,
  Foreseen,
  Loss,
  LossQuestion,
  LossSubject,
  Operated,
  Outcome,
  Plan,
  Report,
  SavedFile,
  Session,
  Task,
  Wanted,
} from '../wasm/simd/lorascope';

const files: File[] = [];
const paths: string[] = [];
/** Digests of tensors by file and range: a tensor is hashed once in the worker's life. */
const digests = new Map<string, string>();
let session: Session;
let plan: Plan;
let kept: KeptResults;
/** Requests beyond those that compute at once read their bytes and wait here. */
let gate: Gate;

/** The run of losses that was asked for last: halted, it stops before its next step and is kept. */
let trial = { halted: false };

const remote = {
  /** Says each step of the start, and nothing when the last is over. */
  async start({ choice, keep, lock }: Start, say: (step: Step | undefined) => void): Promise<EngineInfo> {
    await hold(lock);
    kept = new KeptResults(keep);
    const { wasm, memory, why } = await loadCompute(choice, say);
    session = new wasm.Session();
    gate = new Gate(atOnce(wasm.threadCount()));
    say('warm-up');
    // After the answer: the page is ready meanwhile.
    setTimeout(() => void wasm.warmUp().finally(() => say(undefined)));
    return { build: wasm.buildName(), threads: wasm.threadCount(), memory, why };
  },

  async open(dropped: readonly ToldFile[], answers: Answers, say: (doing: Doing) => void): Promise<Plan> {
    for (const { path, file, stopped } of dropped) {
      const id = session.addFile(path, file.size);
      [files[id], paths[id]] = [file, path];
      if (stopped) session.stopped(id);
    }
    for (const [id] of files.entries()) await readHeader(id, say);
    return remote.plan(answers, say);
  },

  async plan(answers: Answers, say: (doing: Doing) => void): Promise<Plan> {
    say('plan');
    plan = session.plan(answers);
    return plan;
  },

  async head(): Promise<Report> {
    return session.head();
  },

  async analyze(matrix: number, task: Task): Promise<Answer> {
    const answer = (outcomes: Outcome[], earlier: boolean): Answer => ({ outcomes, earlier, trouble: kept.trouble });
    const ranges = session.ranges(matrix);
    const keeps = await kept.on();
    const held: Held = {};
    let hashes: string[] | undefined;
    try {
      if (!keeps || !ranges.every((range) => digests.has(id(range)))) held.bytes = await readAll(ranges);
      if (keeps) hashes = await hashAll(ranges, held);
      const earlier = hashes && (await recall(matrix, task, hashes));
      if (earlier) return answer(earlier, true);
      held.bytes ??= await readAll(ranges);
    } catch (error) {
      return answer(session.failed(matrix, reason(error)), false);
    }
    await gate.enter();
    let outcomes: Outcome[];
    try {
      outcomes = await compute(matrix, held, task);
    } finally {
      gate.leave();
    }
    // Kept first, answered then: what the page shows as done survives a reload.
    if (hashes) await kept.keep(session.keys(matrix, task), hashes, outcomes);
    return answer(outcomes, false);
  },

  async foresee(matrix: number, task: Task): Promise<Foreseen[]> {
    await gate.enter();
    try {
      return await session.foresee(matrix, await readAll(session.ranges(matrix)), task);
    } catch (error) {
      throw error instanceof DOMException ? new Error(reason(error)) : error;
    } finally {
      gate.leave();
    }
  },

  async vectors(matrix: number, model: number): Promise<AllVectors> {
    await gate.enter();
    try {
      // No name for the bytes: it would hold them for as long as it computes.
      const all = await session.vectors(matrix, model, await readAll(session.rangesOf(matrix, model)));
      return transfer(all, [all.left.buffer, all.right.buffer]);
    } catch (error) {
      throw error instanceof DOMException ? new Error(reason(error)) : error;
    } finally {
      gate.leave();
    }
  },

  async operate(matrix: number, model: number, cut: Cut): Promise<Operated> {
    await gate.enter();
    try {
      return await session.operate(matrix, model, await bytesOf(matrix, model, cut.k), cut);
    } catch (error) {
      throw error instanceof DOMException ? new Error(reason(error)) : error;
    } finally {
      gate.leave();
    }
  },

  /** One matrix under every arm, as a report of its own in JSON. */
  async armsReport(matrix: number, model: number, cut: Cut, lambda: number): Promise<string> {
    await gate.enter();
    try {
      return await session.armsReport(matrix, model, await readAll(session.rangesOf(matrix, model)), cut, lambda);
    } catch (error) {
      throw error instanceof DOMException ? new Error(reason(error)) : error;
    } finally {
      gate.leave();
    }
  },

  /** Hands out every file as soon as it is full, the README last. `goOn` hears how many matrices are in; false stops it. */
  async saveEdited(
    model: number,
    matrices: readonly number[],
    wanted: Wanted,
    take: (file: SavedFile) => Promise<void>,
    goOn: (done: number) => boolean | Promise<boolean>,
  ): Promise<void> {
    const hashes = new Map<string, string>();
    const out = async (file: SavedFile) => {
      hashes.set(file.name, await bytesHash(file.bytes));
      await take(transfer(file, [file.bytes.buffer]));
    };
    session.beginSaving(model, wanted);
    let over = false;
    try {
      for (const [done, matrix] of matrices.entries()) {
        if (!(await goOn(done))) return;
        const full = await addSaved(matrix, model, wanted.cut.k);
        if (full) await out(full);
      }
      if (!(await goOn(matrices.length))) return;
      for (const file of session.finishSaving()) await out(file);
      over = true;
    } catch (error) {
      throw error instanceof DOMException ? new Error(reason(error)) : error;
    } finally {
      // It ends what was begun, also where nobody wants it any more.
      const readme = session.savedReadme([...hashes.keys()], [...hashes.values()]);
      if (over) await take({ name: 'README.md', bytes: new TextEncoder().encode(readme) });
    }
  },

  async lossSubject(answers: Answers): Promise<LossSubject> {
    return session.lossSubject(answers);
  },

  async loss(question: LossQuestion, goOn: boolean, say: (done: number) => void): Promise<Loss | undefined> {
    trial = { halted: false };
    const own = trial;
    await gate.enter();
    try {
      if (!(goOn && session.isLossBegun())) session.beginLoss(question);
      let ahead: ReturnType<typeof readAll> | undefined;
      for (let ranges = session.lossRanges(); ranges; ranges = session.lossRanges()) {
        if (own.halted) return undefined;
        const bytes = await (ahead ?? readAll(ranges));
        const next = session.lossRangesAhead();
        ahead = next && readAll(next);
        // Its error is that of its own turn.
        ahead?.catch(() => undefined);
        say(await session.takeLoss(bytes));
      }
      return session.lossResult();
    } catch (error) {
      throw error instanceof DOMException ? new Error(reason(error)) : error;
    } finally {
      gate.leave();
    }
  },

  haltLoss(): void {
    trial.halted = true;
  },

  /** Called before this worker is ended: resolves when nothing is being kept. */
  letGo(): Promise<void> {
    return kept.close();
  },

  async hash(path: string): Promise<string | undefined> {
    const file = files[paths.lastIndexOf(path)];
    return file && fileHash(file);
  },
};

export type Remote = typeof remote;

/** The bytes of a matrix for surgery: none where it is open. */
async function bytesOf(matrix: number, model: number, k: number): Promise<Uint8Array<ArrayBuffer>[]> {
  return session.isOpen(matrix, model, k) ? [] : readAll(session.rangesOf(matrix, model));
}

/** A matrix joins the files that are being saved; one that is full comes back. */
async function addSaved(matrix: number, model: number, k: number): Promise<SavedFile | undefined> {
  await gate.enter();
  try {
    return await session.addSaved(matrix, model, await bytesOf(matrix, model, k), k);
  } finally {
    gate.leave();
  }
}

/** The tensors of one matrix, from reading to computing. */
interface Held {
  bytes?: Uint8Array<ArrayBuffer>[] | undefined;
}

/** Lets go of the bytes: the wasm has its own copy as soon as it is called, and ours would stay for as long as it computes. */
function compute(matrix: number, held: Held, task: Task): Promise<Outcome[]> {
  const bytes = held.bytes ?? [];
  held.bytes = undefined;
  return session.analyze(matrix, bytes, task);
}

/** The result that is kept for this very task, else an exact one, which answers every task. */
async function recall(matrix: number, task: Task, hashes: readonly string[]): Promise<Outcome[] | undefined> {
  const { name, layer, type } = plan.matrices[matrix]!;
  for (const mode of new Set([task.mode, 'exact'] as const)) {
    const outcomes = await kept.recall(session.keys(matrix, { ...task, mode }), hashes, { name, layer, type });
    if (outcomes) return outcomes;
  }
  return undefined;
}

/** One after the other: hashing holds a copy of the tensor. */
async function hashAll(ranges: readonly ByteRange[], { bytes }: Held): Promise<string[]> {
  const hashes: string[] = [];
  for (const [at, range] of ranges.entries()) {
    const hash = digests.get(id(range)) ?? (await sha256(bytes![at]!));
    digests.set(id(range), hash);
    hashes.push(hash);
  }
  return hashes;
}

function id({ file, begin, end }: ByteRange): string {
  return `${file}:${begin}-${end}`;
}

/** The core says which bytes it wants next, until it knows the file's tensors. */
async function readHeader(id: number, say: (doing: Doing) => void): Promise<void> {
  for (let range = session.wants(id); range; range = session.wants(id)) {
    let bytes: Uint8Array;
    try {
      say('wait');
      bytes = await read(id, range.begin, range.end);
    } catch (error) {
      session.unreadable(id, reason(error));
      return;
    }
    say(id);
    session.supply(id, bytes);
  }
}

async function readAll(ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const tensors: Uint8Array<ArrayBuffer>[] = [];
  for (const range of ranges) tensors.push(await read(range.file, range.begin, range.end));
  return tensors;
}

/** One range, never a whole file: `arrayBuffer()` of a file over 2 GiB fails in Chromium. */
async function read(id: number, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = files[id];
  if (!file) throw new Error(`file ${id} is not here`);
  return new Uint8Array(await file.slice(begin, end).arrayBuffer());
}

function reason(error: unknown): string {
  if (error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError')) {
    return 'the file changed or was moved since it was chosen; choose it again';
  }
  return error instanceof Error ? error.message : String(error);
}

expose(remote);
