/** A run inside a link: what the page draws of it and no more, packed, where that is short enough. */
import type { Matches, Numbers, Result } from './result';
import type { State } from './state';
import type { Makeup, Match, Matrix, Report } from '../wasm/simd/lorascope';

/** Characters. Browsers take far longer addresses, but what people paste links into cuts them: 40,000 in a message of Slack, 65,536 in a comment on GitHub. */
export const LONGEST = 32_000;

/** No link that we make unpacks to more; one that does was made to fill the memory. */
const MOST_BYTES = 16e6;

/** The vectors of each matrix that are carried: as many of these as fit. */
const WINDOWS = [100, 32, 16];

/** The map's corner. */
const CORNER = 32;

/** The reason why there is no link, in words for the reader. */
export class CannotCarry extends Error {}

/** The report that is drawn: it alone has all of a matrix. */
interface Drawn {
  whole(model: number, matrix: string): Matrix | undefined;
}

/** The run in a text for a link; throws [`CannotCarry`] where it is too large for one. */
export async function carry(state: State, drawn: Drawn): Promise<string> {
  const { k } = state.settings;
  let shortest = Infinity;
  for (const window of new Set([...WINDOWS.filter((most) => most > k), k])) {
    const text = await pack(JSON.stringify(cut(state, drawn, window)));
    if (text.length <= LONGEST) return text;
    shortest = text.length;
  }
  throw new CannotCarry(
    `In a link these results are ${Math.round(shortest / 1000)} kB long; what links are pasted into cuts them above ${LONGEST / 1000} kB. ` +
      'Use “Save report”: whoever drops that file on this page sees what you see. If it lies beside the page on your own host, ' +
      '“#report=” and its name after the address of the page is a link.',
  );
}

/** The report that a link carries, as text. */
export async function carried(text: string): Promise<string> {
  return unpack(text).catch(() => {
    throw new Error('The link is cut off or changed.');
  });
}

function cut(state: State, drawn: Drawn, window: number): Report {
  const { head, settings, results, plan, open } = state;
  if (!head) throw new CannotCarry('There are no results yet.');
  const models = head.models.map((model) => ({
    ...model,
    sources: [],
    matching: { ...model.matching, unmatched: [], onlyInBase: [] },
    matrices: [] as Matrix[],
  }));
  for (const [at, outcomes] of results) {
    for (const { model, matrix } of outcomes) {
      const whole = plan?.matrices[at]?.name === open ? drawn.whole(model, matrix.name) : undefined;
      models[model]?.matrices.push(part(matrix, whole, window, settings.cosine === 'signed'));
    }
  }
  return { ...head, settings, models };
}

/** The matrix that is looked at keeps its map and its singular values; of the others counts and curves are drawn. */
function part(m: Result, whole: Matrix | undefined, window: number, signed: boolean): Matrix {
  const side = (s: Matches | undefined, all: Match | undefined): Match | undefined => {
    if (!s) return undefined;
    const { maxCosUpper, tiedCos, signedCos } = s;
    return {
      maxCos: numbers(s.maxCos, window),
      argmax: all?.argmax.slice(0, window) ?? [],
      ...(maxCosUpper ? { maxCosUpper: numbers(maxCosUpper, window) } : {}),
      ...(tiedCos && whole ? { tiedCos: numbers(tiedCos, window) } : {}),
      ...(all?.makeup ? { makeup: makeup(all.makeup, Math.min(window, CORNER)) } : {}),
      ...(all?.turns
        ? { turns: { tuned: numbers(all.turns.tuned, CORNER), base: numbers(all.turns.base, CORNER) } }
        : {}),
      ...(signedCos && signed ? { signedCos: numbers(signedCos, window) } : {}),
    };
  };
  const { sigmaBase, sigmaTuned, delta } = whole ?? m;
  const { similarity } = whole ?? {};
  return {
    ...m,
    sigmaBase: numbers(sigmaBase, CORNER),
    sigmaTuned: numbers(sigmaTuned, CORNER),
    left: side(m.left, whole?.left),
    right: side(m.right, whole?.right),
    similarity: similarity && { ...similarity, values: similarity.values.map(single) },
    delta: delta && { ...delta, sigma: numbers(delta.sigma, 1) },
    seconds: 0,
  };
}

function makeup({ spread, block, blockFirst, outside }: Makeup, most: number): Makeup {
  return {
    spread: numbers(spread, most),
    block: numbers(block, most),
    blockFirst: blockFirst.slice(0, most),
    ...(outside ? { outside: numbers(outside, most) } : {}),
  } as Makeup;
}

/** The first of a list, in as few digits as they need. */
function numbers(list: Numbers | undefined, most: number): number[] {
  return Array.from({ length: Math.min(most, list?.length ?? 0) }, (_, at) => single(list![at]!));
}

/** The shortest decimal that is the same number of single precision. */
function single(n: number): number {
  for (let digits = 3; digits < 9; digits++) {
    const short = Number(n.toPrecision(digits));
    if (Math.fround(short) === n) return short;
  }
  return n;
}

async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

async function unpack(text: string): Promise<string> {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const decoder = new TextDecoder();
  let [all, size] = ['', 0];
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return all + decoder.decode();
    size += value.length;
    if (size > MOST_BYTES) throw new Error('too large');
    all += decoder.decode(value, { stream: true });
  }
}
