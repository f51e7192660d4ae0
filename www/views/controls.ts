/** The sticky line of dials, each a slider and a field for its exact value. Each moves every figure and every count within one frame; nothing is computed again. */
import { html, nothing, type TemplateResult } from 'lit';
import * as change from '../state/state';
import type { Side } from '../wasm/simd/lorascope';
import { exact } from './exact';
import { View } from './view';

const SIDES: readonly (readonly [Side, string, string])[] = [
  ['left', 'left', 'U'],
  ['right', 'right', 'V'],
  ['both', 'both', ''],
];

class ControlsView extends View {
  /** The line's height, for what scrolls to a place below it. */
  readonly #resize = new ResizeObserver(([entry]) => {
    const height = Math.ceil(entry?.borderBoxSize[0]?.blockSize ?? 0);
    document.documentElement.style.setProperty('--dials', `${height}px`);
  });

  protected override firstUpdated(): void {
    this.#resize.observe(this.querySelector('.controls')!);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    document.documentElement.style.removeProperty('--dials');
  }

  protected override render(): TemplateResult {
    const { state, store } = this.ctx;
    const { k, epsilon, side } = state.settings;
    const value = (event: Event) => (event.currentTarget as HTMLInputElement).valueAsNumber;
    const longest = change.longestK(state);
    return html`<div class="controls"><div class="wrap"><div class="in">
      <div class="ctl">
        <label for="k"><span class="word">Window </span><i class="v">k</i></label>
        <input id="k" type="range" min="1" max=${change.maxK(state)} .value=${String(k)} aria-valuetext=${k} data-testid="k-slider" @input=${(e: Event) => store.update((s) => change.setK(s, value(e)))} />
        ${exact({
          id: 'k-exact',
          label: `Window k, 1 to ${longest}`,
          min: 1,
          max: longest,
          step: 1,
          said: String(k),
          set: (to) => store.update((s) => change.setK(s, to)),
          now: () => String(store.state.settings.k),
        })}
      </div>
      <div class="ctl">
        <label for="e"><span class="word">Threshold </span><i class="v">ε</i></label>
        <input id="e" type="range" min="0" max="1" step="0.01" .value=${String(epsilon)} data-testid="epsilon-slider" @input=${(e: Event) => store.update((s) => change.setEpsilon(s, value(e)))} />
        ${exact({
          id: 'epsilon-exact',
          label: 'Threshold ε, 0 to 1',
          min: 0,
          max: 1,
          step: 0.01,
          said: epsilon.toFixed(2),
          set: (to) => store.update((s) => change.setEpsilon(s, to)),
          now: () => store.state.settings.epsilon.toFixed(2),
        })}
      </div>
      <div class="ctl" role="group" aria-label="Vectors">
        <span class="lab">Vectors</span>
        <div class="seg">
          ${SIDES.map(
            ([
              id,
              name,
              letter,
            ]) => html`<button aria-pressed=${id === side} data-side=${id} @click=${() => store.update((s) => change.setSide(s, id))}>
              ${name}${letter && html` <i class="v">${letter}</i>`}
            </button>`,
          )}
        </div>
      </div>
      ${this.#preset()}
    </div></div></div>`;
  }

  #preset(): TemplateResult {
    const { state, store, report } = this.ctx;
    const all = report?.presets ?? [];
    const own = all.find(({ id }) => id === state.settings.preset);
    // The preset itself stays in the list: choosing it takes back what was changed.
    const changed = own !== undefined && change.moved(state.settings, own);
    const chosen = (event: Event) => {
      const preset = all.find(({ id }) => id === (event.currentTarget as HTMLSelectElement).value);
      if (preset) store.update((s) => change.setPreset(s, preset));
    };
    return html`<div class="ctl wide push">
      <label for="preset">Preset</label>
      <select id="preset" data-testid="preset" @change=${chosen}>
        ${changed ? html`<option value="" .selected=${true}>${change.ruleName(state.settings, all)}</option>` : nothing}
        ${all.map(({ id, name }) => html`<option value=${id} .selected=${!changed && id === own?.id}>${name}</option>`)}
      </select>
    </div>`;
  }
}

customElements.define('lorascope-controls', ControlsView);
