/** The worker that turns text into tokens. */
import { expose, transfer } from 'comlink';
import type { EngineInfo } from './engine';
import { hold } from './lock';
import type { Step } from './steps';
import type { Tokenizer, Tokens } from '../wasm/text/lorascope';

/** While `npm start` still works on it, it is not there. */
const BUILT = import.meta.glob<typeof import('../wasm/text/lorascope')>('../wasm/text/lorascope.js');

let Reader: typeof Tokenizer | undefined;
let tokenizer: Tokenizer | undefined;

const remote = {
  /** Says each step of the start, and nothing when the last is over. */
  async start(lock: string, say: (step: Step | undefined) => void): Promise<EngineInfo> {
    await hold(lock);
    const load = Object.values(BUILT)[0];
    if (!load) throw new Error('What reads text is not in this copy of the page. Build it again: npm run build.');
    say('fetch');
    const wasm = await load();
    say('compile');
    await wasm.default();
    Reader = wasm.Tokenizer;
    say(undefined);
    return { build: 'text', threads: 0, memory: 0, why: '' };
  },

  /** The id of the mask token, where there is one. */
  async read(json: Blob, config: Blob | undefined, map: Blob | undefined): Promise<number | undefined> {
    tokenizer?.free();
    tokenizer = undefined;
    if (!Reader) throw new Error('The worker was not started.');
    const next = new Reader(await bytes(json));
    const mask = next.mask(config && (await bytes(config)), map && (await bytes(map)));
    tokenizer = next;
    return mask;
  },

  async encode(text: string): Promise<Tokens> {
    const tokens = ready().encode(text);
    return transfer(tokens, [tokens.ids.buffer, tokens.added.buffer, tokens.spans.buffer]);
  },

  async pieces(ids: Uint32Array): Promise<(string | undefined)[]> {
    return Array.from(ids, (id) => ready().piece(id));
  },

  async idOf(token: string): Promise<number | undefined> {
    return ready().idOf(token);
  },
};

export type Remote = typeof remote;

async function bytes(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

function ready(): Tokenizer {
  if (!tokenizer) throw new Error('No tokenizer was read.');
  return tokenizer;
}

expose(remote);
