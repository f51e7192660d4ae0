/** Surgery: the vectors of one model scaled, with the controls that belong to it. Closed until the reader asks: it computes. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import { count, counted } from '../text/format';
import type { State } from '../state/state';
import { NO_SURGERY, OVER, operable, operating, patient, questionOf, setLambda, setPatient } from '../state/surgery';
import { armTable } from './surgery-arms';
import { edits } from './surgery-edits';
import { takeAway } from './surgery-save';
import { exact } from './exact';
import { dataTable, figure, menu, specOf } from './figure-frame';
import { nameText } from './model';
import { words } from './row';
import { PatientView } from './view';

const WHAT = 'Scales singular vectors of the fine-tuned matrices and counts again, beside controls of the same norm.';

/** Both sides of the dispute, and what follows for this page. */
const DISPUTED = html`Whether intruders cause forgetting is disputed. Shuttleworth et al.
  (<a href="https://arxiv.org/abs/2410.21228v3">arXiv 2410.21228v3</a>) report that scaling them down recovers
  pre-training loss; Xie (<a href="https://arxiv.org/abs/2607.23711">arXiv 2607.23711</a>) blames layers that cross a
  spectral threshold, and a replication at equal norm finds no gain. What a control lowers too is not the intruders’ doing.`;

class SurgeryView extends PatientView {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    if (!report?.view || state.status === 'running') return nothing;
    const stored = state.stored ? (state.head?.models ?? []).some(({ surgery }) => surgery) : undefined;
    if (stored === false && state.sampleMode === undefined) return nothing;
    const { shown } = state.surgery;
    return html`<section class="row surgery" id="operate" data-testid="surgery">
      ${words({ title: 'Surgery', finding: WHAT, note: DISPUTED })}
      <div class="body">${state.stored ? this.#stored(stored === true) : shown ? this.#theatre() : this.#closed()}</div>
    </section>`;
  }

  #closed(): TemplateResult {
    const { store } = this.ctx;
    return html`<button class="btn" data-testid="surgery-open" aria-expanded="false" @click=${() => store.update((s) => operating(s, { shown: true }))}>Open surgery</button>
      <p class="small quiet under">Opens every matrix of one fine-tune: about the time of its analysis, once. Then a step of λ takes moments.</p>`;
  }

  /** A report without its files: what was computed is drawn. */
  #stored(drawn: boolean): TemplateResult {
    const { state } = this.ctx;
    const own = (state.head?.models ?? []).flatMap(({ surgery }, at) => (surgery ? [at] : []));
    const model = own.includes(patient(state)) ? patient(state) : own[0];
    return html`${own.length > 1 ? html`<div class="dials">${this.#models(own)}</div>` : nothing}
      ${model !== undefined ? this.#figure(model) : nothing}
      <p class="quiet under" data-testid="surgery-stored">${
        drawn
          ? 'Computed before and stored with the report. Another λ, other vectors and the edited files need the checkpoints.'
          : 'It needs the checkpoints: “Compute it here” at the top of the page loads those of the sample.'
      }</p>`;
  }

  #theatre(): TemplateResult {
    const { state, store } = this.ctx;
    const all = operable(state);
    const close = () => store.update((s) => operating(s, { shown: false }));
    return html`<div class="dials">
        ${(state.head?.models.length ?? 0) > 1 ? this.#models() : nothing} ${this.#lambda()}
        <button class="btn plain push" data-testid="surgery-close" aria-expanded="true" @click=${close}>Close</button>
      </div>
      ${
        all.length === 0
          ? html`<p class="quiet under">This fine-tune changed no analyzed matrix: there is nothing to edit.</p>`
          : html`${armTable(this.ctx, all)} ${this.#over()} ${edits(this.ctx, all)} ${takeAway(this.ctx)}`
      }`;
  }

  #models(own?: readonly number[]): TemplateResult {
    const { state, store, report } = this.ctx;
    const chosen = patient(state);
    const labels = report?.models(state.settings).map(({ label }) => label) ?? [];
    const set = (event: Event) => {
      const model = Number((event.currentTarget as HTMLSelectElement).value);
      store.update((s) => (s.stored ? operating(s, { ...NO_SURGERY, model }) : setPatient(s, model)));
    };
    return html`<div class="ctl"><label for="surgery-model">Fine-tune</label>
      <select id="surgery-model" data-testid="surgery-model" @change=${set}>
        ${labels.map((label, at) => (own && !own.includes(at) ? nothing : html`<option value=${at} .selected=${at === chosen}>${label}</option>`))}
      </select></div>`;
  }

  #lambda(): TemplateResult {
    const { state, store } = this.ctx;
    const { lambda } = state.surgery;
    const set = (event: Event) => {
      const value = (event.currentTarget as HTMLInputElement).valueAsNumber;
      store.update((s) => setLambda(s, value));
    };
    return html`<div class="ctl lambda">
      <label for="lambda"><span class="word">Strength </span><i class="v">λ</i></label>
      <span class="marked"><input id="lambda" type="range" min="0" max="2" step="0.05" .value=${String(lambda)} data-testid="lambda-slider" aria-valuetext="${lambda.toFixed(2)}${lambda === 1 ? ', changes nothing' : ''}" @input=${set} />
        <span class="mark small faint" aria-hidden="true">1 changes nothing</span></span>
      ${exact({
        id: 'lambda-exact',
        label: 'Strength λ, 0 to 2',
        min: 0,
        max: 2,
        step: 0.05,
        said: lambda.toFixed(2),
        set: (to) => store.update((s) => setLambda(s, to)),
        now: () => store.state.surgery.lambda.toFixed(2),
      })}
    </div>`;
  }

  /** The figure over lambda: asked for, on its way, or there. */
  #over(): TemplateResult {
    const { state, app } = this.ctx;
    const { over, overFault, drawn } = state.surgery;
    const model = patient(state);
    const known = drawn.get(model);
    const stale = known !== undefined && known !== questionOf(state);
    const button = html`<button class="btn" data-testid="over" @click=${() => app.surgery.over()}>${known === undefined ? 'Compute over λ' : 'Compute again'}</button>`;
    return html`<div class="part" data-testid="over-lambda">
      <div class="part-head"><h3>Over ${math('λ')}</h3>
        ${
          over
            ? html`<progress max=${over.total} value=${over.done} aria-label="Matrices over λ"></progress>
              <span class="quiet" data-testid="over-progress">${count(over.done)} of ${counted(over.total, 'matrix', 'matrices')}</span>
              <button class="btn plain" @click=${() => app.surgery.cancelOver()}>Cancel</button>`
            : known === undefined || stale
              ? button
              : nothing
        }</div>
      ${known === undefined ? html`<p class="small quiet">Every arm at ${OVER.join(', ')}: the figure becomes a part of the report.</p>` : nothing}
      ${stale ? html`<p class="small warn" data-testid="over-stale">Computed for an earlier rule or choice; its <i class="v">k</i> and <i class="v">ε</i> stand in its title.</p>` : nothing}
      ${overFault ? html`<p class="small error" role="alert">${overFault}</p>` : nothing}
      ${known === undefined ? nothing : this.#figure(model)}
    </div>`;
  }

  #figure(model: number): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const kind = report?.figures.find(({ needs }) => needs === 'surgery');
    if (!kind) return nothing;
    const spec = { ...specOf(state, kind.id), model };
    return html`<section class="framed" id=${kind.id} data-testid="figure" data-figure=${kind.id}>
      <div class="figbar"><h2>${kind.title}, ${nameText(nameOf(state, model))}</h2>${menu(this.ctx, kind.id)}</div>
      ${figure(this.ctx, spec)}
      <p class="small quiet under">${math(kind.note)}</p>
      ${dataTable(this.ctx, spec)}
    </section>`;
  }
}

function nameOf(state: State, model: number): string {
  return state.head?.models[model]?.label ?? '';
}

customElements.define('lorascope-surgery', SurgeryView);
