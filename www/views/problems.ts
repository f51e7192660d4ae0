/** What is wrong: title, what it blocks, where, cause, fix, command. Files' own words go through text bindings only. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Problem } from '../wasm/simd/lorascope';

export function problemList(problems: readonly Problem[]): TemplateResult {
  return html`<ol class="errs">${problems.map(one)}</ol>`;
}

function one(p: Problem): TemplateResult {
  return html`<li class="err ${p.severity === 'warning' ? 'mild' : ''}" data-testid="error" data-code=${p.code}>
    <div class="errhead"><h3>${p.title}</h3>${p.blocks ? html`<span class="sev">${p.blocks}</span>` : nothing}</div>
    <p class="where mono">${[p.file, p.tensor].filter(Boolean).join(' › ')} <span class="faint">${p.code}</span></p>
    <p class="cause">${p.cause}</p>
    ${p.fix ? html`<p class="fix"><b>Fix.</b> ${p.fix}</p>` : nothing}
    ${p.command ? command(p.command) : nothing}
  </li>`;
}

function command(text: string): TemplateResult {
  return html`<div class="cmd"><code>${text}</code><button class="btn plain" @click=${(e: Event) => copy(e, text)}>Copy</button></div>`;
}

async function copy(event: Event, text: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  await navigator.clipboard.writeText(text);
  button.textContent = 'Copied';
}
