/** The results, from the first matrix on: the same page while a run fills it and after it. */
import { html, nothing, type TemplateResult } from 'lit';
import { bytes, count, counted, duration } from '../text/format';
import { math } from '../text/math';
import { failedProblems } from './failures';
import { sizeOf } from '../files/sample';
import { certified, held } from '../state/modes';
import { finishedCount, missing } from '../state/run';
import { shippedAs } from '../state/shipped';
import { ruleName, type State } from '../state/state';
import { deeper } from './deeper';
import { storeNotice } from './kept';
import { problemList } from './problems';
import { fetched, now } from './progress';
import { row } from './row';
import { explained } from './term';
import { View } from './view';
import './controls';
import './copy';
import './figures';
import './provenance';
import './readings';
import './rule';
import './summary';
import './surgery';
import './loss';
import './table';

class ResultsView extends View {
  protected override render(): TemplateResult {
    const { state } = this.ctx;
    const problems = [...(state.plan?.problems ?? []), ...failedProblems(state)];
    return html`
      <div class="wrap">${this.#head()}</div>
      <lorascope-controls .ctx=${this.ctx}></lorascope-controls>
      <div class="wrap">
        ${storeNotice(this.ctx)} ${deeper(this.ctx)}
        <lorascope-rule .ctx=${this.ctx}></lorascope-rule>
        <lorascope-summary .ctx=${this.ctx}></lorascope-summary>
        <lorascope-readings .ctx=${this.ctx}></lorascope-readings>
        <lorascope-figures .ctx=${this.ctx}></lorascope-figures>
        <lorascope-surgery .ctx=${this.ctx}></lorascope-surgery>
        <lorascope-loss .ctx=${this.ctx}></lorascope-loss>
        <lorascope-table .ctx=${this.ctx}></lorascope-table>
        ${problems.length > 0 ? row({ title: 'What is wrong', note: 'All other numbers stand.', body: problemList(problems) }) : nothing}
        <lorascope-provenance .ctx=${this.ctx}></lorascope-provenance>
      </div>
    `;
  }

  #head(): TemplateResult {
    const { state, app, address } = this.ctx;
    const running = state.status === 'running';
    const left = missing(state).length;
    const sub = running ? now(state) : explained(this.#sub());
    const shipped = shippedAs(state);
    const note = shipped && state[shipped]?.note;
    const remark = state.stored ? this.ctx.report?.view?.remark() : undefined;
    return html`<div class="head"><div class="head-row">
      <div><h1>${this.#title()}</h1><p class="sub">${sub}</p></div>
      <div class="actions">
        ${
          running
            ? html`<button class="btn" data-testid="cancel" @click=${() => app.cancel()}>Cancel <kbd>Esc</kbd></button>`
            : html`<button class="btn plain" @click=${() => app.startOver()}>Start over</button>
              ${state.stored ? nothing : html`<button class="btn" @click=${() => app.show('plan')}>Plan</button>`}
              <lorascope-copy kind="btn" data-testid="copy-link" label="Copy link" .text=${() => address?.whole() ?? location.href}></lorascope-copy>
              ${left > 0 ? html`<button class="btn" data-testid="analyze" @click=${() => app.analyze()}>Analyze the other ${count(left)}</button>` : nothing}
              <button class="btn ${ofSample(state) ? '' : 'main'}" data-testid="export-json" @click=${() => app.save()}>Save report</button>
              ${ofSample(state) ? html`<button class="btn main" data-testid="compute-sample" @click=${() => app.computeSample()}>Compute it here</button>` : nothing}`
        }
      </div>
    </div>
    ${note === undefined ? nothing : html`<p class="small quiet">${math(note)}</p>`}
    ${remark ? html`<p class="deeper" data-testid="remark" role="note">${remark}</p>` : nothing}
    </div>`;
  }

  #title(): string {
    const { state } = this.ctx;
    const total = state.plan?.matrices.length ?? 0;
    if (state.status === 'running') return `${count(finishedCount(state))} of ${counted(total, 'matrix', 'matrices')}`;
    const left = missing(state).length;
    if (left > 0) return `Cancelled after ${count(total - left)} of ${count(total)}`;
    return heading(this.ctx);
  }

  #sub(): string {
    const { state } = this.ctx;
    const total = state.plan?.matrices.length ?? 0;
    const seconds = duration(state.run.before + state.run.seconds);
    if (ofSample(state))
      return `${counted(total, 'matrix', 'matrices')} of the sample, computed before and stored with this page. “Compute it here” loads ${state.sample ? bytes(sizeOf(state.sample)) : 'its files'} and does it again in this tab.`;
    if (state.stored)
      return `${counted(total, 'matrix', 'matrices')}, from a stored report of Lorascope ${state.head?.generator.version ?? ''}.${held(state)}`;
    const computed = `Computed in this tab in ${seconds}.${fetched(state)}`;
    if (missing(state).length > 0) return `What is done is kept. ${computed}`;
    const bounds = certified(state).length;
    const method =
      bounds === 0 ? 'exact SVD' : bounds === total ? 'certified' : `${count(bounds)} certified, the others exact`;
    const stopped =
      state.status === 'cancelled' ? ' The last run was cancelled: earlier results stand where it had not come.' : '';
    return `${counted(total, 'matrix', 'matrices')}, ${method}, preset “${ruleName(state.settings, this.ctx.report?.presets ?? [])}”. ${computed}${stopped}`;
  }
}

/** The stored results of the sample: they can be computed here. */
const ofSample = ({ stored, sampleMode }: State): boolean => stored && sampleMode !== undefined;

/** "4 fine-tunes of MiniLM-L6". */
export function heading({ state }: View['ctx']): string {
  const head = state.head;
  return `${counted(head?.models.length ?? 0, 'fine-tune')} of ${head?.base.label ?? ''}`;
}

customElements.define('lorascope-results', ResultsView);
