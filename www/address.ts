/** Deep links: what a link asks for is done once the numbers are there, and what the reader sets goes into the address. */
import type { App } from './app';
import { problem } from './files/drop';
import { carried, carry } from './state/carried';
import { lessonOf, type Link, read, write } from './state/link';
import { shippedAs } from './state/shipped';
import type { Navigation } from './state/navigation';
import type { LiveReport } from './report/live';
import { type State, trouble } from './state/state';
import type { Store } from './state/store';
import { askTheme } from './figure/screen';
import type { FigureId } from './wasm/simd/lorascope';

/** Browsers refuse too many changes of the address in a short time. */
const QUIET = 300;

export class Address {
  readonly #app: App;
  readonly #store: Store;
  readonly #nav: Navigation;
  readonly #report: () => LiveReport | undefined;
  #link: Link = read('');
  /** Whether the link asks for something that is not there yet. */
  #waits = false;
  /** The head that the link brought, while it is shown. */
  #brought: State['head'];
  #written = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Tells the entries of the history that this link has made from those of another. */
  #visit = 0;

  constructor(app: App, store: Store, nav: Navigation, report: () => LiveReport | undefined) {
    this.#app = app;
    this.#store = store;
    this.#nav = nav;
    this.#report = report;
    addEventListener('hashchange', () => {
      // Back from a matrix leads to an older address of the same visit: what was set in the matrix stays set.
      if (visitOf() === this.#visit) this.#written = location.hash;
      else if (location.hash !== this.#written && lessonOf(location.hash) === undefined) this.follow();
    });
  }

  /** Does what the address asks for. */
  follow(): void {
    const link = read(location.hash);
    this.#link = link;
    this.#written = location.hash;
    this.#visit = visitOf() ?? Date.now();
    this.#mark();
    this.#waits = link.matrix !== undefined || link.figure !== undefined;
    askTheme(link.theme);
    document.documentElement.dataset['hide'] = link.hide.join(' ');
    this.#store.update(link.dials);
    if (link.report !== undefined) void this.#open(link.report, () => hosted(link.report!));
    else if (link.packed !== undefined) void this.#open('the link', () => carried(link.packed!));
    else if (link.experiment && shippedAs(this.#store.state) !== 'experiment') void this.#app.experiment(link.dials);
    else if (link.sample && this.#store.state.files.length === 0)
      void this.#app.sample().then(() => this.#store.update(link.dials));
  }

  /** Hears of every state. */
  sync(state: State): void {
    if (this.#waits && state.screen === 'results' && state.status !== 'running' && state.results.size > 0) {
      this.#waits = false;
      this.#arrive(state, this.#link);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#write(), QUIET);
  }

  /** The whole address of what is seen now, to be given to others: of files that only this reader has, with their results in it. */
  whole(figure?: FigureId): string | Promise<string> {
    const { state } = this.#store;
    const link = this.#source(state);
    const whole = (packed: string | undefined) =>
      new URL(write(state, { ...link, packed }, figure) || '#', location.href).href;
    const known =
      link.report !== undefined || link.packed !== undefined || shippedAs(state) !== undefined || !state.head;
    return known
      ? whole(link.packed)
      : this.#app.report
          .get()
          .then((report) => carry(state, report))
          .then(whole);
  }

  /** The link, without what it brought where something else is shown now. */
  #source(state: State): Link {
    return state.head === this.#brought ? this.#link : { ...this.#link, report: undefined, packed: undefined };
  }

  #arrive(state: State, { matrix, model, figure, dials }: Link): void {
    const at = state.head?.models.findIndex(({ label }) => label === model) ?? -1;
    if (matrix !== undefined && state.plan?.matrices.some(({ name }) => name === matrix)) {
      this.#nav.open(matrix);
      this.#store.update((s) => ({ ...dials(s), model: at >= 0 ? at : s.model }));
    }
    if (figure && this.#report()?.figure(figure)?.byLayer) this.#store.update((s) => ({ ...s, byLayer: figure }));
    // The figures stand there two frames later: the store renders, then its views.
    if (figure) requestAnimationFrame(() => setTimeout(() => document.getElementById(figure)?.scrollIntoView(), 100));
  }

  #write(): void {
    // While it still waits, the address holds more than the state does.
    if (this.#waits || this.#store.state.status === 'planning') return;
    // The address is a lesson's while one is shown.
    if (lessonOf(location.hash) !== undefined) return;
    // That the files came with the page is told to others, not to this tab: a reload stays a fresh start, unless a link brought them.
    const { sample, experiment } = this.#link;
    const { state } = this.#store;
    const hash = write(
      sample || experiment ? state : { ...state, sample: undefined, experiment: undefined },
      this.#source(state),
    );
    if (hash === location.hash || (hash === '' && location.hash === '')) return;
    this.#written = hash;
    this.#mark(hash || location.pathname + location.search);
  }

  /** Gives the entry of the history its visit, and an address where it has another now. */
  #mark(address?: string): void {
    history.replaceState({ ...(history.state as object | null), visit: this.#visit }, '', address);
  }

  /** Opens the report that a link names or carries. */
  async #open(path: string, text: () => Promise<string>): Promise<void> {
    try {
      await this.#app.openReport(await text(), path);
      this.#brought = this.#store.state.head;
      this.#store.update(this.#link.dials);
    } catch (error) {
      const said = problem(
        'report-invalid',
        'The report of the link did not open',
        error,
        'Copy the whole link again, or ask for the report as a file and drop it here.',
      );
      this.#store.update((s) => trouble(s, { ...said, file: path }));
    }
  }
}

/** A stored report of this host: the page's policy allows no other. */
async function hosted(path: string): Promise<string> {
  const url = new URL(path, document.baseURI);
  if (url.origin !== location.origin) throw new Error(`${url.origin} is another host than this page's.`);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} is not on this host (${response.status}).`);
  return response.text();
}

const visitOf = (): number | undefined => (history.state as { visit?: number } | null)?.visit;
