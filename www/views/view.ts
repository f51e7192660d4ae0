/** The base of every view: renders into the page itself, so that one stylesheet serves all. */
import { LitElement } from 'lit';
import type { App } from '../app';
import type { Address } from '../address';
import type { Navigation } from '../state/navigation';
import { Sight } from '../figure/sight';
import type { LiveReport } from '../report/live';
import type { Specimen } from '../figure/specimen';
import type { State } from '../state/state';
import type { Store } from '../state/store';

/** The context of every view: state and actions. A new object with every rendering. */
export interface Context {
  state: State;
  app: App;
  nav: Navigation;
  store: Store;
  address: Address | undefined;
  /** Undefined until the drawing wasm is loaded. */
  report: LiveReport | undefined;
  /** The stored report of the empty page, once loaded. */
  specimen: Specimen | undefined;
}

export abstract class View extends LitElement {
  static override properties = { ctx: { attribute: false } };
  declare ctx: Context;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

/** A view that is long under many models: out of sight it waits until no slider moves, and until a run is over. */
export abstract class PatientView extends View {
  readonly #sight = new Sight(this);

  protected override shouldUpdate(): boolean {
    return this.#sight.now(this.ctx.state.status === 'running');
  }
}
