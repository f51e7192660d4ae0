/** The engine itself: files in, plan and results out. Holds nothing that the page could not give again. */
import { expose } from 'comlink';
import type { DroppedFile, EngineInfo } from './engine';
import { type Choice, loadCompute } from './wasm';
import type { Answers, Outcome, Plan, Report, Session } from './wasm/simd/lorascope';

const files: File[] = [];
let session: Session;

const remote = {
  async start(choice: Choice): Promise<EngineInfo> {
    const wasm = await loadCompute(choice);
    session = new wasm.Session();
    return { build: wasm.buildName(), threads: wasm.threadCount(), why: choice.why };
  },

  async open(dropped: readonly DroppedFile[], answers: Answers): Promise<Plan> {
    for (const { path, file } of dropped) {
      files[session.addFile(path, file.size)] = file;
    }
    for (const [id] of files.entries()) await readHeader(id);
    return session.plan(answers);
  },

  async plan(answers: Answers): Promise<Plan> {
    return session.plan(answers);
  },

  async head(): Promise<Report> {
    return session.head();
  },

  async analyze(matrix: number): Promise<Outcome[]> {
    const tensors: Uint8Array[] = [];
    try {
      for (const range of session.ranges(matrix)) tensors.push(await read(range.file, range.begin, range.end));
    } catch (error) {
      return session.failed(matrix, reason(error));
    }
    return session.analyze(matrix, tensors);
  },
};

export type Remote = typeof remote;

/** The core says which bytes it wants next, until it knows the file's tensors. */
async function readHeader(id: number): Promise<void> {
  for (let range = session.wants(id); range; range = session.wants(id)) {
    let bytes: Uint8Array;
    try {
      bytes = await read(id, range.begin, range.end);
    } catch (error) {
      session.unreadable(id, reason(error));
      return;
    }
    session.supply(id, bytes);
  }
}

/** One range, never a whole file: `arrayBuffer()` of a file over 2 GiB fails in Chromium. */
async function read(id: number, begin: number, end: number): Promise<Uint8Array> {
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
