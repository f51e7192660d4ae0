/** The loss on texts: what the change does to what the model says. Closed until the reader asks: it fetches the tokenizer and computes. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, duration } from '../text/format';
import { math } from '../text/math';
import { MOST_TOKENS, goesOn, counted as predicted, losing, passed, rowsOf, windowOf } from '../state/loss';
import type { State } from '../state/state';
import { lossChoices } from './loss-choices';
import { lossFigures } from './loss-figures';
import { lossTable } from './loss-table';
import { lossText } from './loss-text';
import { nameText } from './model';
import { words } from './row';
import { PatientView } from './view';

const WHAT =
  'Reads a text with the base, with every fine-tune and, if you like, with every arm of the surgery: mean loss, and token by token.';

const SMALL = html`A mean over a few hundred tokens of one text says how this text is read, not how good a model is: another text,
  window or tokenizer has another mean. Compare rows of one table, and look at the standard error.`;

/** Operations a second and thread: three quarters of what SmolLM2 was measured at (docs/speed.md). The decompositions behind the arms are not in it. */
const SPEED = 12e9;

class LossView extends PatientView {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const result = state.loss.result ?? state.head?.loss;
    if (!report?.view || state.status === 'running') return nothing;
    if (state.stored && !result) return nothing;
    return html`<section class="row loss" id="loss" data-testid="loss">
      ${words({ title: 'What it does to the model', finding: WHAT, note: SMALL })}
      <div class="body">
        ${state.stored ? nothing : state.loss.shown ? this.#bench() : this.#closed()}
        ${result ? html`${lossTable(this.ctx, result)} ${lossFigures(this.ctx, result)} ${lossText(this.ctx, result)}` : nothing}
      </div>
    </section>`;
  }

  #closed(): TemplateResult {
    const { store } = this.ctx;
    return html`<button class="btn" data-testid="loss-open" aria-expanded="false" @click=${() => store.update((s) => losing(s, { shown: true }))}>Measure the loss</button>
      <p class="small quiet under">Runs the whole network over a text, in this tab. It needs the base’s config.json and tokenizer.json.</p>`;
  }

  #bench(): TemplateResult {
    const { state, store } = this.ctx;
    const { fault, subject, running } = state.loss;
    const close = () => store.update((s) => losing(s, { shown: false }));
    return html`<div class="part" data-testid="loss-bench">
      ${lossChoices(this.ctx)}
      ${fault ? this.#fault(fault) : nothing}
      ${subject ? this.#refused(subject.refused) : nothing}
      <p class="quiet" data-testid="loss-plan">${fault ? '' : math(plan(state))}</p>
      <div class="part-head">
        ${
          running === undefined
            ? html`<button class="btn main" data-testid="loss-run" ?disabled=${!ready(state)} @click=${() => this.ctx.app.loss.run()}>${goesOn(state) ? `Go on from ${percent(state.loss.halted?.done)}` : 'Compute'}</button>
              <button class="btn plain" data-testid="loss-close" aria-expanded="true" @click=${close}>Close</button>`
            : html`<progress max="1" value=${running} aria-label="Layers that are read"></progress>
              <span class="quiet" data-testid="loss-progress">${percent(running)}</span>
              <button class="btn plain" data-testid="loss-cancel" @click=${() => this.ctx.app.loss.cancel()}>Cancel</button>`
        }
      </div>
    </div>`;
  }

  #fault({ cause, fix }: { cause: string; fix: string }): TemplateResult {
    return html`<div class="small" role="alert" data-testid="loss-fault"><p class="error">${cause}</p>
      ${fix ? html`<p>${fix}</p>` : nothing}
      <button class="link" @click=${() => this.ctx.app.loss.again()}>Try again</button></div>`;
  }

  /** Models whose loss cannot be known, each with its reason; the others stand. */
  #refused(refused: readonly (string | undefined | null)[]): TemplateResult | typeof nothing {
    const { state } = this.ctx;
    const all = refused.flatMap((why, at) =>
      why == null ? [] : [{ label: state.head?.models[at]?.label ?? '', why }],
    );
    if (all.length === 0) return nothing;
    return html`<ul class="small warn" data-testid="loss-refused">${all.map(({ label, why }) => html`<li>${nameText(label)}: ${why}</li>`)}</ul>`;
  }
}

function percent(part = 0): string {
  return `${Math.floor(100 * part)} %`;
}

function ready(s: State): boolean {
  const tokens = passed(s);
  return s.loss.encoded !== undefined && predicted(s) > 0 && tokensOf(s) <= MOST_TOKENS && tokens > 0;
}

function tokensOf({ loss }: State): number {
  return (loss.encoded ?? []).reduce((sum, { ids }) => sum + ids.length, 0);
}

/** What a run will do, before it starts. */
function plan(s: State): string {
  const { subject, encoded } = s.loss;
  if (!subject) return 'Looking at the models.';
  if (!encoded) return 'Counting tokens.';
  const tokens = tokensOf(s);
  if (tokens === 0) return 'Choose a text.';
  if (tokens > MOST_TOKENS)
    return `${count(tokens)} tokens: at most ${count(MOST_TOKENS)} are read. Take a shorter text.`;
  const rows = rowsOf(s).length;
  const threads = s.engine?.threads ?? 1;
  const seconds = (subject.flops * passed(s) * rows) / (SPEED * threads);
  const window = windowOf(s.loss);
  const way = subject.masked ? 'each hidden in turn' : 'each predicted from those before it';
  const cut = encoded.some(({ ids }) => ids.length > window) ? `, in windows of ${count(window)}` : '';
  return `${count(predicted(s))} tokens, ${way}${cut}; ${counted(rows, 'row')}; about ${duration(Math.max(1, seconds))}${rows > 1 && s.loss.arms ? ', and the decompositions of the arms' : ''}.`;
}

customElements.define('lorascope-loss', LossView);
