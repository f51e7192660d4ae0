/** What a run of losses reads: texts, the window, the arms of the surgery, the parts to undo. */
import { html, type TemplateResult } from 'lit';
import { counted } from '../text/format';
import { math } from '../text/math';
import {
  LOSS_LAMBDAS,
  MOST_TOKENS,
  type TextId,
  armsKnown,
  chooseText,
  losing,
  partsOf,
  textsOf,
  windowOf,
} from '../state/loss';
import { patient } from '../state/surgery';
import { nameText } from './model';
import type { Context } from './view';

export function lossChoices({ state, store }: Context): TemplateResult {
  const { texts, own, arms, undo } = state.loss;
  const longest = Math.min(state.loss.subject?.longest ?? MOST_TOKENS, MOST_TOKENS);
  const widen = (event: Event) => {
    const window = Math.round(Number((event.currentTarget as HTMLInputElement).value));
    if (window >= 2) store.update((s) => losing(s, { window: Math.min(window, MOST_TOKENS) }));
  };
  const box = (
    id: TextId,
    name: string,
  ) => html`<label class="check"><input type="checkbox" data-testid="loss-text-${id}" .checked=${texts.has(id)}
      @change=${(event: Event) => store.update((s) => chooseText(s, id, (event.currentTarget as HTMLInputElement).checked))} /> ${name}</label>`;
  const type = (event: Event) => {
    const text = (event.currentTarget as HTMLTextAreaElement).value;
    store.update((s) => losing(chooseText(s, 'own', text !== ''), { own: text }));
  };
  const drop = (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    void file.text().then((text) => store.update((s) => losing(chooseText(s, 'own', text !== ''), { own: text })));
  };
  const edited = state.head?.models[patient(state)]?.label ?? '';
  return html`<fieldset class="texts"><legend class="small quiet">Texts</legend>
      ${textsOf(state).map(({ id, name }) => box(id, name))} ${box('own', 'Your own')}</fieldset>
    <textarea data-testid="loss-own" rows="3" aria-label="Your own text" placeholder="Paste a text, or drop a file of one" .value=${own} @input=${type} @drop=${drop}></textarea>
    <label class="check"><span>In windows of</span> <input type="number" inputmode="numeric" data-testid="loss-window" min="2" max=${longest} .value=${String(windowOf(state.loss))} @change=${widen} />
      <span>tokens at most; none is repeated. The mean depends on it.</span></label>
    ${
      armsKnown(state)
        ? html`<label class="check"><input type="checkbox" data-testid="loss-arms" .checked=${arms}
      @change=${(event: Event) => store.update((s) => losing(s, { arms: (event.currentTarget as HTMLInputElement).checked }))} />
      <span>The arms of surgery on ${nameText(edited)} too, at ${math('λ')} = ${LOSS_LAMBDAS.join(', ')}</span></label>
    <label class="check"><input type="checkbox" data-testid="loss-undo" .checked=${undo}
      @change=${(event: Event) => store.update((s) => losing(s, { undo: (event.currentTarget as HTMLInputElement).checked }))} />
      <span>${nameText(edited)} with its change undone, layer by layer and type by type: ${counted(partsOf(state).length, 'row')}</span></label>`
        : html`<p class="small faint">Arms of surgery and parts to undo are of parts of fused layers here; a loss takes them whole. Join them in the plan.</p>`
    }`;
}
