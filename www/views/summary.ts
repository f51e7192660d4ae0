/** One line per model: the counts, the weakest match, the effective rank, and what they say. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, fixed, interval } from '../text/format';
import { math } from '../text/math';
import type { Model, ModelSummary, PlanModel } from '../wasm/simd/lorascope';
import { ownName } from './model';
import { row } from './row';
import { View } from './view';

const DEFINITION = html`An intruder is one of a matrix’s <i class="v">k</i> strongest fine-tuned vectors whose best match among all
  pre-trained vectors is below <i class="v">ε</i>.`;

class SummaryView extends View {
  protected override render(): TemplateResult {
    const { state, report } = this.ctx;
    const models = report?.models(state.settings) ?? [];
    const all = state.plan?.matrices.length ?? 0;
    const complete = state.status !== 'running' && state.results.size >= all;
    return row({
      title: complete ? 'Summary' : 'So far',
      finding: complete ? '' : `Counts grow until all ${counted(all, 'matrix', 'matrices')} are in.`,
      note: DEFINITION,
      kind: state.status === 'running' ? '' : 'first',
      body: html`<div class="tbl-scroll"><table class="models">
        <thead><tr>
          <th>Model</th>
          <th class="num">Intruders<br />${possible(models, complete)}</th>
          <th class="num">Matrices<br />with any</th>
          <th class="num">Weakest<br />match</th>
          <th class="num">Effective rank<br />of Δ<i class="v">W</i>, mean</th>
          <th>${complete ? 'Reading' : ''}</th>
        </tr></thead>
        <tbody>${models.map((model, at) => line(model, state.head?.models[at], state.plan?.models[at], complete))}</tbody>
      </table></div>`,
    });
  }
}

/** One number for all models where they agree; otherwise each row says its own. */
function possible(models: readonly ModelSummary[], complete: boolean): string {
  const same = new Set(models.map((m) => m.possible));
  const of = same.size === 1 ? `of ${count([...same][0] ?? 0)}` : '';
  return complete ? of : `so far${of && `, ${of}`}`;
}

/** A number that does not stand for all modules says so beside itself. */
function standsFor(planned: PlanModel | undefined): string {
  const matching = planned?.matching;
  return matching && matching.matched < matching.total
    ? `${count(matching.matched)} of ${counted(matching.total, 'module')}`
    : '';
}

function line(
  m: ModelSummary,
  own: Model | undefined,
  planned: PlanModel | undefined,
  complete: boolean,
): TemplateResult {
  const short = standsFor(planned);
  const match = m.weakestLow != null && m.weakestMatch != null ? ([m.weakestLow, m.weakestMatch] as const) : undefined;
  return html`<tr data-testid="model-row" data-label=${m.label}>
    <td class="who">${ownName(m, own)}${short ? html`<div class="small warn" data-testid="short">${short}</div>` : nothing}</td>
    <td class="num big" data-l="Intruders of ${count(m.possible)}" title="of ${count(m.possible)}"><span>${certain(m)}</span></td>
    <td class="num" data-l="Matrices with any"><span>${count(m.matricesWithAny)}</span></td>
    <td class="num" data-l="Weakest match"><span>${interval(match, 2)}</span></td>
    <td class="num" data-l="Effective rank of ΔW"><span>${fixed(m.meanEffectiveRank, 1)}</span></td>
    <td class="reading">${complete ? math(m.reading) : nothing} ${exceptions(m)}</td>
  </tr>`;
}

/** What is certain in large, what is open in a line of its own. */
function certain({ intruders, undecided }: ModelSummary): TemplateResult {
  return html`${count(intruders)}${undecided > 0 ? html`<small class="open"> + ${count(undecided)} undecided</small>` : nothing}`;
}

function exceptions(m: ModelSummary): TemplateResult | typeof nothing {
  const said = [
    m.failed > 0 ? `${count(m.failed)} failed` : '',
    m.unchanged > 0 ? `${count(m.unchanged)} unchanged` : '',
  ].filter(Boolean);
  return said.length > 0
    ? html`<span class="nowrap ${m.failed > 0 ? 'error' : 'faint'}">${said.join(', ')}.</span>`
    : nothing;
}

customElements.define('lorascope-summary', SummaryView);
