/** A dial's value as a field: exact to the last digit, where a slider is a pixel wide. What makes no sense is taken back. */
import { html, type TemplateResult } from 'lit';

export interface Exact {
  id: string;
  /** For those who do not see the slider beside it. */
  label: string;
  min: number;
  max: number;
  step: number;
  said: string;
  set(value: number): void;
  /** What is in force after that, as the field shows it. */
  now(): string;
}

export function exact({ id, label, min, max, step, said, set, now }: Exact): TemplateResult {
  const take = (field: HTMLInputElement) => {
    // An empty field, or a word, is no number.
    if (Number.isFinite(field.valueAsNumber)) set(field.valueAsNumber);
    field.value = now();
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    // Escape is the page's own key too: here it takes back what was typed.
    event.preventDefault();
    (event.currentTarget as HTMLInputElement).value = now();
  };
  return html`<input type="number" class="exact" inputmode="decimal" data-testid=${id} aria-label=${label} min=${min} max=${max} step=${step} .value=${said}
    @change=${(event: Event) => take(event.currentTarget as HTMLInputElement)} @keydown=${keyed} />`;
}
