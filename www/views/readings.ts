/** The readings: what each model's numbers say in three parts, where to look next, and the same as a card to save. */
import { html, nothing, type TemplateResult } from 'lit';
import { saveCard, type CardKind } from '../report/save';
import { screen } from '../figure/screen';
import { setEpsilon } from '../state/state';
import { math } from '../text/math';
import type { Action, CardRequest, ModelSummary, Next, Reading } from '../wasm/simd/lorascope';
import type { Item } from '../figure/menu';
import { others, shown } from './many';
import { modelName, nameText, ownName } from './model';
import { row } from './row';
import { explained } from './term';
import { PatientView } from './view';
import '../figure/menu';
import './copy';

const PARTS = [
  ['what', 'What', (r: Reading) => r.what],
  ['how-sure', 'How sure', (r: Reading) => r.howSure],
  ['what-follows', 'What follows', (r: Reading) => r.whatFollows],
] as const;

class ReadingsView extends PatientView {
  /** Folded ones that the reader has opened. */
  readonly #open = new Set<number>();

  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const places = report?.lastOfRuns() ?? [];
    if (!report?.view || places.length === 0) return nothing;
    const models = report.models(state.settings);
    const compared = state.status === 'running' ? undefined : report.comparison(state.settings);
    const first = shown(this.ctx, places.length).map((n) => places[n]!);
    return row({
      title: 'Readings',
      note: html`${places.length > 1 ? 'One per fine-tune: its first sentence; how sure it is and what follows by a click' : 'One per fine-tune'}; a training run has that of its last checkpoint. The sentences follow from the numbers, <i class="v">k</i> and <i class="v">ε</i> alone.`,
      body: html`${compared ? html`<p class="compared" data-testid="compared">${explained(compared, new Set())}</p>` : nothing}<div class="readings">
        ${first.map((at) => this.#of(at, places.length > 1, models[at]))}
      </div>${others(this.ctx, places.length, first)}`,
    });
  }

  /** Of several a line each stands there at first: the figures come soon after. */
  #of(at: number, several: boolean, own: ModelSummary | undefined): TemplateResult | typeof nothing {
    if (several && !screen().printing) return this.#folded(at, own);
    return this.ctx.state.status === 'running' ? this.#awaited(at, own) : this.#reading(at, own, true);
  }

  /** The room that its sentences take at the end of the run, so that nothing jumps then. */
  #awaited(at: number, own: ModelSummary | undefined): TemplateResult | typeof nothing {
    if (!own) return nothing;
    const model = this.ctx.state.head?.models[at];
    return html`<article class="saying awaited">
      <div class="saying-head"><div class="who">${ownName(own, model, html`<b>${nameText(model?.label ?? '')}</b>`)}</div></div>
      <p class="small quiet">Read when all matrices are in.</p>
    </article>`;
  }

  /** Its other sentences are shown when somebody opens it. */
  #folded(at: number, own: ModelSummary | undefined): TemplateResult | typeof nothing {
    if (!own) return nothing;
    const toggled = (event: Event) => {
      if ((event.currentTarget as HTMLDetailsElement).open) this.#open.add(at);
      else this.#open.delete(at);
      this.requestUpdate();
    };
    const label = this.ctx.state.head?.models[at]?.label || own.label;
    return html`<details class="folded" data-testid="folded" data-label=${own.label} @toggle=${toggled} ?open=${this.#open.has(at)}>
      <summary>${modelName({ ...own, label })}<span class="gist">${this.#gist(at)}</span></summary>
      ${this.#open.has(at) ? this.#reading(at, own, false) : nothing}
    </details>`;
  }

  /** The first sentence of what its reading says. */
  #gist(at: number): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const first = report?.gist(state.settings, at);
    return first ? math(first) : nothing;
  }

  #reading(at: number, own: ModelSummary | undefined, named: boolean): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const told = report?.reading(state.settings, at, state.plan?.matrices.length ?? 0);
    if (!told || !own) return nothing;
    const known = new Set<string>();
    const model = state.head?.models[at];
    return html`<article class="saying" data-testid="reading" data-label=${own.label}>
      <div class="saying-head"><div class="who">${named ? ownName(own, model, html`<b>${nameText(model?.label ?? '')}</b>`) : nothing}</div>
        <lorascope-menu class="tools" label="Save the card" .items=${this.#items(at)}></lorascope-menu></div>
      <dl class="parts">${PARTS.map(([id, name, of]) => html`<div data-part=${id}><dt>${name}</dt><dd>${explained(of(told), known)}</dd></div>`)}</dl>
      ${told.next.length > 0 ? html`<p class="ahead">${told.next.map((next) => this.#next(at, next))}</p>` : nothing}
      ${told.action ? action(told.action) : nothing}
    </article>`;
  }

  /** A thing to look at next, and the click that goes there. */
  #next(at: number, { text, matrix, epsilon }: Next): TemplateResult {
    const { nav, store } = this.ctx;
    return html`<span>${math(text)} ${
      matrix != null
        ? html`<button class="link" data-testid="next-matrix" @click=${() => nav.open(matrix, at)}>Open it</button>`
        : epsilon != null
          ? html`<button class="link" data-testid="next-epsilon" @click=${() => store.update((s) => setEpsilon(s, epsilon))}>Set ${math(`ε = ${epsilon.toFixed(2)}`)}</button>`
          : nothing
    }</span> `;
  }

  #items(at: number): Item[] {
    const { state, report } = this.ctx;
    const request = (): CardRequest => ({
      model: at,
      settings: state.settings,
      theme: screen().theme,
      planned: state.plan?.matrices.length ?? 0,
    });
    const save = (kind: CardKind, label: string, note: string): Item => ({
      label,
      note,
      testid: `card-${kind}`,
      act: () => saveCard(kind, report, request()),
    });
    return [
      save('png', 'PNG', '1200 × 630'),
      save('svg', 'SVG', 'drawing with text'),
      save('html', 'HTML', 'with its words as text'),
    ];
  }
}

function action({ code, note }: Action): TemplateResult {
  return html`<details class="action"><summary>Scale them down with PEFT</summary>
    <div class="cmd"><code data-testid="peft">${code}</code><lorascope-copy kind="btn plain" label="Copy" .text=${() => code}></lorascope-copy></div>
    <p class="small quiet">${math(note)}</p></details>`;
}

customElements.define('lorascope-readings', ReadingsView);
