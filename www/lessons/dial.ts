/** One dial of a lesson, by its kind. */
import { html, type TemplateResult } from 'lit';
import type { Dial, Dials, Facts, Value } from './lesson';

export function dial(d: Dial, dials: Dials, facts: Facts, set: (id: string, value: Value) => void): TemplateResult {
  const value = dials[d.id]!;
  const id = `dial-${d.id}`;
  const name = html`${d.label}${d.variable ? html` <i class="v">${d.variable}</i>` : ''}`;
  const number = (event: Event) => (event.currentTarget as HTMLInputElement).valueAsNumber;
  switch (d.kind) {
    case 'range': {
      const said = d.said(Number(value), facts);
      return html`<div class="ctl ${d.main ? 'grow' : ''}"><label for=${id}>${name}</label>
        <input id=${id} data-testid=${id} type="range" min=${d.min} max=${d.max} step=${d.step} .value=${String(value)} aria-valuetext=${said} @input=${(e: Event) => set(d.id, number(e))} />
        <output for=${id}>${said}</output></div>`;
    }
    case 'steps': {
      const at = Math.max(0, d.values.indexOf(Number(value)));
      const said = d.said(Number(value));
      return html`<div class="ctl"><label for=${id}>${name}</label>
        <input id=${id} data-testid=${id} type="range" min="0" max=${d.values.length - 1} step="1" .value=${String(at)} aria-valuetext=${said} @input=${(e: Event) => set(d.id, d.values[number(e)]!)} />
        <output for=${id}>${said}</output></div>`;
    }
    case 'choice': {
      const chosen = (event: Event) =>
        set(d.id, d.options[(event.currentTarget as HTMLSelectElement).selectedIndex]![0]);
      return html`<div class="ctl"><label for=${id}>${name}</label>
        <select id=${id} data-testid=${id} @change=${chosen}>${d.options.map(([option, words]) => html`<option .selected=${option === value}>${words}</option>`)}</select></div>`;
    }
    case 'switch':
      return html`<label class="ctl choice" for=${id}><input id=${id} data-testid=${id} type="checkbox" .checked=${Boolean(value)} @change=${(e: Event) => set(d.id, (e.currentTarget as HTMLInputElement).checked)} />${name}</label>`;
    case 'whole': {
      const take = (event: Event) => {
        const asked = Math.round(number(event));
        if (Number.isFinite(asked)) set(d.id, Math.min(d.max, Math.max(d.min, asked)));
      };
      return html`<div class="ctl"><label for=${id}>${name}</label>
        <input id=${id} data-testid=${id} type="number" min=${d.min} max=${d.max} step="1" .value=${String(value)} @change=${take} /></div>`;
    }
  }
}
