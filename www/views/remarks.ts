/** What to know about one matrix's numbers, a plain sentence each: the floor of rounding, vectors that are tied. */
import { html, type TemplateResult } from 'lit';
import { count, counted, fixed, rank } from '../format';
import { tiedVectors } from '../intervals';
import { math } from '../math';
import type { Result } from '../result';
import type { Settings } from '../wasm/simd/lorascope';

export function remarks(matrix: Result | undefined, settings: Settings): TemplateResult[] {
  return [floor(matrix), tied(matrix, settings)]
    .filter((said) => said !== '')
    .map((said) => html`<p class="remark">${math(said)}</p>`);
}

function floor(matrix: Result | undefined): string {
  const found = matrix?.delta?.floor;
  if (!found) return '';
  const above =
    found.above === 0
      ? 'None stands above it.'
      : `${counted(found.above, 'value')} above it, of effective rank ${rank(found.effectiveRank)}.`;
  return `ΔW sinks into the rounding of the stored weights: singular values up to ${found.sigma.toPrecision(2)} are noise. ${above}`;
}

function tied(matrix: Result | undefined, settings: Settings): string {
  const { places, cosine } = tiedVectors(matrix, settings);
  if (places.length === 0) return '';
  const which = places.map((j) => count(j + 1)).join(', ');
  const [vectors, lie] = places.length === 1 ? ['Vector', 'lies'] : ['Vectors', 'lie'];
  return `${vectors} ${which} ${lie} among nearly tied pre-trained vectors (cosine with their span ${fixed(cosine, 2)} or more): turned within it, not new.`;
}
