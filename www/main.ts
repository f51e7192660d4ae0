/** Wires state, engine and views; nothing else. */
import { html, render } from 'lit';
import { App } from './app';
import { type DroppedFile, startEngine } from './engine/engine';
import { idle, Late } from './engine/late';
import { listen } from './keys';
import { Address } from './address';
import { modeFrom } from './state/modes';
import { Navigation } from './state/navigation';
import { LiveReport } from './report/live';
import { openSpecimen, type Specimen } from './figure/specimen';
import { lessonOf } from './state/link';
import { defaults, setMode } from './state/state';
import { Store } from './state/store';
import { acceptDrops } from './views/inputs';
import { toNextIntruder } from './views/next-intruder';
import type { MenuView } from './figure/menu';
import { loadFigures, loadView } from './engine/wasm';
import type { FigureId } from './wasm/simd/lorascope';
import './views/page';

const place = document.querySelector<HTMLElement>('#app')!;
let report: LiveReport | undefined;
let specimen: Specimen | undefined;
let address: Address | undefined;

const store = new Store(setMode(defaults(), modeFrom(location.search)), (state) => {
  report?.sync(state);
  address?.sync(state);
  app.follow(state);
  if (state.status === 'idle' && lessonOf(location.hash) === undefined) picture.get().catch(() => undefined);
  if (lessonOf(location.hash) !== undefined)
    render(html`<lorascope-lessons .analyze=${analyze}></lorascope-lessons>`, place);
  else
    render(
      html`<lorascope-page .ctx=${{ state, app, nav, store, report, specimen, address }}></lorascope-page>`,
      place,
    );
});
const nav = new Navigation(store);
const live = new Late(() => {
  const made = loadView().then((View) => (report = new LiveReport(View)));
  made.then(
    () => store.schedule(),
    (error: unknown) => app.failed(error),
  );
  return made;
});
const engine = new Late(() => {
  const started = startEngine({
    starting: (now) => store.update((s) => ({ ...s, starting: now })),
    runs: (info) => app.runs(info),
  });
  started.catch((error: unknown) => app.failed(error));
  return started;
});
const app = new App(store, engine, live);

acceptDrops(app);
listen(
  {
    previous: () => nav.step(-1),
    next: () => nav.step(1),
    intruder: () => toNextIntruder({ state: store.state, report, nav, store }),
    focus: (testid) => document.querySelector<HTMLElement>(`[data-testid=${testid}]`)?.focus(),
    figure: (what) => {
      const section = document.activeElement?.closest<HTMLElement>('[data-testid=figure]');
      if (what === 'menu') section?.querySelector<MenuView>('lorascope-menu')?.show();
      else if (section) app.toggleTable(section.dataset['figure'] as FigureId);
    },
    help: () => document.querySelector('dialog')?.showModal(),
    escape: () => (store.state.status === 'running' ? app.cancel() : nav.close()),
  },
  () => store.state.shortcuts,
);
/** Checkpoints made in a lesson, in place of whatever is open. */
function analyze(files: DroppedFile[]): void {
  location.hash = '';
  app.startOver();
  void app.add(files);
}

/** The lessons are loaded when somebody goes there. */
function section(): void {
  if (lessonOf(location.hash) !== undefined)
    void import('./lessons/page').then(() => store.schedule()).catch((error: unknown) => app.failed(error));
  store.schedule();
}
/** The picture of the empty page, once its words are there. */
const picture = new Late(async () => {
  await idle();
  // What draws everything draws this too, where it is asked for already.
  specimen = await openSpecimen(await (live.begun ? loadView() : loadFigures()));
  store.schedule();
});
addEventListener('hashchange', section);
section();
app.start();
address = new Address(app, store, nav, () => report);
if (lessonOf(location.hash) === undefined) address.follow();
store.schedule();
