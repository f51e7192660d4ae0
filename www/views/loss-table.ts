/** The table of losses: the base, its fine-tunes, and the arms of the surgery below the model that they edit. Undone parts are a figure with a table of its own. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, duration } from '../text/format';
import { math } from '../text/math';
import { losing } from '../state/loss';
import type { Loss, LossOn, LossRow } from '../wasm/simd/lorascope';
import { isUndone } from './loss-figures';
import { nameText } from './model';
import type { Context } from './view';
import { wide } from './wide';

export function lossTable(ctx: Context, loss: Loss): TemplateResult {
  const { seconds } = ctx.state.loss;
  return html`<div class="part">
    ${wide(html`<table class="models losses" data-testid="losses">
      <thead><tr><th>Model</th>
        ${loss.texts.map(
          ({ name }) => html`<th class="num" title="Nats per token, natural logarithm">${name}:<br />mean loss</th>
          <th class="num" title="Mean of the tokens’ own differences, and its standard error">more than<br />the base</th>`,
        )}
        <th></th></tr></thead>
      <tbody>${loss.rows.map((row, at) => (isUndone(row) ? nothing : line(ctx, loss, row, at)))}</tbody>
    </table>`)}
    <p class="small quiet under" data-testid="loss-how">${how(loss, seconds)}</p>
  </div>`;
}

function line(ctx: Context, loss: Loss, row: LossRow, at: number): TemplateResult {
  const { state, store } = ctx;
  const whole = row.arm === undefined || row.arm === null;
  const look = () => store.update((s) => losing(s, { row: at }));
  return html`<tr data-testid="loss-row" data-arm=${row.arm ?? nothing} data-lambda=${row.lambda ?? nothing} class=${whole ? '' : 'edit'}>
    <td>${name(ctx, row)}</td>
    ${row.on.map((on, text) => cells(on, at === 0, loss.texts[text]?.name ?? ''))}
    <td>${whole && at > 0 && row.on.some(({ tokens }) => tokens.length > 0) ? html`<button class="link small" aria-pressed=${state.loss.row === at} @click=${look}>token by token</button>` : nothing}</td>
  </tr>`;
}

function cells({ mean, more, error }: LossOn, base: boolean, text: string): TemplateResult {
  const beside = html`<td class="num" data-l="more than the base"><span>${signed(more)} <small class="faint">± ${error.toFixed(4)}</small></span></td>`;
  return html`<td class="num" data-l="${text}: mean loss"><span>${mean.toFixed(4)}</span></td>${base ? html`<td class="num none"></td>` : beside}`;
}

/** The row in words. */
export function name({ state, report }: Context, row: LossRow): TemplateResult | string {
  if (row.model === undefined || row.model === null) return 'base';
  const label = nameText(state.head?.models[row.model]?.label ?? '');
  const arm = report?.arms.find((words) => words.arm === row.arm);
  if (!arm) return label;
  return row.arm === 'projected'
    ? html`${label}, ${arm.name}`
    : html`${label}, ${arm.name}, ${math(`λ = ${row.lambda ?? 1}`)}`;
}

export function signed(x: number): string {
  return `${x < 0 ? '\u2212' : '+'}${Math.abs(x).toFixed(4)}`;
}

/** The definition behind the numbers: without it they cannot be compared. */
function how(loss: Loss, seconds: number): string {
  const tokens = loss.texts
    .map(({ tokens, window }) => `${counted(tokens, 'token')} (window ${count(window)}, no overlap)`)
    .join(', ');
  const what = loss.masked
    ? 'Pseudo-loss: each token hidden in turn (Salazar et al. 2020)'
    : 'Each token predicted from those before it, as PEFT measures forgetting since July 2026';
  return `${what}; −ln p in nats, over ${tokens}. ± is one standard error over these tokens, paired with the base.${seconds > 0 ? ` ${duration(seconds)}.` : ''}`;
}
