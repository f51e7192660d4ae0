/** Losses on texts as the state knows them: what the reader chose, what the models allow, how far it is, what came. Pure. */
import type { State } from './state';
import type { Encoded, Loss, LossQuestion, LossSubject } from '../wasm/simd/lorascope';
import { shippedAs } from './shipped';
import { SEED, chosenIn, patient } from './surgery';

/** A text that comes with the page. */
export interface Text {
  id: string;
  name: string;
  path: string;
}

const BUILT_IN: readonly Text[] = [
  { id: 'general', name: 'A story in English', path: 'texts/general.txt' },
  { id: 'code', name: 'A program in Python', path: 'texts/code.txt' },
  { id: 'german', name: 'A story in German', path: 'texts/german.txt' },
];

/** Of a text of the page, or `own`. */
export type TextId = string;

/** The texts to choose from: those of every page behind those of the files at hand, where these came with the page. */
export function textsOf(s: State): readonly Text[] {
  return [...shippedTexts(s), ...BUILT_IN];
}

/** The texts that came with the files at hand. */
export function shippedTexts(s: State): readonly Text[] {
  const which = shippedAs(s);
  const texts = which ? (s[which]?.texts ?? []) : [];
  return texts.map(({ path, name }) => ({ id: path, name, path: `${which}/${path}` }));
}

/** The strengths of the surgery's arms. */
export const LOSS_LAMBDAS = [0, 0.25, 0.5, 0.75, 1.25] as const;

/** Tokens of all texts together, at most. */
export const MOST_TOKENS = 4096;

/** Tokens of a window, where the reader says nothing else. */
const WINDOW = 512;

/** What stands in the way, and the next step. */
export interface LossFault {
  cause: string;
  fix: string;
}

/** A run that the reader stopped. */
export interface Halted {
  /** The part that was done. */
  done: number;
  /** What it was asked: the tokens, and in words all else. */
  encoded: readonly Encoded[] | undefined;
  rest: string;
}

export interface LossState {
  shown: boolean;
  texts: ReadonlySet<TextId>;
  /** The reader's own text. */
  own: string;
  /** Tokens of a window; undefined until the reader says. */
  window: number | undefined;
  /** Whether the arms of the surgery are computed too. */
  arms: boolean;
  /** Whether the same model is read with each part of its change undone. */
  undo: boolean;
  /** The models as networks; undefined until they were looked at. */
  subject: LossSubject | undefined;
  /** The chosen texts in tokens; undefined while they are counted. */
  encoded: readonly Encoded[] | undefined;
  mask: number | undefined;
  fault: LossFault | undefined;
  /** The part that is done; undefined while nothing runs. */
  running: number | undefined;
  halted: Halted | undefined;
  result: Loss | undefined;
  seconds: number;
  /** The row and the text whose tokens are shown. */
  row: number;
  text: number;
  /** The predicted token whose numbers are said, by its place in the text. */
  token: number | undefined;
}

export const NO_LOSS: LossState = {
  shown: false,
  texts: new Set(['general']),
  own: '',
  window: undefined,
  arms: false,
  undo: false,
  subject: undefined,
  encoded: undefined,
  mask: undefined,
  fault: undefined,
  running: undefined,
  halted: undefined,
  result: undefined,
  seconds: 0,
  row: 1,
  text: 0,
  token: undefined,
};

/** Changes a part of it. */
export function losing(s: State, part: Partial<LossState>): State {
  return { ...s, loss: { ...s.loss, ...part } };
}

/** Takes a text in, or out, as a new choice also where a text alone changed; what was wrong with the texts of before may be over. */
export function chooseText(s: State, id: TextId, on: boolean): State {
  const texts = new Set(s.loss.texts);
  if (on) texts.add(id);
  else texts.delete(id);
  return losing(s, { texts, encoded: undefined, fault: undefined });
}

/** Tokens that are predicted: of a causal network the first of every window is not, where nothing stands before it. */
export function counted({ loss }: State): number {
  const window = windowOf(loss);
  const one = ({ ids, added }: Encoded) => {
    const lost = loss.subject?.masked || added.length > 0 ? 0 : Math.ceil(ids.length / window);
    return ids.length - added.length - lost;
  };
  return (loss.encoded ?? []).reduce((sum, text) => sum + one(text), 0);
}

/** Tokens of all windows that go through the network for one model. */
export function passed({ loss }: State): number {
  const longest = windowOf(loss);
  const one = ({ ids, added }: Encoded) => {
    const length = Math.min(ids.length, longest);
    return loss.subject?.masked ? (ids.length - added.length) * length : ids.length;
  };
  return (loss.encoded ?? []).reduce((sum, text) => sum + one(text), 0);
}

/** Tokens of a window: no more than the network has positions, nor, unasked, than it was made for. */
export function windowOf({ window, subject }: LossState): number {
  const wanted = window ?? Math.min(WINDOW, subject?.madeFor ?? WINDOW);
  return Math.max(2, Math.min(wanted, subject?.longest ?? wanted));
}

/** Whether the arms of the surgery are those of whole matrices, as a network has them. */
export function armsKnown({ plan }: State): boolean {
  return plan?.split !== true;
}

/** A part of a network: a layer, a type, or a type of one layer. */
export interface Part {
  withoutLayer: number | undefined;
  withoutType: string | undefined;
}

/** The parts that the model which surgery looks at has changed: every type in every layer, then whole layers and whole types. */
export function partsOf(s: State): Part[] {
  const model = patient(s);
  const cells = new Map<string, Part>();
  for (const found of s.results.values()) {
    const own = found.find((one) => one.model === model)?.matrix;
    if (own?.status !== 'analyzed' || own.layer == null || own.type == null) continue;
    cells.set(`${own.layer} ${own.type}`, { withoutLayer: own.layer, withoutType: own.type });
  }
  const all = [...cells.values()];
  const layers = new Set(all.map((part) => part.withoutLayer));
  const types = new Set(all.map((part) => part.withoutType));
  return [
    ...all,
    ...[...layers].map((withoutLayer) => ({ withoutLayer, withoutType: undefined })),
    ...[...types].map((withoutType) => ({ withoutLayer: undefined, withoutType })),
  ];
}

/** The rows of the question: the base, every fine-tune whose loss can be known, and the arms and undone parts of the one that surgery looks at. */
export function rowsOf(s: State): LossQuestion['rows'] {
  const refused = s.loss.subject?.refused ?? [];
  const row = { arm: undefined, lambda: undefined, withoutLayer: undefined, withoutType: undefined };
  const models = refused.flatMap((why, model) => (why == null ? [{ ...row, model }] : []));
  const edited = patient(s);
  const known = armsKnown(s) && refused[edited] == null;
  const arms =
    s.loss.arms && known
      ? (['scaled', 'shrunk', 'restored', 'random'] as const).flatMap((arm) =>
          LOSS_LAMBDAS.map((lambda) => ({ ...row, model: edited, arm, lambda })),
        )
      : [];
  const projected = arms.length > 0 ? [{ ...row, model: edited, arm: 'projected' as const, lambda: 1 }] : [];
  const undone = s.loss.undo && known ? partsOf(s).map((part) => ({ ...row, ...part, model: edited })) : [];
  return [{ ...row, model: undefined }, ...models, ...arms, ...projected, ...undone];
}

/** Everything that is asked of the engine. `memory`: bytes for the numbers between layers. */
export function question(s: State, memory: number): LossQuestion {
  const { k, epsilon, side } = s.settings;
  const own = [...s.surgery.own.keys(), ...s.surgery.out];
  const chosen = new Map(own.map((name) => [name, [...(chosenIn(s, name) ?? [])]] as const));
  return {
    texts: [...(s.loss.encoded ?? [])],
    window: windowOf(s.loss),
    overlap: 0,
    mask: s.loss.mask,
    rows: rowsOf(s),
    cut: { k, epsilon, side, lambdas: [], chosen: undefined, seed: SEED },
    chosen,
    memory,
  };
}

/** The run of now, stopped. */
export function haltedAt(s: State, done: number): Halted {
  return { done, encoded: s.loss.encoded, rest: restOf(s) };
}

/** Whether the run that was stopped is the one that would be asked for now. */
export function goesOn(s: State): boolean {
  const { halted, encoded } = s.loss;
  return halted !== undefined && halted.encoded === encoded && halted.rest === restOf(s);
}

function restOf(s: State): string {
  const { rows, cut, chosen, window, overlap } = question(s, 0);
  return JSON.stringify([rows, cut, [...chosen], window, overlap]);
}
