/** The head of one matrix: the way back, its name, its neighbours. */
import { html, nothing, type TemplateResult } from 'lit';
import type { MatrixRow } from '../wasm/simd/lorascope';
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
          ${before ? html`<button class="btn" @click=${() => nav.open(before.name)} aria-label="Previous matrix: ${name(before)}">← ${near(before)}</button>` : nothing}
          ${after ? html`<button class="btn" @click=${() => nav.open(after.name)} aria-label="Next matrix: ${name(after)}">${near(after)} →</button>` : nothing}
        </div>
      </div>
    </div></div>`;
  }
}

function name(m: MatrixRow): string {
  return m.layer == null ? m.typeLabel : `Layer ${m.layer}, ${m.typeLabel}`;
}

function near(m: MatrixRow): string {
  return m.layer == null ? m.typeLabel : `layer ${m.layer}, ${m.typeLabel}`;
}

customElements.define('lorascope-matrix-head', MatrixHeadView);
