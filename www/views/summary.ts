/** The summary table, one line per model: the counts, the weakest match, the effective rank, and what they say. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, fixed, interval } from '../text/format';
import { math } from '../text/math';
import { atRandom } from '../state/state';
import type { Model, ModelSummary, PlanModel } from '../wasm/simd/lorascope';
import { alone } from './alone';
import { ownName } from './model';
import { others, shown } from './many';
import { row } from './row';
import { term } from './term';
import { PatientView } from './view';
import { wide } from './wide';
import './name';

const DEFINITION = html`An intruder is one of a matrix’s <i class="v">k</i> strongest fine-tuned vectors whose best match among all
  pre-trained vectors is below <i class="v">ε</i>. It is new; whether it does harm no weight tells.`;

class SummaryView extends PatientView {
  /** Runs whose checkpoints all have a row; others have one, of their last. */
  readonly #open = new Set<string>();

  protected override render(): TemplateResult {
    const { state, report } = this.ctx;
    const models = report?.models(state.settings) ?? [];
    const all = state.plan?.matrices.length ?? 0;
    const heads = state.head?.models ?? [];
    const runs = runsOf(heads);
    const lines = models.map((_, at) => at).filter((at) => !this.#folded(runs.get(at), heads[at], at));
    const places = shown(this.ctx, lines.length).map((n) => lines[n]!);
    const complete = state.status !== 'running' && state.results.size >= all;
    const random = atRandom(state);
    const most = Math.max(...models.map((m) => m.meanChangeRatio ?? 0));
    return row({
      title: complete ? 'Summary' : 'So far',
      finding: complete
        ? `Counted in all ${counted(all, 'matrix', 'matrices')}.`
        : `Counts grow until all ${count(all)} are in.`,
      note: random ? html`${DEFINITION} Faded: the rule in force counts at random.` : DEFINITION,
      kind: 'first',
      body: html`${wide(html`<table class="models ${random ? 'random' : ''}">
        <thead><tr>
          <th>Model</th>
          <th class="num" title="The largest singular value of ΔW against that of W₀, mean over the matrices that were changed">Size of the<br />${term('ΔW', 'change')}</th>
          <th class="num">${term('intruder', 'Intruders')}<br />${possible(models, complete)}</th>
          <th class="num said">Matrices<br />with any</th>
          <th class="num">${term('weakest match', 'Weakest')}<br />match<br /><span class="faint">low: new</span></th>
          <th class="num">${term('effective rank', 'Effective rank')}<br />of Δ<i class="v">W</i>, mean</th>
          <th>Reading</th>
        </tr></thead>
        <tbody>${places.map((at) => line(models[at]!, most, heads[at], html`<lorascope-name .ctx=${this.ctx} .at=${at}></lorascope-name>`, models.length > 1 ? alone(this.ctx, models[at]!, at) : undefined, state.plan?.models[at], complete, this.#run(models, runs.get(at), at)))}</tbody>
      </table>`)}${others(this.ctx, lines.length, places)}`,
    });
  }

  /** An earlier checkpoint of a run that has one row. */
  #folded(run: readonly number[] | undefined, own: Model | undefined, at: number): boolean {
    return run !== undefined && at !== run.at(-1) && !this.#open.has(nameOf(own));
  }

  /** The cell beside a run's last checkpoint: how many there are, and the counts of all. */
  #run(
    models: readonly ModelSummary[],
    run: readonly number[] | undefined,
    at: number,
  ): TemplateResult | typeof nothing {
    if (!run || at !== run.at(-1)) return nothing;
    const name = nameOf(this.ctx.state.head?.models[at]);
    const all = this.#open.has(name);
    const toggle = () => {
      if (all) this.#open.delete(name);
      else this.#open.add(name);
      this.requestUpdate();
    };
    const counts = run.map((n) => models[n]?.intruders ?? 0);
    return html`<div class="small quiet run">${sparkline(counts)}
      <button class="btn plain" data-testid="checkpoints" aria-expanded=${all} @click=${toggle}>${all ? 'The last alone' : counted(run.length, 'checkpoint')}</button></div>`;
  }
}

/** Counts over a run, from the base's none. */
function sparkline(counts: readonly number[]): TemplateResult {
  const most = Math.max(1, ...counts);
  const at = (n: number, count: number) =>
    `${((n * 56) / counts.length).toFixed(1)} ${(13 - (12 * count) / most).toFixed(1)}`;
  const path = ['M0 13', ...counts.map((count, n) => `L${at(n + 1, count)}`)].join('');
  return html`<svg class="spark" viewBox="-1 0 58 14" role="img" aria-label="intruders by checkpoint: ${counts.join(', ')}"><path d=${path} /></svg>`;
}

/** The places of a run's checkpoints by step, for each checkpoint of several: in one pass, since a slider asks with every step. */
function runsOf(all: readonly Model[]): Map<number, readonly number[]> {
  const byName = new Map<string, number[]>();
  for (const [at, model] of all.entries()) {
    if (!model.run) continue;
    const own = byName.get(nameOf(model));
    if (own) own.push(at);
    else byName.set(nameOf(model), [at]);
  }
  const runs = new Map<number, readonly number[]>();
  for (const own of byName.values()) {
    if (own.length < 2) continue;
    own.sort((a, b) => (all[a]?.run?.step ?? 0) - (all[b]?.run?.step ?? 0));
    for (const at of own) runs.set(at, own);
  }
  return runs;
}

function nameOf(model: Model | undefined): string {
  return model?.run?.run ?? '';
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
  most: number,
  own: Model | undefined,
  name: TemplateResult,
  piece: TemplateResult | undefined,
  planned: PlanModel | undefined,
  complete: boolean,
  run: TemplateResult | typeof nothing,
): TemplateResult {
  const short = standsFor(planned);
  const match = m.weakestLow != null && m.weakestMatch != null ? ([m.weakestLow, m.weakestMatch] as const) : undefined;
  return html`<tr data-testid="model-row" data-label=${m.label}>
    <td class="who">${ownName(m, own, name, piece)}${short ? html`<div class="small warn" data-testid="short">${short}</div>` : nothing}${run}</td>
    <td class="num size" data-l="Size of ΔW"><span>${changed(m, most)}</span></td>
    <td class="num big" data-l="Intruders of ${count(m.possible)}" title="of ${count(m.possible)}"><span>${certain(m)}</span></td>
    <td class="num said" data-l="Matrices with any"><span>${count(m.matricesWithAny)}</span></td>
    <td class="num" data-l="Weakest match"><span>${interval(match, 2)}</span></td>
    <td class="num" data-l="Effective rank of ΔW"><span>${fixed(m.meanEffectiveRank, 1)}</span></td>
    <td class="reading"><span class=${complete ? '' : 'unsaid'} aria-hidden=${complete ? nothing : 'true'}>${math(m.reading)}</span> ${exceptions(m)}</td>
  </tr>`;
}

/** σ₁(ΔW) / σ₁(W₀), and how long it is beside the largest. */
function changed({ meanChangeRatio: size }: ModelSummary, most: number): TemplateResult {
  if (size == null) return html`–`;
  const part = most > 0 ? (56 * size) / most : 0;
  return html`${fixed(size, size < 0.1 ? 3 : 2)}<svg class="bar" viewBox="0 0 56 3" aria-hidden="true"><rect x=${56 - part} width=${part} height="3" /></svg>`;
}

/** The certain count in large, the open verdicts in a line of their own. */
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
