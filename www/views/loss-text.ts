/** A text, token by token: shaded by what got harder or easier than for the base. */
import { html, nothing, type TemplateResult } from 'lit';
import { losing } from '../state/loss';
import type { Loss } from '../wasm/simd/lorascope';
import { name, signed } from './loss-table';
import type { Context } from './view';

/** Differences in nats from which on a shade is the next darker one. */
const STEPS = [0.1, 0.5, 1, 2, 4] as const;

export function lossText(ctx: Context, loss: Loss): TemplateResult | typeof nothing {
  const { state, store } = ctx;
  const at = Math.min(state.loss.text, loss.texts.length - 1);
  const row = loss.rows[state.loss.row] ?? loss.rows[1];
  const text = loss.texts[at];
  const [own, base] = [row?.on[at]?.tokens ?? [], loss.rows[0]?.on[at]?.tokens ?? []];
  if (!row || !text || own.length === 0) return nothing;
  const by = new Map(text.places.map((place, i) => [place, i]));
  const said = (i: number) => {
    const [before, now] = [base[i] ?? 0, own[i] ?? 0];
    return `${before.toFixed(2)} for the base, ${now.toFixed(2)} here: ${signed(now - before)}`;
  };
  const token = (piece: string, place: number) => {
    const i = by.get(place);
    if (i === undefined || own[i] === undefined || base[i] === undefined)
      return piece === '' ? nothing : html`<span class="t">${piece}</span>`;
    const more = own[i] - base[i];
    const shade = STEPS.filter((step) => Math.abs(more) >= step).length;
    const colour = shade === 0 ? '' : `${more > 0 ? 'harder' : 'easier'}-${shade}`;
    return html`<span class="t ${colour} ${place === state.loss.token ? 'on' : ''}" data-place=${place} title=${said(i)}>${piece === '' ? '\u00b7' : piece}</span>`;
  };
  const chosen = state.loss.token === undefined ? undefined : by.get(state.loss.token);
  const say = (place: number | undefined) => {
    if (place !== undefined) store.update((s) => losing(s, { token: place }));
  };
  const press = (event: Event) => {
    const place = (event.target as HTMLElement).dataset['place'];
    if (place) say(Number(place));
  };
  const move = (event: KeyboardEvent) => {
    const step = Number(event.key === 'ArrowRight') - Number(event.key === 'ArrowLeft');
    if (step === 0) return;
    event.preventDefault();
    say(text.places[chosen === undefined ? 0 : chosen + step]);
  };
  return html`<div class="part" data-testid="loss-tokens">
    <div class="part-head"><h3>Token by token: ${name(ctx, row)}</h3>
      ${
        loss.texts.length > 1
          ? html`<select aria-label="Text" data-testid="loss-text" @change=${(event: Event) => store.update((s) => losing(s, { text: Number((event.currentTarget as HTMLSelectElement).value) }))}>
            ${loss.texts.map((text, i) => html`<option value=${i} .selected=${i === at}>${text.name}</option>`)}</select>`
          : nothing
      }
      <span class="key small quiet"><span class="t harder-4">harder</span> <span class="t easier-4">easier</span> than for the base</span></div>
    <div class="shaded" role="group" tabindex="0" aria-label="The text, token by token" @click=${press} @keydown=${move}>${text.pieces.map(token)}</div>
    <p class="small under" aria-live="polite" data-testid="loss-token">${
      chosen === undefined
        ? html`<span class="faint">Press a token, or go through them with the arrow keys, for its loss under both. Shades begin at ${STEPS.join(', ')} nats.</span>`
        : html`“${text.pieces[text.places[chosen] ?? 0]}”: ${said(chosen)} nats.`
    }</p>
  </div>`;
}
