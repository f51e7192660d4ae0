/** The empty page: what this is, why it matters, where to drop, and a picture that moves. */
import { html, nothing, type TemplateResult } from 'lit';
import { bytes, count, counted } from '../text/format';
import { math } from '../text/math';
import { breakable } from '../text/names';
import { sizeOf } from '../files/sample';
import { pickFiles, pickFolder } from './inputs';
import { keptLine } from './kept';
import { runs } from './runs';
import type { State } from '../state/state';
import { type Context, View } from './view';
import './picture';

class DropView extends View {
  protected override render(): TemplateResult {
    const { sample, experiment } = this.ctx.state;
    return html`<div class="wrap empty">
      <div class="intro">
        <h1>See what fine-tuning did to a model’s weights, and where it may forget.</h1>
        <p class="why">
          LoRA can give a weight matrix strong directions that the model never had: <b>intruder dimensions</b>. In the paper’s
          experiments a LoRA model’s forgetting sits in them; whether shrinking them helps is disputed.
        </p>
        ${dropZone(this.ctx.state)}
        <p class="try">
          <button class="btn main" data-testid="try-sample" @click=${() => this.ctx.app.sample()}>Try the sample</button>
          <span class="quiet">${sample ? math(`${sample.note} Its results are stored; to compute them here loads ${bytes(sizeOf(sample))}.`) : nothing}</span>
        </p>
      </div>
      <lorascope-picture .ctx=${this.ctx}></lorascope-picture>
      <p class="try">
        <button class="btn" data-testid="try-experiment" @click=${() => this.ctx.app.experiment()}>Try a language model</button>
        <span class="quiet">${experiment ? math(`${experiment.note} All of it is computed here, from ${bytes(sizeOf(experiment))}.`) : nothing}</span>
      </p>
      ${facts(this.ctx)}
    </div>`;
  }
}

function dropZone({ kept, unfinished }: State): TemplateResult {
  return html`<div class="drop" data-testid="drop-zone">
    <p><b>Drop a base model and its fine-tunes</b></p>
    <p class="quiet">
      Any number, any order: <span class="nowrap">.safetensors</span>, shards, adapter folders. Or
      <button class="link" @click=${pickFiles}>choose files</button> or <button class="link" @click=${pickFolder}>a folder</button>.
    </p>
    ${earlier(kept?.results ?? 0, unfinished)}
  </div>`;
}

/** The results and the unfinished run of earlier visits, with the way to take them up. */
function earlier(kept: number, run: State['unfinished']): TemplateResult | typeof nothing {
  if (kept === 0) return nothing;
  const left = run
    ? html`<b>A run of ${names(run.models)} on ${breakable(run.base)} stopped at ${count(run.done)} of ${count(run.total)} matrices.</b>`
    : html`<b>${counted(kept, 'result')} of earlier runs ${kept === 1 ? 'is' : 'are'} kept.</b>`;
  return html`<p class="earlier" data-testid="earlier">${left} Choose the same folders again: ${run ? 'it' : 'the run'} goes on where it stopped.</p>`;
}

/** The first names, and how many more there are. */
function names(all: readonly string[]): TemplateResult {
  const rest = all.length - 2;
  const shown = (rest > 1 ? all.slice(0, 2) : all).map((name, at) => html`${at > 0 ? ', ' : ''}${breakable(name)}`);
  return html`${shown}${rest > 1 ? ` and ${count(rest)} more` : ''}`;
}

function facts(ctx: Context): TemplateResult {
  return html`<dl class="facts">
    <dt>What it computes</dt>
    <dd>
      For every weight matrix: singular values before and after, the best pre-trained match of every fine-tuned singular vector, the
      effective rank of the change.
    </dd>
    <dt>What stays here</dt>
    <dd>Everything. The page has no server; its security policy forbids it to contact any host but its own.</dd>
    <dt>What runs</dt>
    <dd data-testid="runs">${runs(ctx.state)}</dd>
    <dt>What is kept</dt>
    <dd>${keptLine(ctx)}</dd>
    <dt>What it follows</dt>
    <dd>
      Shuttleworth, Andreas, Torralba and Sharma,
      <a href="https://arxiv.org/abs/2410.21228">LoRA vs Full Fine-tuning: An Illusion of Equivalence</a>.
    </dd>
  </dl>`;
}

customElements.define('lorascope-drop', DropView);
