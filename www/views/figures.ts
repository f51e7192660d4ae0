/** The figures of the whole run, each with the sentence that says what it shows. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../math';
import type { State } from '../state';
import type { FigureId, Findings } from '../wasm/simd/lorascope';
import type { Spec } from './figure';
import { words } from './row';
import { View, type Context } from './view';
import './figure';

interface Entry {
  id: FigureId;
  finding: keyof Findings;
  title: string;
  note: TemplateResult;
}

const FIGURES: readonly Entry[] = [
  {
    id: 'epsilon-curve',
    finding: 'epsilonCurve',
    title: 'Count against threshold',
    note: html`A count that hardly moves with <i class="v">ε</i> does not hang on the choice of the threshold; one that climbs steadily does.`,
  },
  {
    id: 'effective-rank',
    finding: 'effectiveRank',
    title: 'Effective rank of the change',
    note: html`exp of the entropy of the singular values of Δ<i class="v">W</i>. Grid lines stand at the ranks.`,
  },
];

class FiguresView extends View {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    if (!report?.view) return nothing;
    const findings = report.findings(state.settings, state.status === 'running');
    return html`${FIGURES.map(
      (entry, at) => html`<section class="row" data-testid="figure" data-figure=${entry.id}>
        ${words({ number: `Figure ${at + 1}`, title: entry.title, finding: math(findings[entry.finding]), note: entry.note })}
        <div class="body">${figure(this.ctx, specOf(state, entry.id))}</div>
      </section>`,
    )}`;
  }
}

/** What every figure of the run asks for; figures of one matrix add theirs. */
export function specOf(state: State, id: FigureId): Spec {
  return {
    figure: id,
    settings: state.settings,
    matrix: undefined,
    model: undefined,
    top: state.top,
    running: state.status === 'running',
    planned: state.plan?.matrices.length ?? 0,
    focus: state.focus,
    thumbnail: false,
  };
}

export function figure({ report, store, nav }: Context, spec: Spec): TemplateResult {
  const open = spec.matrix === undefined ? (matrix: string) => nav.open(matrix) : undefined;
  return html`<lorascope-figure-view .report=${report} .store=${store} .spec=${spec} .open=${open}></lorascope-figure-view>`;
}

customElements.define('lorascope-figures', FiguresView);
