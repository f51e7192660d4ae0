/** "What this is": settings, files, limits, the paper; what a reader needs to judge or repeat the numbers. */
import { html, type TemplateResult } from 'lit';
import { bytes } from '../format';
import { math } from '../math';
import { MODES, ways } from '../modes';
import type { State } from '../state';
import { row } from './row';
import { View } from './view';

const SIDES = { left: 'left vectors', right: 'right vectors', both: 'both sides, a vector new on both counts' };

class ProvenanceView extends View {
  protected override render(): TemplateResult {
    const { head, settings, engine } = this.ctx.state;
    const files = [head?.base, ...(head?.models ?? [])].flatMap((part) => part?.files ?? []);
    const threads = engine ? `build ${engine.build}, ${engine.threads === 1 ? '1 thread' : `${engine.threads} threads`}${engine.why && ` (${engine.why})`}` : '';
    return row({
      title: 'What this is',
      body: html`<dl class="facts wide">
        <dt>Settings</dt>
        <dd>
          Preset “official code”: |cos|, thin SVD. In force: ${SIDES[settings.side]},
          ${math(`k = ${settings.k}, ε = ${settings.epsilon.toFixed(2)}.`)} Lorascope ${head?.generator.version}, ${threads}.
        </dd>
        <dt>Computed</dt>
        <dd>${MODES.find(({ mode }) => mode === settings.mode)?.name}: ${computed(this.ctx.state)}.</dd>
        <dt>Files</dt>
        <dd>
          <table class="files mono"><tbody>
            ${files.map((file) => html`<tr><td>${file.name}</td><td class="num">${bytes(file.size)}</td></tr>`)}
          </tbody></table>
        </dd>
        <dt>Limits</dt>
        <dd>A count says that a direction is new, not that it does harm. Vectors with nearly tied singular values may mix and look like intruders.</dd>
        <dt>Cite</dt>
        <dd>Shuttleworth, Andreas, Torralba, Sharma: LoRA vs Full Fine-tuning: An Illusion of Equivalence, <a href="https://arxiv.org/abs/2410.21228">arXiv:2410.21228</a>.</dd>
      </dl>`,
    });
  }
}

function computed(state: State): string {
  const { exact, certified } = ways(state);
  const of = (count: number, how: string) => (count > 0 ? [`${count} ${count === 1 ? 'matrix' : 'matrices'} ${how}`] : []);
  const bounded = 'certified, with bounds where they settle the count';
  return [...of(exact, 'exact'), ...of(certified, bounded)].join(', ') || 'nothing yet';
}

customElements.define('lorascope-provenance', ProvenanceView);
