/** The table of arms: what the edit leaves, beside what its controls leave. Its lines stand from the beginning, so that nothing moves. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, fixed, undecided } from '../text/format';
import { formula, math } from '../text/math';
import { atRandom } from '../state/state';
import { operating, retry, type Operable } from '../state/surgery';
import type { ArmCurve, ArmWords, Surgery } from '../wasm/simd/lorascope';
import type { Context } from './view';
import { wide } from './wide';

export function armTable(ctx: Context, all: readonly Operable[]): TemplateResult {
  const { state, report } = ctx;
  const { sums, lambda, at, waiting } = state.surgery;
  const late = sums !== undefined && at !== lambda;
  return html`<div class="part arms-part">
    <p class="find" data-testid="surgery-said" aria-live="polite">${sums && !late ? math(said(sums, at)) : html`<span class="faint">${waiting > 0 ? `${count(all.length - waiting)} of ${counted(all.length, 'matrix', 'matrices')} at λ = ${lambda.toFixed(2)}` : 'Opening the matrices'}</span>`}</p>
    <p class="small longer" data-testid="longer">${sums && !late ? longer(sums, at) : ''}</p>
    ${wide(html`<table class="models arms ${late ? 'late' : ''}" data-testid="arms" data-lambda=${sums ? at : nothing}>
      <thead><tr>
        <th>Arm</th>
        <th class="num">Intruders<br />after</th>
        <th class="num" title="Mean over the matrices">Energy<br />share</th>
        <th class="num" title="Over all matrices: the root of the sum of squares">‖Δ<i class="v">W</i>‖</th>
        <th class="num">of as<br />trained</th>
        <th class="num" title="Mean over the changed matrices">Effective rank<br />of Δ<i class="v">W</i>, mean</th>
        <th class="num" title="Of any matrix’s strongest vectors after the edit">Weakest<br />best match</th>
        <th class="num" title="The largest of any matrix">${math('σ₁')}(<i class="v">W</i>),<br />largest</th>
      </tr></thead>
      <tbody>${(report?.arms ?? []).map((words) => line(words, sums))}</tbody>
    </table>`)}
    ${atRandom(state) ? html`<p class="small warn under">The preset counts by signed cosines; surgery chooses and counts by |cos|, which signs cannot change.</p>` : nothing}
    ${refusals(ctx)}
  </div>`;
}

function said({ chosen, edited, matrices }: Surgery, lambda: number): string {
  if (chosen === 0)
    return `No vector is chosen in ${counted(matrices, 'matrix', 'matrices')}: every arm but the last is as trained.`;
  const where = `${counted(chosen, 'vector')} in ${count(edited)} of ${counted(matrices, 'matrix', 'matrices')}`;
  return lambda === 1 ? `λ = 1: ${where}, unchanged.` : `${where} at ${lambda.toFixed(2)} of their strength.`;
}

function longer({ longer, chosen, edited }: Surgery, lambda: number): string {
  if (chosen === 0 || lambda >= 1) return '';
  return longer > 0
    ? `In ${count(longer)} of ${count(edited)} edited matrices the scaled change is longer than the original: a chosen vector holds a part of W₀.`
    : 'In no matrix is the scaled change longer than the original.';
}

function line(words: ArmWords, sums: Surgery | undefined): TemplateResult {
  const curve = sums?.arms.find(({ arm }) => arm === words.arm);
  const trained = sums?.arms.find(({ arm }) => arm === 'trained');
  const cell = (label: TemplateResult | string, value: string, differs: boolean, more?: string) =>
    html`<td class="num" data-l=${label}><span>${differs ? html`<b>${value}</b>` : value}${more === undefined ? nothing : html` <small class="faint">${more}</small>`}</span></td>`;
  const numbers = (
    of: (curve: ArmCurve) => number | undefined,
    print: (n: number | undefined) => string,
    label: string,
  ) => {
    const [value, before] = [curve && of(curve), trained && of(trained)];
    return cell(label, print(value), print(value) !== print(before));
  };
  const intruders = curve?.intruders[0];
  const before = trained?.intruders[0];
  const step = intruders === undefined || before === undefined ? 0 : intruders - before;
  const norm = (c: ArmCurve) => c.frobenius[0];
  const ratio = curve && trained && norm(trained) ? norm(curve)! / norm(trained)! : undefined;
  return html`<tr data-testid="arm" data-arm=${words.arm}>
    <td class="arm"><b>${words.name}</b><div class="formula">${formula(words.formula)}</div><div class="small quiet">${math(words.about)}</div></td>
    ${cell('Intruders after', curve ? undecided(intruders ?? 0, curve.undecided[0] ?? 0) : '–', step !== 0, step === 0 ? '' : `${step > 0 ? '+' : '\u2212'}${count(Math.abs(step))}`)}
    ${numbers(
      (c) => c.energy[0],
      (n) => (n == null ? '–' : `${(100 * n).toFixed(1)} %`),
      'Energy share',
    )}
    ${numbers(norm, (n) => short(n), '‖ΔW‖')}
    ${cell('‖ΔW‖ of as trained', fixed(ratio, 3), ratio !== undefined && ratio.toFixed(3) !== '1.000')}
    ${numbers(
      (c) => c.effectiveRank[0],
      (n) => fixed(n, 1),
      'Effective rank of ΔW',
    )}
    ${numbers(
      (c) => c.weakest?.[0],
      (n) => fixed(n, 2),
      'Weakest best match',
    )}
    ${numbers(
      (c) => c.sigma[0],
      (n) => fixed(n, 2),
      'σ₁(W), largest',
    )}
  </tr>`;
}

/** Four digits of a norm of any size. */
function short(n: number | undefined): string {
  return n === undefined ? '–' : n >= 1000 || n === 0 ? count(Math.round(n)) : n.toPrecision(4);
}

function refusals({ state, store }: Context): TemplateResult | typeof nothing {
  const { refused } = state.surgery;
  if (refused.size === 0) return nothing;
  return html`<div class="small under" data-testid="refused"><p class="warn">${counted(refused.size, 'matrix', 'matrices')} cannot be edited and ${refused.size === 1 ? 'is' : 'are'} in no sum.
      <button class="link" @click=${() => store.update(retry)}>Try again</button></p>
    <ul>${[...refused].map(([name, why]) => html`<li><code>${name}</code> ${why}</li>`)}</ul></div>`;
}

/** The arm that is saved and copied. */
export function armChoice({ state, store, report }: Context): TemplateResult {
  const set = (event: Event) => {
    const arm = report?.arms.find((words) => words.arm === (event.currentTarget as HTMLSelectElement).value)?.arm;
    if (arm) store.update((s) => operating(s, { arm, saved: '' }));
  };
  return html`<label class="field">Arm
    <select data-testid="arm-choice" @change=${set}>
      ${(report?.arms ?? []).map(({ arm, name }) => (arm === 'trained' ? nothing : html`<option value=${arm} .selected=${arm === state.surgery.arm}>${name}</option>`))}
    </select></label>`;
}
