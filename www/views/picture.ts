/** The picture of the empty page: an intruder being born under one slider. It plays once, and then follows the hand. */
import { html, nothing, type TemplateResult } from 'lit';
import { fixed } from '../text/format';
import { math } from '../text/math';
import { type Context, View } from './view';
import '../figure/figure';

/** Milliseconds that a step stays while it plays. */
const PACE = 110;

class PictureView extends View {
  /** The step that is shown. */
  #at = 0;
  #playing: ReturnType<typeof setInterval> | undefined;
  #played = false;
  readonly #sight = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#play();
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sight.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sight.disconnect();
    clearInterval(this.#playing);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { specimen } = this.ctx;
    return html`<figure class="specimen">
      <div class="ctl" role="group" aria-label="The picture">
        <label for="strength">Pull a new direction: strength <i class="v">λ</i></label>
        <input id="strength" type="range" min="0" max=${steps(specimen) - 1} step="1" .value=${String(this.#at)} aria-valuetext=${label(specimen, this.#at)} data-testid="strength" @input=${this.#pull} />
        <output for="strength">${math(label(specimen, this.#at).replace('λ = ', ''))}</output>
      </div>
      <div class="map">${specimen ? this.#map(specimen) : nothing}</div>
      <figcaption class="capline">${specimen ? caption(specimen, this.#at) : nothing}</figcaption>
    </figure>`;
  }

  protected override updated(): void {
    // The picture may come after it came into sight.
    if (!this.ctx.specimen || this.#played) return;
    this.#sight.unobserve(this);
    this.#sight.observe(this);
  }

  #map({ report, source }: NonNullable<Context['specimen']>): TemplateResult {
    const { state, store } = this.ctx;
    const matrix = source.models[0]?.matrices[0]?.name;
    const spec = {
      figure: 'similarity',
      settings: source.settings,
      matrix,
      model: this.#at,
      top: 16,
      planned: 1,
      focus: state.focus,
    };
    return html`<lorascope-figure-view .report=${report} .spec=${spec} .pointer=${store}></lorascope-figure-view>`;
  }

  #play(): void {
    const last = steps(this.ctx.specimen) - 1;
    if (this.#played || last <= 0) return;
    this.#played = true;
    const next = (): void => {
      this.#at = Math.min(last, this.#at + 1);
      if (this.#at === last) clearInterval(this.#playing);
      this.requestUpdate();
    };
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) this.#at = last - 1;
    else this.#playing = setInterval(next, PACE);
    next();
  }

  readonly #pull = (event: Event): void => {
    this.#played = true;
    clearInterval(this.#playing);
    this.#at = Number((event.currentTarget as HTMLInputElement).value);
    this.requestUpdate();
  };
}

const steps = (specimen: Context['specimen']): number => specimen?.source.models.length ?? 1;

const label = (specimen: Context['specimen'], at: number): string => specimen?.source.models[at]?.label ?? '';

/** Below this best match a column looks blank; above it, up to ε, it has faded. */
const BLANK = 0.25;

function caption({ source }: NonNullable<Context['specimen']>, at: number): TemplateResult {
  const matrix = source.models[at]?.matrices[0];
  const { k, epsilon } = source.settings;
  const best = matrix?.left?.maxCos ?? [];
  const fresh = best.slice(0, k).findIndex((cos) => cos < epsilon);
  const match = fixed(best[fresh], 2);
  const said =
    at === 0
      ? 'Nothing is added yet: every column has its row.'
      : fresh < 0
        ? math(`No column falls below ε = ${fixed(epsilon, 2)}: none counts as new.`)
        : (best[fresh] ?? 0) < BLANK
          ? html`<b>Column ${fresh + 1} is blank</b>: none of the ${matrix?.rows} vectors before resembles it (best match ${match}). It is an intruder dimension.`
          : html`<b>Column ${fresh + 1} fades</b>: its best match among the ${matrix?.rows} vectors before is ${match}. It counts as an intruder dimension.`;
  return html`A random direction is added to a matrix, stronger and stronger. Rows are the singular vectors before, columns those
    after, strongest first. ${said}`;
}

customElements.define('lorascope-picture', PictureView);
