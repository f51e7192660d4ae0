/** The tokenizer as the page sees it, in a worker of its own: fetched when it is opened, gone when it is closed. */
import { Cancelled } from './errors';
import { startLife } from './life';
import type { Remote } from './tokenizer.worker';
import workerUrl from './tokenizer.worker.ts?worker&url';
import type { TokenFault, Tokens } from '../wasm/text/lorascope';

export type { TokenFault, Tokens } from '../wasm/text/lorascope';

/** The files of a model's folder that say how its text is read; the last two only for the mask. */
export interface TokenizerFiles {
  /** tokenizer.json */
  tokenizer: Blob;
  /** tokenizer_config.json */
  config?: Blob | undefined;
  /** special_tokens_map.json */
  map?: Blob | undefined;
}

/** A file or a text that cannot be used: what is wrong, and the next step. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
  constructor(readonly fault: TokenFault) {
    super(`${fault.title}. ${fault.cause}`);
  }
}

export interface Tokenizer {
  /** The id of the mask token; undefined where the tokenizer has none. */
  mask: number | undefined;
  /** Rejects with a `TokenizerError` where the tokenizer cannot read the text. */
  encode(text: string): Promise<Tokens>;
  /** Tokens as the vocabulary writes them, which may be bytes in disguise. */
  pieces(ids: Uint32Array): Promise<(string | undefined)[]>;
  idOf(token: string): Promise<number | undefined>;
  /** Ends the worker at once: every call that still waits rejects with `Cancelled`. */
  close(): Promise<void>;
}

/** Rejects with a `TokenizerError` where the files cannot be used, and with a `WorkerDied` where the worker stopped over them. */
export async function openTokenizer(files: TokenizerFiles): Promise<Tokenizer> {
  const { remote, ended, end } = await startLife<Remote>(
    { url: workerUrl, name: 'lorascope-text' },
    (remote, lock, say) => remote.start(lock, say),
    () => undefined,
  );
  const alive = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, ended]).catch(said);
  const close = () => end(new Cancelled('closed'));
  try {
    const mask = await alive(remote.read(files.tokenizer, files.config, files.map));
    return {
      mask,
      encode: (text) => alive(remote.encode(text)),
      pieces: (ids) => alive(remote.pieces(ids)),
      idOf: (token) => alive(remote.idOf(token)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A fault crosses from the worker as plain data. */
function said(error: unknown): never {
  throw error instanceof Error ? error : new TokenizerError(error as TokenFault);
}
