/** Who asks for losses: the models as networks, the texts in tokens, then the engine, which reads the weights layer by layer. */
import type { Engine } from '../engine/engine';
import { Cancelled } from '../engine/errors';
import type { Late } from '../engine/late';
import { type Tokenizer, TokenizerError, openTokenizer } from '../engine/tokenizer';
import type { LiveReport } from '../report/live';
import {
  type LossFault,
  type Text,
  type TextId,
  goesOn,
  haltedAt,
  losing,
  question,
  shippedTexts,
  textsOf,
} from '../state/loss';
import type { State } from '../state/state';
import type { Store } from '../state/store';
import type { Encoded, Plan } from '../wasm/simd/lorascope';

/** A text that is typed rests for so long before it is counted, in ms. */
const REST = 300;

/** The share of the engine's memory for the numbers between layers: a layer of weights and the copies that it is read through come beside them. */
const SHARE = 0.2;

/** The reader's own text has this name. */
const OWN = 'Your text';

export class Measuring {
  readonly #store: Store;
  readonly #engine: Late<Engine>;
  readonly #report: Late<LiveReport>;
  readonly #texts = new Map<string, Promise<string>>();
  #plan: Plan | undefined;
  #tokenizer: Promise<Tokenizer> | undefined;
  /** The choice of texts that is counted, or being counted. */
  #counted: ReadonlySet<TextId> | undefined;
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** Grows with every run and every cancel. */
  #turn = 0;

  constructor(store: Store, engine: Late<Engine>, report: Late<LiveReport>) {
    this.#store = store;
    this.#engine = engine;
    this.#report = report;
  }

  /** Hears of every state. */
  follow(state: State): void {
    if (state.plan !== this.#plan) this.#begin(state.plan);
    if (!state.loss.shown || state.stored || state.status === 'running' || !state.head || state.loss.fault) return;
    if (state.loss.texts === this.#counted) return;
    this.#counted = state.loss.texts;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => void this.#count(), state.loss.subject ? REST : 0);
  }

  /** Another plan has other models, and perhaps another tokenizer. */
  #begin(plan: Plan | undefined): void {
    this.#plan = plan;
    this.#counted = undefined;
    this.#turn += 1;
    void this.#tokenizer?.then((tokenizer) => tokenizer.close()).catch(() => undefined);
    this.#tokenizer = undefined;
  }

  /** Chooses the texts that came with the files, and the arms, and computes, for whoever pressed once for all of it. */
  async measure(): Promise<void> {
    const texts = new Set(shippedTexts(this.#store.state).map(({ id }) => id));
    this.#begin(this.#store.state.plan);
    this.#counted = texts;
    this.#store.update((s) => losing(s, { shown: true, texts, arms: true, encoded: undefined, fault: undefined }));
    await this.#count();
    if (this.#counted === texts && this.#store.state.loss.encoded) await this.run();
  }

  /** Looks at the models and turns the chosen texts into tokens. */
  async #count(): Promise<void> {
    const [plan, counted] = [this.#plan, this.#counted];
    const still = () => plan === this.#plan && counted === this.#counted;
    try {
      const { state } = this.#store;
      const subject = state.loss.subject ?? (await (await this.#engine.get()).lossSubject(new Map(state.answers)));
      if (!still()) return;
      this.#store.update((s) => losing(s, { subject }));
      this.#tokenizer ??= tokenizerIn(state, subject.folder);
      const tokenizer = await this.#tokenizer;
      const encoded: Encoded[] = [];
      const known = textsOf(state);
      for (const id of state.loss.texts) {
        const from = known.find((text) => text.id === id);
        const text = from ? await this.#text(from) : state.loss.own;
        if (text === '') continue;
        const { ids, added, spans } = await tokenizer.encode(text);
        const pieces = Array.from(ids, (_, at) => text.slice(spans[2 * at], spans[2 * at + 1]));
        encoded.push({ name: from?.name ?? OWN, ids: [...ids], added: [...added], pieces });
      }
      if (still()) this.#store.update((s) => losing(s, { encoded, mask: tokenizer.mask }));
    } catch (error) {
      if (!still()) return;
      this.#tokenizer = undefined;
      this.#store.update((s) => losing(s, { fault: faultOf(error) }));
    }
  }

  #text({ name, path }: Text): Promise<string> {
    const known = this.#texts.get(path) ?? fetchText(name, path);
    this.#texts.set(path, known);
    known.catch(() => this.#texts.delete(path));
    return known;
  }

  /** Tries once more after a fault. */
  again(): void {
    this.#counted = undefined;
    this.#store.update((s) => losing(s, { fault: undefined, subject: undefined, encoded: undefined }));
  }

  async run(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const begin = performance.now();
    const halted = goesOn(this.#store.state) ? this.#store.state.loss.halted : undefined;
    this.#store.update((s) => losing(s, { running: halted?.done ?? 0, halted: undefined, fault: undefined }));
    try {
      const [engine, report] = [await this.#engine.get(), await this.#report.get()];
      const { state } = this.#store;
      // A worker that was started anew has not looked at the models yet.
      await engine.lossSubject(new Map(state.answers));
      const asked = question(state, SHARE * engine.info.memory);
      const result = await engine.loss(asked, halted !== undefined, (running) => {
        if (turn === this.#turn) this.#store.update((s) => losing(s, { running }));
      });
      if (turn !== this.#turn || !result) return;
      report.takeLoss(result);
      const seconds = (performance.now() - begin) / 1000;
      this.#store.update((s) =>
        losing(s, { running: undefined, result, seconds, row: Math.min(1, result.rows.length - 1), text: 0 }),
      );
    } catch (error) {
      if (turn !== this.#turn) return;
      const fault = error instanceof Cancelled ? undefined : faultOf(error);
      this.#store.update((s) => losing(s, { running: undefined, fault }));
    }
  }

  /** Stops at once for the reader; the engine ends the layer that it is at, and keeps the run. */
  async cancel(): Promise<void> {
    this.#turn += 1;
    this.#store.update((s) => losing(s, { running: undefined, halted: haltedAt(s, s.loss.running ?? 0) }));
    await (await this.#engine.get()).haltLoss();
  }
}

async function fetchText(name: string, path: string): Promise<string> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(`The text “${name}” is not in this copy of the page (${response.status}).`);
  return response.text();
}

/** The tokenizer of a folder: that of the base. */
async function tokenizerIn(state: State, folder: string): Promise<Tokenizer> {
  const file = (name: string) =>
    state.files.findLast(({ path }) => path === (folder ? `${folder}/${name}` : name))?.file;
  const tokenizer = file('tokenizer.json');
  if (!tokenizer) {
    const where = folder ? `in “${folder}”` : 'beside the base';
    throw new LossError(
      `There is no tokenizer.json ${where}: a text cannot be read without it.`,
      'Add the base’s tokenizer.json, from the folder or the page that its weights come from.',
    );
  }
  return openTokenizer({ tokenizer, config: file('tokenizer_config.json'), map: file('special_tokens_map.json') });
}

/** What stands in the way, with the step that helps. */
class LossError extends Error {
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

function faultOf(error: unknown): LossFault {
  if (error instanceof TokenizerError) return { cause: error.message, fix: error.fault.fix };
  const cause = error instanceof Error ? error.message : String(error);
  return { cause, fix: error instanceof LossError ? error.fix : '' };
}
