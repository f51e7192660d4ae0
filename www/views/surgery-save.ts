/** The edited change to take away: files that hold it, and a script that computes it again. */
import { html, nothing, type TemplateResult } from 'lit';
import { armScript } from '../text/arm-script';
import { count, counted } from '../text/format';
import { math } from '../text/math';
import { toSave } from '../surgery/operating';
import type { State } from '../state/state';
import { SEED, factored, operable, operating, patient } from '../state/surgery';
import type { Precision } from '../wasm/simd/lorascope';
import { armChoice } from './surgery-arms';
import type { Context } from './view';
import './copy';

export function takeAway(ctx: Context): TemplateResult {
  const { state, app } = ctx;
  const { saving, saved, saveFault, waiting, lambda, arm } = state.surgery;
  const whole = !factored(state);
  const matrices = toSave(state).length;
  const idle = waiting > 0 || matrices === 0;
  return html`<div class="part" data-testid="take-away">
    <div class="part-head"><h3>Take it away</h3></div>
    <div class="fields">${armChoice(ctx)} ${whole ? nothing : html`${rank(ctx)} ${precision(ctx)}`}</div>
    <p class="small quiet">${math(words(state, whole))}</p>
    ${whole ? nothing : lacks(state)}
    <div class="part-head">
      ${
        saving
          ? html`<progress max=${saving.total} value=${saving.done} aria-label="Matrices saved"></progress>
            <span class="quiet" data-testid="saving">${count(saving.done)} of ${counted(saving.total, 'matrix', 'matrices')}</span>
            <button class="btn plain" @click=${() => app.surgery.cancelSaving()}>Cancel</button>`
          : html`<button class="btn main" data-testid="save-edited" ?disabled=${idle} @click=${() => app.surgery.save()}>Save the edited ${whole ? 'matrices' : 'adapter'}</button>
            <lorascope-copy kind="btn" data-testid="copy-arm" label="Copy as PyTorch" .text=${() => script(ctx)}></lorascope-copy>`
      }
    </div>
    <p class="small ${saveFault ? 'error' : 'quiet'} ended" role="status" data-testid="saved">${saveFault || saved || `${ctx.report?.arms.find((own) => own.arm === arm)?.name ?? ''}${arm === 'projected' ? '' : `, λ = ${lambda.toFixed(2)}`}, ${counted(matrices, 'matrix', 'matrices')}.`}</p>
  </div>`;
}

function words(state: State, whole: boolean): string {
  const { ownRank, arm } = state.surgery;
  const readme = 'A README names the vectors, the numbers and the hashes.';
  const all = arm === 'projected' ? 'Projected has no chosen vectors: it takes every matrix, those left out too. ' : '';
  if (whole)
    return `${all}The change is stored whole, and so are the edited matrices: under their names, in the base’s number type, to load over the fine-tune. ${readme}`;
  return ownRank
    ? `${all}A PEFT LoRA of the rank that each module has. What the cut loses of the edit stands in the README, module by module. ${readme}`
    : `${all}A PEFT LoRA whose modules have the ranks that the edit needs; merged, it is the edited model to rounding. ${readme}`;
}

/** An adapter is more than what was analyzed: what is not in the files is said before they are written. */
function lacks(state: State): TemplateResult | typeof nothing {
  const { plan } = state;
  const model = patient(state);
  const matching = plan?.models[model]?.matching;
  const off = plan?.types.some(({ on, count }) => !on && count > 0) || Boolean(plan?.pattern);
  const unpaired = matching !== undefined && matching.matched < matching.total;
  const failed = [...state.results.values()].some((all) =>
    all.some(
      (found) => found.model === model && (found.matrix.status === 'failed' || found.matrix.status === 'skipped'),
    ),
  );
  const refused = state.surgery.refused.size > 0;
  if (!off && !unpaired && !failed && !refused) return nothing;
  const why = [
    off ? 'switched off in the plan' : '',
    unpaired ? 'without a partner in the base' : '',
    failed || refused ? 'failed' : '',
  ].filter(Boolean);
  return html`<p class="small warn" data-testid="lacks">The files hold ${counted(operable(state).length, 'matrix', 'matrices')}. Parts of the adapter that are ${why.join(', or ')} are not in them.</p>`;
}

function rank({ state, store }: Context): TemplateResult {
  const set = (event: Event) => {
    const ownRank = (event.currentTarget as HTMLSelectElement).value === 'own';
    store.update((s) => operating(s, { ownRank, saved: '' }));
  };
  return html`<label class="field">Rank
    <select data-testid="rank-choice" @change=${set}>
      <option value="exact" .selected=${!state.surgery.ownRank}>exact: r + number of vectors</option>
      <option value="own" .selected=${state.surgery.ownRank}>cut to the adapter’s own</option>
    </select></label>`;
}

function precision({ state, store }: Context): TemplateResult {
  const set = (event: Event) => {
    const precision: Precision = (event.currentTarget as HTMLSelectElement).value === 'bf16' ? 'bf16' : 'f32';
    store.update((s) => operating(s, { precision, saved: '' }));
  };
  return html`<label class="field">Numbers
    <select data-testid="precision-choice" @change=${set}>
      <option value="f32" .selected=${state.surgery.precision === 'f32'}>float32</option>
      <option value="bf16" .selected=${state.surgery.precision === 'bf16'}>bfloat16</option>
    </select></label>`;
}

function script({ state, report }: Context): string {
  const { arm, lambda, out, own } = state.surgery;
  const said = report?.arms.find((one) => one.arm === arm);
  if (!said) return '';
  const { k, epsilon, side } = state.settings;
  const byHand = new Map([...own].filter(([name]) => !out.has(name)));
  for (const name of out) byHand.set(name, []);
  const model = state.head?.models[patient(state)]?.label ?? '';
  return armScript({
    words: said,
    model,
    base: state.head?.base.label ?? '',
    lambda,
    k,
    epsilon,
    side,
    seed: SEED,
    byHand,
  });
}
