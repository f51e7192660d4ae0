/** The head of one matrix: the way back, its name, its neighbours, and the next one in which something is new. */
import { html, nothing, type TemplateResult } from 'lit';
import { placeName } from '../text/names';
import type { MatrixRow } from '../wasm/simd/lorascope';
import { elsewhere, toNextIntruder } from './next-intruder';
import { heading } from './results';
import { View } from './view';

class MatrixHeadView extends View {
  protected override render(): TemplateResult | typeof nothing {
    const { state, nav, report, app } = this.ctx;
    const names = state.plan?.matrices.map((m) => m.name) ?? [];
    const at = names.indexOf(state.open ?? '');
    const [before, matrix, after] = [at - 1, at, at + 1].map((n) => report?.matrix(state.settings, names[n] ?? ''));
    if (!matrix) return nothing;
    return html`<div class="wrap"><div class="head">
      <p class="crumb"><button class="link" @click=${() => nav.close()}>${heading(this.ctx)}</button></p>
      <div class="head-row">
        <div><h1>${name(matrix)}</h1><p class="sub"><span class="mono">${matrix.name}</span> &nbsp;${matrix.rows} × ${matrix.cols}</p></div>
        <div class="actions">
          ${state.status === 'running' ? html`<button class="btn" data-testid="cancel" @click=${() => app.cancel()}>Cancel <kbd>Esc</kbd></button>` : nothing}
          ${before ? html`<button class="btn" @click=${() => nav.open(before.name)} aria-label="Previous matrix: ${name(before)}">← ${name(before)}</button>` : nothing}
          ${after ? html`<button class="btn" @click=${() => nav.open(after.name)} aria-label="Next matrix: ${name(after)}">${name(after)} →</button>` : nothing}
          ${names.length > 1 ? this.#intruder() : nothing}
        </div>
      </div>
    </div></div>`;
  }

  /** It stays where it is while the dials move, whether there is one or not. */
  #intruder(): TemplateResult {
    const { label, matrices } = elsewhere(this.ctx);
    const why = matrices > 0 ? `In ${label}` : `No other matrix has an intruder in ${label}`;
    return html`<button class="btn" data-testid="next-intruder" title=${why} ?disabled=${matrices === 0} @click=${() => toNextIntruder(this.ctx)}>Next with an intruder →</button>`;
  }
}

/** A title begins with a capital, where its first word is ours. */
function name(m: MatrixRow): string {
  return placeName(m).replace(/^layer /, 'Layer ');
}

customElements.define('lorascope-matrix-head', MatrixHeadView);
