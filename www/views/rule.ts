/** The rule in force: what its preset does, and which vectors it judges otherwise than the authors' code. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted } from '../text/format';
import { math } from '../text/math';
import { signless } from '../state/modes';
import { moved, setPreset } from '../state/state';
import type { Differences, Preset } from '../wasm/simd/lorascope';
import { View } from './view';

/** A page of verdicts is read; thousands are not. */
const LISTED = 500;

class RuleView extends View {
  static override properties = { ...View.properties, open: { state: true } };
  /** The list is made only while it is read: with a slider it changes in every frame. */
  declare open: boolean;

  constructor() {
    super();
    this.open = false;
  }

  /** A line under every rule, so that none comes in between while a dial moves. */
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const presets = report?.presets ?? [];
    const [official, preset] = [presets[0], presets.find(({ id }) => id === state.settings.preset)];
    if (!official || !preset || !report?.view) return nothing;
    const plain = setPreset(state, official).settings;
    if (preset.id === official.id && !moved(state.settings, official))
      return html`<p class="deeper rule" data-testid="rule"><span>Every vector is judged as by the official code.</span></p>`;
    const found = report.differences(plain, state.settings, this.open ? LISTED : 0);
    // What is not known has no other verdict.
    const unknown = signless(state).length === state.results.size;
    const toggled = (event: Event) => (this.open = (event.currentTarget as HTMLDetailsElement).open);
    return html`<details class="deeper rule" ?open=${this.open} @toggle=${toggled}>
      <summary data-testid="differences">${preset.id === official.id ? nothing : html`${preset.note} `}
        ${
          unknown
            ? nothing
            : found && found.total > 0
              ? html`${counted(found.total, 'vector')} ${found.total === 1 ? 'gets' : 'get'} a different verdict than with the official code.`
              : 'Every vector has the same verdict as by the official code.'
        }</summary>
      ${this.#outside(preset)} ${this.open && found && found.total > 0 ? this.#list(found) : nothing}
    </details>`;
  }

  #outside(preset: Preset): TemplateResult | typeof nothing {
    const { state, app } = this.ctx;
    const outside =
      preset.everywhere && !state.stored ? (state.plan?.types ?? []).filter((type) => !type.on && type.count > 0) : [];
    if (outside.length === 0) return nothing;
    return html`<p>Left out of this plan: ${outside.map((type) => `${type.label} (${count(type.count)})`).join(', ')}.
      <button class="link" @click=${() => app.everywhere()}>Plan every tuned matrix</button></p>`;
  }

  #list({ total, verdicts }: Differences): TemplateResult {
    const labels = this.ctx.report?.models(this.ctx.state.settings).map(({ label }) => label) ?? [];
    return html`<div class="tbl-scroll data" tabindex="0" role="region" aria-label="Vectors with another verdict"><table>
        <thead><tr><th>Model</th><th>Matrix</th><th class="num"><i class="v">j</i></th><th>Official code</th><th>Now</th><th>Why</th></tr></thead>
        <tbody>${verdicts.map(
          (
            v,
          ) => html`<tr><td>${math(labels[v.model] ?? '')}</td><td class="mono">${v.matrix}</td><td class="num">${v.j + 1}</td>
            <td>${verdict(v.from)}</td><td>${verdict(v.to)}</td><td>${math(v.reason)}</td></tr>`,
        )}</tbody>
      </table></div>
      ${total > verdicts.length ? html`<p class="small faint">The first ${count(verdicts.length)} of ${count(total)}.</p>` : nothing}`;
  }
}

function verdict(intruder: boolean): TemplateResult {
  return intruder ? html`<b>intruder</b>` : html`<span class="faint">not</span>`;
}

customElements.define('lorascope-rule', RuleView);
