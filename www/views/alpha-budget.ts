/** An `alpha_pattern` that keeps every LoRA module below a margin of the reader's choice. */
import { html, nothing, type TemplateResult } from 'lit';
import { download, plain } from '../figure/save';
import { count, counted } from '../text/format';
import type { AlphaPattern } from '../wasm/simd/lorascope';
import { exact } from './exact';
import { View } from './view';
import './copy';

/** The reasons that are listed. */
const LISTED = 5;

class AlphaBudgetView extends View {
  static override properties = {
    ...View.properties,
    most: { state: true },
    chosen: { state: true },
    open: { state: true },
  };
  declare most: number;
  /** The model, by its place; undefined: the first that is a LoRA. */
  declare chosen: number | undefined;
  declare open: boolean;

  constructor() {
    super();
    this.most = 1;
    this.open = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    const models = this.ctx.state.head?.models ?? [];
    const loras = [...models.entries()].filter(([, { kind }]) => kind === 'lora');
    const first = loras[0];
    if (!first) return nothing;
    const model = loras.some(([at]) => at === this.chosen) ? this.chosen! : first[0];
    const toggled = (event: Event) => (this.open = (event.currentTarget as HTMLDetailsElement).open);
    return html`<details class="names budget" data-testid="alpha-budget" @toggle=${toggled}>
      <summary>alpha_pattern: keep every module below a margin</summary>
      ${
        this.open
          ? this.#body(
              model,
              loras.map(([at, { label }]) => [at, label] as const),
            )
          : nothing
      }
    </details>`;
  }

  #body(model: number, loras: readonly (readonly [number, string])[]): TemplateResult {
    const { report, state } = this.ctx;
    const found = report?.alphaPattern(state.settings, model, this.most);
    const choose = (event: Event) => (this.chosen = Number((event.currentTarget as HTMLSelectElement).value));
    const set = (most: number) => {
      if (most > 0) this.most = most;
    };
    const name = `${plain(state.head?.models[model]?.label ?? '')}-alpha_pattern.json`;
    return html`<div class="fields">
        <label class="field">Adapter <select data-testid="budget-model" @change=${choose}>${loras.map(([at, label]) => html`<option value=${at} .selected=${at === model}>${label}</option>`)}</select></label>
        <label class="field">Margin at most ${exact({ id: 'budget-most', label: 'Margin at most', min: 0.01, max: 1000, step: 0.01, said: String(this.most), set, now: () => String(this.most) })}</label>
      </div>
      ${found ? result(found, name) : nothing}`;
  }
}

function result(found: AlphaPattern, name: string): TemplateResult {
  const { text, modules, lowered, leftOut } = found;
  const save = () => download(new Blob([text], { type: 'application/json' }), name);
  return html`<p class="small" data-testid="budget-said"><i class="v">α</i> is lowered in ${count(lowered)} of ${counted(modules, 'module')}${leftOut.length > 0 ? html`; ${count(leftOut.length)} are left out: ${reasons(leftOut)}` : nothing}. A yardstick, necessary and not sufficient: below 1 a generic direction makes no intruder. It says nothing of the task.</p>
    <p class="actions"><lorascope-copy kind="btn" data-testid="copy-alpha-pattern" label="Copy" .text=${() => text}></lorascope-copy>
      <button class="btn" data-testid="save-alpha-pattern" ?disabled=${modules === 0} @click=${save}>Save as JSON</button></p>`;
}

/** Each reason once, with how many it is of. */
function reasons(leftOut: readonly (readonly [string, string])[]): string {
  const all = new Map<string, number>();
  for (const [, why] of leftOut) all.set(why, (all.get(why) ?? 0) + 1);
  const first = [...all].slice(0, LISTED).map(([why, n]) => (all.size > 1 ? `${why} (${count(n)})` : why));
  return first.join('; ');
}

customElements.define('lorascope-alpha-budget', AlphaBudgetView);
