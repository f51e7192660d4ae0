/** The two choosers. They stay in the page in every state; the words that open them stand wherever files are asked for. */
import { html, type TemplateResult } from 'lit';
import type { App } from '../app';
import { filesOf } from '../files/drop';

export function inputs(app: App): TemplateResult {
  const changed = async (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const files = await filesOf(event);
    // The same files may be chosen again after they were repaired.
    input.value = '';
    await app.add(files);
  };
  return html`<div class="sr">
    <input id="files" type="file" multiple tabindex="-1" aria-label="Files" data-testid="file-input" @click=${() => app.wake()} @change=${changed} />
    <input id="folder" type="file" webkitdirectory multiple tabindex="-1" aria-label="A folder" data-testid="folder-input" @click=${() => app.wake()} @change=${changed} />
  </div>`;
}

export function pickFiles(): void {
  document.getElementById('files')?.click();
}

export function pickFolder(): void {
  document.getElementById('folder')?.click();
}

/** Takes drops anywhere on the page. */
export function acceptDrops(app: App): void {
  const mark = (on: boolean) => document.documentElement.classList.toggle('dragging', on);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    app.wake();
    mark(true);
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener('drop', async (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer?.types.includes('Files')) await app.add(await filesOf(event));
  });
}
