/** The figures of the whole run, each with the sentence that says what it shows. One of them shows a measure by layer: which, the reader chooses. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import type { State } from '../state/state';
import type { Choice, Field, FigureKind } from '../wasm/simd/lorascope';
import { dataTable, figure, menu, specOf } from './figure-frame';
import { others, shown } from './many';
import { words } from './row';
import { strength } from './strength';
import { View } from './view';
import './alpha-budget';

/** Whether a choice is offered: where it makes no difference it is not. */
const OFFERED: Record<Field, (s: State) => boolean> = {
  adaptersOnly: (s) => new Set(s.head?.models.map((m) => m.kind === 'full')).size === 2,
  fraction: () => true,
};

class FiguresView extends View {
  /** The figures beside which a sentence stood once: its room stays, so that nothing moves under a dial. */
  readonly #rooms = new Set<string>();

  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    if (!report?.view) return nothing;
    const models = state.head?.models.length ?? 0;
    const findings = report.findings(state.settings);
    const byLayer = report.figures.filter((kind) => kind.byLayer);
    const chosen = byLayer.find(({ id }) => id === state.byLayer) ?? byLayer[0];
    const series = state.head?.models.some((m) => m.run) ?? false;
    const drawn = report.figures.filter(
      (kind) =>
        kind.about === 'run' &&
        kind.needs !== 'surgery' &&
        kind.needs !== 'loss' &&
        (series || kind.needs !== 'runs') &&
        (!kind.byLayer || kind === byLayer[0]),
    );
    return html`${drawn.map((own, at) => {
      const kind = own.byLayer && chosen ? chosen : own;
      if (findings[kind.id]) this.#rooms.add(kind.id);
      const strong = kind.dials.includes('times');
      // A figure that has no such dial is not drawn again for it.
      const spec = { ...specOf(state, kind.id), ...(strong && state.times !== 1 ? { times: state.times } : {}) };
      return html`<section class="row" id=${kind.id} data-testid="figure" data-figure=${kind.id}>
        ${words(
          {
            number: `Figure ${at + 1}`,
            title: kind.title,
            finding: math(findings[kind.id] ?? ''),
            room: this.#rooms.has(kind.id),
            note: math(kind.note),
          },
          html`${this.#alone()} ${own.byLayer ? this.#measure(kind, byLayer) : nothing}
            ${kind.choices.map((choice) => this.#choice(choice))} ${menu(this.ctx, kind.id)}`,
        )}
        <div class="body">${strong ? strength(this.ctx) : nothing}${figure(this.ctx, spec)}
          ${kind.perModel ? others(this.ctx, models, shown(this.ctx, models)) : nothing}
          ${dataTable(this.ctx, spec)}${strong ? html`<lorascope-alpha-budget .ctx=${this.ctx}></lorascope-alpha-budget>` : nothing}</div>
      </section>`;
    })}`;
  }

  /** The model that stands alone, while one does, and the way back. */
  #alone(): TemplateResult | typeof nothing {
    const { state, store, report } = this.ctx;
    const label = state.alone === undefined ? undefined : report?.models(state.settings)[state.alone]?.label;
    if (label === undefined) return nothing;
    const all = () => store.update((s) => ({ ...s, alone: undefined }));
    return html`<p class="small">${math(label)} stands alone. <button class="link" @click=${all}>Show all</button></p>`;
  }

  /** The choice of the measure that is shown by layer. */
  #measure(shown: FigureKind, all: readonly FigureKind[]): TemplateResult {
    const set = (event: Event) => {
      const byLayer = (event.currentTarget as HTMLSelectElement).value;
      this.ctx.store.update((s) => ({ ...s, byLayer: byLayer === all[0]?.id ? undefined : byLayer }));
    };
    return html`<label class="choice">Measure
      <select data-testid="by-layer" .value=${shown.id} @change=${set}>
        ${all.map(({ id, title }) => html`<option value=${id} ?selected=${id === shown.id}>${title}</option>`)}
      </select></label>`;
  }

  #choice({ field, label }: Choice): TemplateResult | typeof nothing {
    const { state, store } = this.ctx;
    if (!OFFERED[field](state)) return nothing;
    const set = (event: Event) => {
      const { checked } = event.currentTarget as HTMLInputElement;
      store.update((s) => ({ ...s, [field]: checked }));
    };
    return html`<label class="choice"><input type="checkbox" .checked=${state[field]} @change=${set} /> ${label}</label>`;
  }
}

customElements.define('lorascope-figures', FiguresView);
