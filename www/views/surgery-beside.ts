/** One matrix under every arm: its spectrum and its similarity to the base, an arm at a time. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import { besideQuestion, operating } from '../state/surgery';
import type { State } from '../state/state';
import { specOf } from './figure-frame';
import type { Context } from './view';
import '../figure/figure';

const FIGURES = ['spectrum', 'similarity'] as const;

export function beside(ctx: Context, name: string): TemplateResult {
  const { state, app } = ctx;
  const own = of(state, name);
  const stale = own !== undefined && own.question !== besideQuestion(state);
  const look = html`<button class="btn plain" data-testid="beside" ?disabled=${own !== undefined && !own.report && !own.fault && !stale} @click=${() => app.surgery.beside(name)}>${own ? 'Draw again' : 'Draw its arms'}</button>`;
  if (!own) return html`<p class="small quiet">Spectrum and similarity after the edit: ${look}</p>`;
  if (own.fault) return html`<p class="small error" role="alert">${own.fault} ${look}</p>`;
  if (!own.report) return html`<p class="small quiet" role="status">Every arm of this matrix is decomposed …</p>`;
  return html`<div data-testid="arms-beside">
    <p class="small quiet">${arms(ctx, own.arm)} at ${math(`λ = ${own.lambda.toFixed(2)}`)} ${stale ? look : nothing}</p>
    <div class="beside">${FIGURES.map((id) => drawing(ctx, id, name))}</div>
  </div>`;
}

function arms({ report, store }: Context, chosen: number): TemplateResult {
  const set = (event: Event) => {
    const arm = Number((event.currentTarget as HTMLSelectElement).value);
    store.update((s) => operating(s, { beside: s.surgery.beside && { ...s.surgery.beside, arm } }));
  };
  return html`<select aria-label="Arm" data-testid="beside-arm" @change=${set}>
    ${report?.arms.map((words, at) => html`<option value=${at} .selected=${at === chosen}>${words.name}</option>`)}
  </select>`;
}

function drawing({ state, store, report }: Context, id: (typeof FIGURES)[number], name: string): TemplateResult {
  const own = of(state, name)!;
  const title = report?.figures.find((kind) => kind.id === id)?.title ?? id;
  const spec = { ...specOf(state, id), matrix: name, model: own.arm };
  return html`<div data-testid="beside-figure" data-figure=${id}><h4>${title}</h4>
    <lorascope-figure-view .report=${own.report!} .pointer=${store} .spec=${spec}></lorascope-figure-view></div>`;
}

function of({ surgery }: State, name: string) {
  return surgery.beside?.name === name ? surgery.beside : undefined;
}
