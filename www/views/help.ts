/** The list of keys that `?` opens, with the switch that turns single-key shortcuts off. */
import { html, type TemplateResult } from 'lit';
import { KEY_LIST } from '../keys';
import { View } from './view';

class HelpView extends View {
  protected override render(): TemplateResult {
    const { state, store } = this.ctx;
    const toggled = (event: Event) => {
      const { checked } = event.currentTarget as HTMLInputElement;
      store.update((s) => ({ ...s, shortcuts: checked }));
    };
    const close = (event: Event) => (event.currentTarget as HTMLElement).closest('dialog')?.close();
    return html`<dialog class="help" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl>${KEY_LIST.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
      <label><input type="checkbox" .checked=${state.shortcuts} @change=${toggled} /> Single-key shortcuts</label>
      <p><button class="btn" @click=${close}>Close</button></p>
    </dialog>`;
  }
}

customElements.define('lorascope-help', HelpView);
