/** The edited matrices: which vectors of each are scaled, and what that leaves. A matrix can be left out, a vector taken in or out. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, fixed } from '../text/format';
import { matrixName } from '../text/names';
import { beside } from './surgery-beside';
import { asRule, choose, leaveOut, operating, patient, unfold, type Operable } from '../state/surgery';
import type { MatrixRow, Operated } from '../wasm/simd/lorascope';
import type { Context } from './view';

/** More than there are. */
const ALL_ROWS = 2 ** 32 - 1;

export function edits(ctx: Context, all: readonly Operable[]): TemplateResult {
  const { state, store, report } = ctx;
  const { found, out, own, all: everything } = state.surgery;
  const names = new Set(all.map(({ name }) => name));
  const rows = (report?.matrices(state.settings, undefined, ALL_ROWS, patient(state), 0).rows ?? []).filter((row) =>
    names.has(row.name),
  );
  const edited = ({ name }: MatrixRow) => out.has(name) || own.has(name) || (found.get(name)?.chosen.length ?? 0) > 0;
  const shown = everything ? rows : rows.filter(edited);
  const rest = rows.length - shown.length;
  const show = (on: boolean) => () => store.update((s) => operating(s, { all: on }));
  return html`<div class="part" data-testid="edits">
    <div class="part-head"><h3>Edited matrices</h3></div>
    ${
      shown.length === 0
        ? html`<p class="quiet">${found.size < all.length ? 'Their vectors are not counted yet.' : 'No matrix has an intruder under this rule.'}</p>`
        : html`<table class="edits">
          <thead><tr><th>Matrix</th><th>Vectors</th><th class="num">Intruders,<br />scaled</th><th><span class="sr">Vectors</span></th></tr></thead>
          <tbody>${shown.map((row) => [line(ctx, row), vectors(ctx, row)])}</tbody>
        </table>`
    }
    ${rest > 0 ? html`<p class="more"><button class="link" data-testid="all-edits" @click=${show(true)}>Show the other ${count(rest)}, of which no vector is chosen</button></p>` : nothing}
    ${everything && rows.some((row) => !edited(row)) ? html`<p class="more"><button class="link" @click=${show(false)}>Show the edited ones only</button></p>` : nothing}
  </div>`;
}

function line({ state, store }: Context, row: MatrixRow): TemplateResult {
  const { found, out, own, unfolded } = state.surgery;
  const answer = found.get(row.name);
  const left = out.has(row.name);
  const set = (event: Event) => {
    const { checked } = event.currentTarget as HTMLInputElement;
    store.update((s) => leaveOut(s, row.name, !checked));
  };
  const open = unfolded.has(row.name);
  return html`<tr data-testid="edit" data-name=${row.name} class=${left ? 'left' : ''}>
    <td><label class="take"><input type="checkbox" .checked=${!left} @change=${set} aria-label="Edit ${row.name}" />
      <span>${row.layer == null ? '' : html`<span class="faint">${row.layer}</span> `}${matrixName(row)}</span></label></td>
    <td class="chosen">${left ? html`<span class="faint">left out</span>` : list(answer)}${own.has(row.name) && !left ? html` <span class="small faint">by hand</span>` : nothing}</td>
    <td class="num" data-testid="before-after">${change(answer)}</td>
    <td class="num"><button class="link" aria-expanded=${open} data-testid="choose" @click=${() => store.update((s) => unfold(s, row.name))}>${open ? 'Close' : 'Choose'}</button></td>
  </tr>`;
}

/** From 1, as everywhere on the screen. */
function list(answer: Operated | undefined): string {
  if (!answer) return '–';
  return answer.chosen.length > 0 ? answer.chosen.map((j) => count(j + 1)).join(', ') : 'none';
}

function change(answer: Operated | undefined): TemplateResult | string {
  const scaled = answer?.arms.find(({ arm }) => arm === 'scaled');
  if (!answer || !scaled) return '–';
  const [before, after] = [answer.trained.intruders, scaled.intruders];
  return html`${count(before)} → ${before === after ? count(after) : html`<b>${count(after)}</b>`}`;
}

/** The strongest vectors of a matrix with their best matches, to be chosen one by one. */
function vectors(ctx: Context, { name }: MatrixRow): TemplateResult | typeof nothing {
  const { state, store } = ctx;
  const { found, unfolded, out, own } = state.surgery;
  const answer = found.get(name);
  if (!unfolded.has(name) || !answer) return nothing;
  const { epsilon, k } = state.settings;
  const chosen = new Set(own.get(name) ?? answer.chosen);
  const set = (j: number) => (event: Event) => {
    const { checked } = event.currentTarget as HTMLInputElement;
    store.update((s) => choose(s, name, j, checked));
  };
  return html`<tr class="choices"><td colspan="4">
    <fieldset ?disabled=${out.has(name)}><legend class="small quiet">${counted(Math.min(k, answer.trained.best.length), 'strongest vector')} as trained, and their best matches; bold below <i class="v">ε</i>.</legend>
      ${answer.trained.best.map(
        (best, j) =>
          html`<label data-testid="vector"><input type="checkbox" .checked=${chosen.has(j)} @change=${set(j)} aria-label="Vector ${j + 1}, best match ${fixed(best, 2)}" /><span class="faint">${j + 1}</span> ${best < epsilon ? html`<b>${fixed(best, 2)}</b>` : fixed(best, 2)}</label>`,
      )}
    </fieldset>
    ${own.has(name) ? html`<button class="link small" @click=${() => store.update((s) => asRule(s, name))}>All its intruders again</button>` : nothing}
    ${beside(ctx, name)}
  </td></tr>`;
}
