/** Wires state, engine and views; nothing else. */
import { html, render } from 'lit';
import { App } from './app';
import { startEngine } from './engine';
import { listen } from './keys';
import { modeFrom } from './modes';
import { Navigation } from './navigation';
import { LiveReport } from './report';
import { openSpecimen, type Specimen } from './specimen';
import { defaults, setMode } from './state';
import { Store } from './store';
import { acceptDrops } from './views/inputs';
import { loadView } from './wasm';
import './views/page';

const place = document.querySelector<HTMLElement>('#app')!;
let report: LiveReport | undefined;
let specimen: Specimen | undefined;

const store = new Store(setMode(defaults(), modeFrom(location.search)), (state) => {
  report?.sync(state);
  render(html`<lorascope-page .ctx=${{ state, app, nav, store, report, specimen }}></lorascope-page>`, place);
});
const nav = new Navigation(store);
const view = loadView();
const live = view.then((View) => (report = new LiveReport(View)));
const app = new App(store, startEngine(), live);

void live.then(() => store.schedule()).catch((error: unknown) => app.failed(error));
void view.then(openSpecimen).then((opened) => {
  specimen = opened;
  store.schedule();
}).catch(() => undefined);
acceptDrops(app);
listen(
  {
    previous: () => nav.step(-1),
    next: () => nav.step(1),
    focus: (testid) => document.querySelector<HTMLElement>(`[data-testid=${testid}]`)?.focus(),
    help: () => document.querySelector('dialog')?.showModal(),
    escape: () => (store.state.status === 'running' ? app.cancel() : nav.close()),
  },
  () => store.state.shortcuts,
);
app.start();
store.schedule();
