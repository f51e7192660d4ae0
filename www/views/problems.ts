/** Problems: title, what it blocks, where, cause, fix, command. Files' own words go through text bindings only. */
import { html, nothing, type TemplateResult } from 'lit';
import { count } from '../text/format';
import type { Problem } from '../wasm/simd/lorascope';

/** The most problems of one kind that are read one by one; of more, the first stands for all. */
const ALIKE = 3;

export function problemList(problems: readonly Problem[]): TemplateResult {
  const groups = new Map<string, Problem[]>();
  for (const p of problems) {
    const kind = `${p.severity} ${p.code} ${p.title}`;
    groups.set(kind, [...(groups.get(kind) ?? []), p]);
  }
  return html`<ol class="errs">${[...groups.values()].flatMap((alike) => (alike.length > ALIKE ? [many(alike)] : alike.map((p) => one(p))))}</ol>`;
}

function many([first, ...others]: Problem[]): TemplateResult {
  if (!first) return html``;
  return one(
    first,
    html`<details class="names alike">
      <summary>The same of ${count(others.length)} others</summary>
      <ul>${others.map((p) => html`<li data-testid="error" data-code=${p.code}><span class="where mono">${where(p)}</span> ${p.cause === first.cause ? nothing : p.cause}</li>`)}</ul>
    </details>`,
  );
}

function one(p: Problem, more?: TemplateResult): TemplateResult {
  return html`<li class="err ${p.severity === 'warning' ? 'mild' : ''}" data-testid="error" data-code=${p.code}>
    <div class="errhead"><h3>${p.title}</h3>${p.blocks ? html`<span class="sev">${p.blocks}</span>` : nothing}</div>
    <p class="where mono">${where(p)} <span class="faint">${p.code}</span></p>
    <p class="cause">${p.cause}</p>
    ${p.fix ? html`<p class="fix"><b>Fix.</b> ${p.fix}</p>` : nothing}
    ${p.command ? command(p.command) : nothing} ${more ?? nothing}
  </li>`;
}

function where({ file, tensor }: Problem): string {
  return [file, tensor].filter(Boolean).join(' › ');
}

function command(text: string): TemplateResult {
  return html`<div class="cmd"><code>${text}</code><button class="btn plain" @click=${(e: Event) => copy(e, text)}>Copy</button></div>`;
}

async function copy(event: Event, text: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  await navigator.clipboard.writeText(text);
  button.textContent = 'Copied';
}
