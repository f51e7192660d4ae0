/** What the preset in force does, and which vectors it judges otherwise than the authors' code. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted } from '../format';
import { math } from '../math';
import { setPreset } from '../state';
import type { Context } from './view';

/** Nothing while the rule is the default one. */
export function rule({ state, report, app }: Context): TemplateResult | typeof nothing {
  const presets = report?.presets ?? [];
  const [official, preset] = [presets[0], presets.find(({ id }) => id === state.settings.preset)];
  if (!official || !preset || !report?.view) return nothing;
  const plain = setPreset(state, official).settings;
  const { k, epsilon, side, cosine } = state.settings;
  if (k === plain.k && epsilon === plain.epsilon && side === plain.side && cosine === plain.cosine && preset.id === official.id) return nothing;
  const labels = report.models(state.settings).map(({ label }) => label);
  const found = report.differences(plain, state.settings);
  const outside = preset.everywhere && !state.stored ? (state.plan?.types ?? []).filter((type) => !type.on && type.count > 0) : [];
  return html`<details class="deeper rule">
    <summary data-testid="differences">${preset.id === official.id ? nothing : html`${preset.note} `}
      ${found && found.total > 0
        ? html`${counted(found.total, 'vector')} ${found.total === 1 ? 'has' : 'have'} another verdict than by the official code.`
        : 'Every vector has the same verdict as by the official code.'}</summary>
    ${outside.length > 0
      ? html`<p>Left out of this plan: ${outside.map((type) => `${type.label} (${count(type.count)})`).join(', ')}.
          <button class="link" @click=${() => app.everywhere()}>Plan every tuned matrix</button></p>`
      : nothing}
    ${found && found.total > 0
      ? html`<div class="tbl-scroll data" tabindex="0" role="region" aria-label="Vectors with another verdict"><table>
          <thead><tr><th>Model</th><th>Matrix</th><th class="num"><i class="v">j</i></th><th>Official code</th><th>Now</th><th>Why</th></tr></thead>
          <tbody>${found.verdicts.map(
            (v) => html`<tr><td>${math(labels[v.model] ?? '')}</td><td class="mono">${v.matrix}</td><td class="num">${v.j + 1}</td>
              <td>${verdict(v.from)}</td><td>${verdict(v.to)}</td><td>${math(v.reason)}</td></tr>`,
          )}</tbody>
        </table></div>
        ${found.total > found.verdicts.length ? html`<p class="small faint">The first ${count(found.verdicts.length)} of ${count(found.total)}.</p>` : nothing}`
      : nothing}
  </details>`;
}

function verdict(intruder: boolean): TemplateResult {
  return intruder ? html`<b>intruder</b>` : html`<span class="faint">not</span>`;
}
