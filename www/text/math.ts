/** Sentences from the core are plain text; their variables are set in italics here, by text bindings only. */
import { html, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';

const VARIABLE =
  /([εαλθ]|Δ(?=W)|(?<=Δ)W\b|[σW](?=[₀₁])|(?<![\w’-])[krijs](?= = | \d)|(?<=\blarge )k\b|(?<=α[/∕√]+)r\b)/u;

/** What stands for this sentence only: another one takes its place whole, so that no words move along a line under a dial. */
export function whole(sentence: string, parts: readonly unknown[]): TemplateResult {
  return html`${keyed(sentence, html`${parts}`)}`;
}

/** The sentence with ε, α, λ, θ, k, r, i, j, s, the W of ΔW, and σ and W with an index in italics. */
export function math(sentence: string): TemplateResult {
  const parts = sentence.split(VARIABLE);
  return whole(
    sentence,
    parts.map((part, at) => (at % 2 === 1 && part !== 'Δ' ? html`<i class="v">${part}</i>` : part)),
  );
}

/** A letter that stands alone, in Latin or Greek: a variable. */
const LETTER = /((?<![A-Za-z])[A-Za-z](?![A-Za-z])|[λσ])/u;

/** A formula with its variables in italics. */
export function formula(text: string): TemplateResult {
  return html`${text.split(LETTER).map((part, at) => (at % 2 === 1 ? html`<i class="v">${part}</i>` : part))}`;
}
