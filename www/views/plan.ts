/** The plan: what is wrong, what is asked, and everything that will be computed, before it is. */
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { cost } from '../state/cost';
import { bytes, count, counted, duration } from '../text/format';
import { math } from '../text/math';
import { missing } from '../state/run';
import type { State } from '../state/state';
import type { LeftOut, ModelSummary, Plan, PlanBase, PlanModel, Problem } from '../wasm/simd/lorascope';
import { foresight } from './foresight';
import { pickFiles } from './inputs';
import { keptLine, storeNotice } from './kept';
import { others, shown } from './many';
import { modeChoice } from './mode';
import { kindName, swatch } from './model';
import { pairing } from './pairing';
import { problemList } from './problems';
import { question } from './question';
import { row } from './row';
import { selection } from './selection';
import { type Context, View } from './view';
import { wide } from './wide';
import './name';

class PlanView extends View {
  protected override render(): TemplateResult {
    const { state } = this.ctx;
    const problems = [...state.problems, ...(state.plan?.problems ?? [])];
    const isWrong = problems.some((p) => p.severity === 'error');
    return html`<div class="wrap" data-testid=${state.status === 'planning' ? nothing : 'plan'}>
      ${this.#head()}
      ${storeNotice(this.ctx)}
      ${isWrong ? row({ title: 'What is wrong', note: wrongNote(problems.length), kind: 'first', body: problemList(problems) }) : nothing}
      ${state.plan ? keyed(state.taken, this.#plan(state.plan, isWrong ? [] : problems)) : nothing}
    </div>`;
  }

  #head(): TemplateResult {
    const { state, app } = this.ctx;
    const planning = state.status === 'planning';
    const nothingToDo = planning || !state.plan?.matrices.length;
    return html`<div class="head"><div class="head-row">
      <div><h1>${title(this.ctx.state)}</h1><p class="sub">${this.#sub()}</p></div>
      <div class="actions">
        ${planning && state.files.length > 0 ? html`<button class="btn" data-testid="take-back" @click=${() => app.takeBack()}>Cancel</button>` : nothing}
        <button class="btn plain" @click=${() => app.startOver()}>Start over</button>
        <button class="btn ${nothingToDo && !planning ? 'main' : ''}" data-testid="add" @click=${pickFiles}>${wanted(state)}</button>
        <button class="btn ${nothingToDo && !planning ? '' : 'main'}" data-testid="analyze" ?disabled=${nothingToDo} @click=${() => app.analyze()}>${work(state)}</button>
      </div>
    </div></div>`;
  }

  #sub(): string {
    const { files, plan, planSeconds, status, loading } = this.ctx.state;
    const size = bytes(files.reduce((sum, f) => sum + f.file.size, 0));
    if (status === 'planning')
      return files.length > 0 ? `${loading} of ${counted(files.length, 'file')}, ${size}.` : `${loading}.`;
    if (!plan) return `${counted(files.length, 'file')}.`;
    return `${counted(files.length, 'file')}, ${size}. Only their headers have been read, and a few numbers of each block, in ${duration(planSeconds)}.`;
  }

  /** `remarks`: what to know where nothing is wrong; it comes after what is asked. */
  #plan(plan: Plan, remarks: readonly Problem[]): TemplateResult {
    const { state, app } = this.ctx;
    const { k, epsilon } = state.settings;
    const asked = plan.questions.length;
    return html`
      ${
        asked > 0
          ? row({
              title: 'Your answer',
              note: `${counted(asked, 'question')}. ${asked === 1 ? 'It has' : 'Each has'} a default; you can go on without answering.`,
              kind: 'tight ask',
              body: html`<div class="qs">${plan.questions.map((q) => question(q, (value) => app.answer(q.id, value)))}</div>`,
            })
          : nothing
      }
      ${remarks.length > 0 ? row({ title: 'What to know', note: 'None of it stops the analysis.', kind: 'tight', body: problemList(remarks) }) : nothing}
      ${plan.base ? row({ title: 'Base', note: 'What every fine-tune is compared with.', kind: 'tight', body: baseTable(plan.base) }) : nothing}
      ${plan.models.length > 0 ? row({ title: 'Fine-tunes', note: alike(plan.models), kind: 'tight', body: modelTable(this.ctx, plan.models) }) : nothing}
      ${plan.types.length > 0 && plan.models.length > 0 ? row({ title: 'Matrices', note: 'The paper looks at the linear layers inside the blocks.', kind: 'tight', body: selection(plan, (id, value) => app.answer(id, value)) }) : nothing}
      ${plan.leftOut.length > 0 ? row({ title: 'Left out', note: 'Nothing is dropped silently.', kind: 'tight', body: leftOut(plan.leftOut) }) : nothing}
      ${plan.matrices.length > 0 ? row({ title: 'Cost', note: 'Estimated from the shapes; a run measures it.', kind: 'tight', body: this.#cost(plan) }) : nothing}
      ${plan.matrices.length > 0 ? row({ title: 'Threshold', note: 'Whether the changes are strong enough for a generic direction to be new.', kind: 'tight', body: foresight(this.ctx) }) : nothing}
      ${plan.matrices.length > 0 ? row({ title: 'Method', note: 'Exact can be asked for later too, for one matrix or all.', kind: 'tight', body: modeChoice(this.ctx) }) : nothing}
      ${row({
        title: 'Settings',
        kind: 'tight',
        body: html`<p>
          Preset “official code”: left vectors, |cos|, thin SVD, ${math(`k = ${k}, ε = ${epsilon.toFixed(2)}.`)}
          <span class="faint"><i class="v">k</i> and <i class="v">ε</i> can be moved later without computing again; a certified matrix may then leave a count open.</span>
        </p>`,
      })}
      ${row({ title: 'Stored results', kind: 'tight', body: html`<p>${keptLine(this.ctx)}</p>` })}
    `;
  }

  #cost(plan: Plan): TemplateResult {
    const { engine, settings } = this.ctx.state;
    const threads = engine?.threads ?? 1;
    const { seconds, memory } = cost(plan, threads, engine?.memory ?? 2 ** 32, settings.mode);
    return html`<dl class="cost">
        <div><dt>Time</dt><dd>about ${duration(Math.max(1, seconds))}</dd></div>
        <div><dt>Memory</dt><dd>${bytes(memory)} at most</dd></div>
        <div><dt>Threads</dt><dd>${threads}, SIMD</dd></div>
      </dl>
      ${engine?.why ? html`<p class="quiet costnote">Runs ${engine.why}.</p>` : nothing}`;
  }
}

/** The button names its work. */
function work(state: State): string {
  const left = missing(state).length;
  const some = state.results.size > 0;
  if (left === 0) return some ? 'Show results' : 'Nothing to analyze';
  return some ? `Analyze the other ${count(left)}` : `Analyze ${counted(left, 'matrix', 'matrices')}`;
}

/** The button's words: what the plan waits for. */
function wanted({ plan, status }: State): string {
  if (status === 'planning' || !plan || plan.matrices.length > 0) return 'Add files';
  if (!plan.base) return 'Add the base';
  return plan.models.length === 0 ? 'Add a fine-tune' : 'Add files';
}

function wrongNote(problems: number): string {
  return problems === 1 ? '' : 'Ordered by how much each one blocks.';
}

function title({ plan, problems, files, status }: State): string | TemplateResult {
  if (status === 'planning') return 'Reading the files';
  const wrong = problems.length + (plan?.problems.length ?? 0);
  if (wrong > 0 && !plan?.matrices.length) return `${counted(wrong, 'problem')} in ${counted(files.length, 'file')}`;
  if (!plan?.base) return `Plan: no base yet`;
  const tuned = plan.models.length === 0 ? 'no fine-tune' : counted(plan.models.length, 'fine-tune');
  return html`Plan: <span class="nowrap">${tuned}</span> of one base`;
}

function baseTable(base: PlanBase): TemplateResult {
  const size = base.files.reduce((sum, f) => sum + f.size, 0);
  const shape =
    base.types.length > 0
      ? `${counted(base.layers, 'layer')} × ${counted(base.types.length, 'matrix', 'matrices')}`
      : counted(base.matrices, 'matrix', 'matrices');
  const names = base.files.map((f) => f.name);
  const shown = names.length > 2 ? `${names[0]} … ${names.at(-1)}` : names.join(', ');
  return html`<table class="first flow"><tbody><tr>
    <td><b>${base.label}</b><div class="small faint mono">${shown}</div></td>
    <td class="num">${counted(base.files.length, 'file')}</td><td class="num">${bytes(size)}</td><td>${base.dtype.toLowerCase()}</td><td>${shape}</td>
  </tr></tbody></table>`;
}

function modelTable(ctx: Context, models: readonly PlanModel[]): TemplateResult {
  const { state, app, report } = ctx;
  const summaries = report?.models(state.settings) ?? [];
  const own: Own = { formula: common(models, formulaOf) === undefined, rule: common(models, ruleOf) === undefined };
  const places = shown(ctx, models.length);
  const table = html`<table class="plan">
    <thead><tr><th>Model</th><th>Kind</th><th>Scale and its source</th><th class="num">Matched</th>${own.rule ? html`<th>Pairing</th>` : nothing}<th class="num">Size</th></tr></thead>
    <tbody>${places.map((at) => modelRow(models[at]!, summaries[at], own, html`<lorascope-name .ctx=${ctx} .at=${at}></lorascope-name>`))}</tbody>
  </table>`;
  return html`${wide(table)} ${others(ctx, models.length, places)} ${models.map((m, at) => pairing(m, at, (id, value) => app.answer(id, value)))}`;
}

function modelRow(m: PlanModel, summary: ModelSummary | undefined, own: Own, name: TemplateResult): TemplateResult {
  const size = m.files.reduce((sum, f) => sum + f.size, 0);
  const scale = m.scaleText
    ? html`${math(m.scaleText)} <span class=${m.scaleSource.startsWith('your') ? 'warn' : 'faint'}>${m.scaleSource}</span>`
    : html`<span class="faint">none</span>`;
  return html`<tr data-testid="plan-row">
    <td>${swatch(summary)}${name}${m.run ? html`<div class="small quiet">step ${count(m.run.step)}${m.run.run ? html` of ${m.run.run}` : nothing}</div>` : nothing}${m.formula && own.formula ? html`<div class="small quiet">${math(m.formula)}</div>` : nothing}${m.notes.map((note) => html`<div class="small quiet">${note}</div>`)}</td>
    <td data-l="Kind"><span>${kindName(m.method, m.rank)}</span></td>
    <td data-l="Scale"><span>${scale}</span></td>
    <td class="num" data-l="Matched"><span>${count(m.matching.matched)} of ${count(m.matching.total)}</span></td>
    ${own.rule ? html`<td data-l="Pairing"><span>${ruleOf(m)}</span></td>` : nothing}
    <td class="num" data-l="Size"><span>${bytes(size)}</span></td>
  </tr>`;
}

/** What each row says of its model, since not all say the same. */
interface Own {
  formula: boolean;
  rule: boolean;
}

const formulaOf = ({ formula }: PlanModel): string | undefined => formula ?? undefined;

const SAME = 'same names';
const ruleOf = ({ matching }: PlanModel): string => matching.rules.join(', ') || SAME;

/** What all of several models say, where it is one thing: said once. */
function common(models: readonly PlanModel[], of: (model: PlanModel) => string | undefined): string | undefined {
  const said = new Set(models.map(of));
  return models.length > 1 && said.size === 1 ? [...said][0] : undefined;
}

/** The facts that all of them share, beside the table. */
function alike(models: readonly PlanModel[]): TemplateResult | string {
  const [formula, rule] = [common(models, formulaOf), common(models, ruleOf)];
  const names =
    rule === undefined ? '' : rule === SAME ? 'All have the names of the base.' : `All pair by the rule: ${rule}.`;
  const merged = formula === undefined ? '' : html`Each is merged as ${math(formula)}. `;
  return merged || names ? html`${merged}${names}` : '';
}

function leftOut(items: readonly LeftOut[]): TemplateResult {
  return html`<table class="first"><tbody>
    ${items.map(
      (item) => html`<tr>
        <td class="num w64">${count(item.count)}</td>
        <td>${item.names.length > 0 ? html`<details class="names"><summary>${item.what}</summary><ul class="mono">${item.names.map((name) => html`<li>${name}</li>`)}${item.count > item.names.length ? html`<li class="faint">and ${count(item.count - item.names.length)} more</li>` : nothing}</ul></details>` : item.what}</td>
      </tr>`,
    )}
  </tbody></table>`;
}

customElements.define('lorascope-plan', PlanView);
