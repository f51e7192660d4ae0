/** "What this is": settings, files, limits, the paper; what a reader needs to judge or repeat the numbers. */
import { html, nothing, type TemplateResult } from 'lit';
import { bytes, counted } from '../text/format';
import { math } from '../text/math';
import { MODES, ways } from '../state/modes';
import { filesBehind } from '../report/live';
import type { State } from '../state/state';
import type { Verified } from '../state/verify';
import { row } from './row';
import { View } from './view';
import './copy';

class ProvenanceView extends View {
  protected override render(): TemplateResult {
    const { head, settings, engine, stored, hashes, verified } = this.ctx.state;
    const files = filesBehind(head);
    const threads = stored
      ? `build ${head?.generator.build}, ${counted(head?.generator.threads ?? 0, 'thread')}`
      : engine
        ? `build ${engine.build}, ${engine.threads === 1 ? '1 thread' : `${engine.threads} threads`}${engine.why && ` (${engine.why})`}`
        : '';
    return row({
      title: 'What this is',
      body: html`<dl class="facts wide">
        <dt>Settings</dt>
        <dd class="room">${math(this.ctx.report?.rule(settings) ?? '')}</dd>
        <dt>Computed</dt>
        <dd>${MODES.find(({ mode }) => mode === settings.mode)?.name}: ${computed(this.ctx.state)}. Lorascope ${head?.generator.version}, ${threads}.</dd>
        ${verified ? html`<dt>Checked</dt><dd data-testid="verified">${checked(verified)}</dd>` : nothing}
        <dt>Files</dt>
        <dd>
          <table class="files mono"><tbody>
            ${files.map((file) => html`<tr><td>${file.name}</td><td class="num">${bytes(file.size)}</td><td title="SHA-256">${short(file.sha256 ?? hashes.get(file.name))}</td></tr>`)}
          </tbody></table>
          ${
            !stored && this.ctx.state.status === 'done' && files.some(({ name }) => !hashes.has(name))
              ? html`<p class="more"><button class="link" @click=${() => this.ctx.app.hashFiles()}>Compute the SHA-256 of every file</button></p>`
              : nothing
          }
        </dd>
        <dt>Limits</dt>
        <dd>A count says that a direction is new, not that it does harm. Vectors with nearly tied singular values may mix and look like intruders.</dd>
        <dt>Cite</dt>
        <dd>Shuttleworth, Andreas, Torralba, Sharma: LoRA vs Full Fine-tuning: An Illusion of Equivalence, <a href="https://arxiv.org/abs/2410.21228">arXiv:2410.21228</a>.
          <lorascope-copy label="Copy BibTeX" .text=${() => this.ctx.report?.view?.bibtex() ?? ''}></lorascope-copy></dd>
      </dl>`,
    });
  }
}

/** The hash as lists of files print it; whole under the pointer and in every export. */
function short(hash: string | undefined): TemplateResult | typeof nothing {
  return hash
    ? html`<span class="faint" title="SHA-256 ${hash}">${hash.slice(0, 8)}…${hash.slice(-4)}</span>`
    : nothing;
}

function checked({ matrix, vectors, outside }: Verified): TemplateResult {
  const name = html`<span class="mono">${matrix}</span>`;
  if (outside === 0)
    return html`${name} was computed exactly as well: all ${counted(vectors, 'best match', 'best matches')} lie within their bounds.`;
  return html`<b>${outside} of ${counted(vectors, 'best match', 'best matches')} of ${name} lie outside their bounds.</b> Do not trust the certified counts of this run:
    compute all exactly, and please report it with this matrix.`;
}

function computed(state: State): string {
  const { exact, certified } = ways(state);
  const of = (count: number, how: string) =>
    count > 0 ? [`${count} ${count === 1 ? 'matrix' : 'matrices'} ${how}`] : [];
  const bounded = 'certified, with bounds where they settle the count';
  return [...of(exact, 'exact'), ...of(certified, bounded)].join(', ') || 'nothing yet';
}

customElements.define('lorascope-provenance', ProvenanceView);
