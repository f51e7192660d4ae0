/** The figures of the whole run, each with the sentence that says what it shows. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../math';
import type { State } from '../state';
import type { FigureId, Findings } from '../wasm/simd/lorascope';
import { dataTable, figure, menu, specOf } from './figure-frame';
import { words } from './row';
import { View } from './view';

interface Entry {
  id: FigureId;
  finding: keyof Findings;
  title: string;
  note: TemplateResult;
  /** A choice of its own: how it is called, and what it changes. */
  choice?: {
    label: string;
    on: (s: State) => boolean;
    set: (s: State, on: boolean) => State;
    offered: (s: State) => boolean;
  };
}

const FIGURES: readonly Entry[] = [
  {
    id: 'epsilon-curve',
    finding: 'epsilonCurve',
    title: 'Count against threshold',
    note: html`A count that hardly moves with <i class="v">ε</i> does not hang on the choice of the threshold; one that climbs steadily does.`,
  },
  {
    id: 'overview',
    finding: 'overview',
    title: 'Where they are',
    note: html`Layers down, matrix types across. Select a cell to open its matrix.`,
  },
  {
    id: 'effective-rank',
    finding: 'effectiveRank',
    title: 'Effective rank of the change',
    note: html`exp of the entropy of the singular values of Δ<i class="v">W</i>. Grid lines stand at the ranks.`,
    choice: {
      label: 'Adapters alone',
      on: (s) => s.adaptersOnly,
      set: (s, adaptersOnly) => ({ ...s, adaptersOnly }),
      offered: (s) => new Set(s.head?.models.map((m) => m.kind === 'full')).size === 2,
    },
  },
  {
    id: 'k-curve',
    finding: 'kCurve',
    title: 'Count against window',
    note: html`Deep vectors lie so close in singular value that a small change mixes them. A large <i class="v">k</i> counts this mixing, not new directions.`,
    choice: {
      label: 'As a share of all vectors',
      on: (s) => s.fraction,
      set: (s, fraction) => ({ ...s, fraction }),
      offered: () => true,
    },
  },
];

class FiguresView extends View {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    if (!report?.view) return nothing;
    const findings = report.findings(state.settings);
    return html`${FIGURES.map((entry, at) => {
      const spec = specOf(state, entry.id);
      return html`<section class="row" id=${entry.id} data-testid="figure" data-figure=${entry.id}>
        ${words(
          { number: `Figure ${at + 1}`, title: entry.title, finding: math(findings[entry.finding]), note: entry.note },
          html`${this.#choice(entry)} ${menu(this.ctx, entry.id)}`,
        )}
        <div class="body">${figure(this.ctx, spec)} ${dataTable(this.ctx, spec)}</div>
      </section>`;
    })}`;
  }

  #choice({ choice }: Entry): TemplateResult | typeof nothing {
    const { state, store } = this.ctx;
    if (!choice?.offered(state)) return nothing;
    const set = (event: Event) => {
      const { checked } = event.currentTarget as HTMLInputElement;
      store.update((s) => choice.set(s, checked));
    };
    return html`<label class="choice"><input type="checkbox" .checked=${choice.on(state)} @change=${set} /> ${choice.label}</label>`;
  }
}

customElements.define('lorascope-figures', FiguresView);
