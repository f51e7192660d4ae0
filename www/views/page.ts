/** The page: its head, the live status, and the view that the state asks for. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted } from '../text/format';
import { finishedCount, missing } from '../state/run';
import type { State } from '../state/state';
import { chosenIn } from './chosen';
import { inputs } from './inputs';
import { bar, fetched } from './progress';
import { site } from './site';
import { title } from './title';
import { View } from './view';
import './drop';
import './help';
import './matrix';
import './matrix-head';
import './plan';
import './results';

class PageView extends View {
  #shown: { screen: string; open: string | undefined } | undefined;

  protected override render(): TemplateResult {
    const { state, app } = this.ctx;
    return html`
      ${site('analyze')}
      ${state.status === 'running' ? bar(state) : nothing}
      <main>${this.#main()} ${inputs(app)}</main>
      <p class="sr" role="status" aria-live="polite" data-testid="status" data-state=${state.status}>${spoken(state)}</p>
      <lorascope-help .ctx=${this.ctx}></lorascope-help>
    `;
  }

  /** A change of the screen takes its button away: the focus goes to what is new, and back to the row that was opened. */
  protected override updated(): void {
    const { screen, open, status } = this.ctx.state;
    const [before, shown] = [this.#shown, { screen: status === 'idle' ? 'idle' : screen, open }];
    this.#shown = shown;
    // The views inside render a moment later.
    requestAnimationFrame(() => {
      const h1 = this.querySelector<HTMLElement>('h1');
      if (!h1) return;
      document.title = this.#title(h1.textContent ?? '');
      const moved = before && (before.screen !== shown.screen || before.open !== shown.open);
      if (!moved || (document.activeElement ?? document.body) !== document.body) return;
      const left = open === undefined && before.open !== undefined ? CSS.escape(before.open) : undefined;
      h1.tabIndex = -1;
      const row = left && this.querySelector<HTMLElement>(`[data-testid=matrix-row][data-name="${left}"]`);
      (row || h1).focus({ preventScroll: true });
    });
  }

  #title(heading: string): string {
    const { state, report } = this.ctx;
    const matrix = state.open === undefined ? undefined : report?.matrix(state.settings, state.open);
    const models = (report?.models(state.settings) ?? []).map(({ label }) => label);
    return title({
      screen: state.status === 'idle' ? 'idle' : matrix ? 'matrix' : state.screen,
      heading,
      whole: state.status !== 'running' && missing(state).length === 0,
      base: state.head?.base.label ?? '',
      models,
      model: matrix && models[chosenIn(matrix, state.model)],
    });
  }

  #main(): TemplateResult {
    const { state } = this.ctx;
    if (state.status === 'idle') return html`<lorascope-drop .ctx=${this.ctx}></lorascope-drop>`;
    if (state.screen === 'plan') return html`<lorascope-plan .ctx=${this.ctx}></lorascope-plan>`;
    if (state.open === undefined) return html`<lorascope-results .ctx=${this.ctx}></lorascope-results>`;
    return html`<lorascope-matrix-head .ctx=${this.ctx}></lorascope-matrix-head>
      <lorascope-controls .ctx=${this.ctx}></lorascope-controls>
      <lorascope-matrix .ctx=${this.ctx}></lorascope-matrix>`;
  }
}

/** The status for screen readers: every change of state, and a running count in tenths so that it can be listened to. */
function spoken(state: State): string {
  const { status, plan, results, problems, loading } = state;
  const total = plan?.matrices.length ?? 0;
  const tenths = Math.floor((10 * finishedCount(state)) / Math.max(1, total));
  const wrong = problems.length + (plan?.problems.length ?? 0);
  switch (status) {
    case 'idle':
      return 'Ready for files.';
    case 'planning':
      return loading.replace(/:.*/, '.');
    case 'ready':
      return `${counted(total, 'matrix', 'matrices')} can be analyzed.${wrong > 0 ? ` ${counted(wrong, 'problem')}.` : ''}`;
    case 'running':
      return `${count(Math.floor((tenths * total) / 10))} of ${count(total)} matrices done.${fetched(state)}`;
    case 'done':
      return `All ${counted(total, 'matrix', 'matrices')} done.${fetched(state)}`;
    case 'cancelled':
      return `Cancelled after ${count(results.size)} of ${count(total)}. What is done is kept.${fetched(state)}`;
    case 'error':
      return `${counted(wrong, 'problem')}.`;
  }
}

customElements.define('lorascope-page', PageView);
