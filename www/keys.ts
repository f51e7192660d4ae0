/** Single-key shortcuts of the page. They stop in text fields and can be switched off. */

export interface Keys {
  previous(): void;
  next(): void;
  intruder(): void;
  focus(testid: string): void;
  /** Opens the menu or the table of the figure that has the focus. */
  figure(what: 'menu' | 'table'): void;
  help(): void;
  escape(): void;
}

/** Key and what it does, for the list that `?` opens. */
export const KEY_LIST: readonly (readonly [string, string])[] = [
  ['[ ]', 'previous, next matrix'],
  ['i', 'the next matrix in which the chosen model has an intruder'],
  ['k', 'to the window slider'],
  ['e', 'to the threshold slider'],
  ['Arrows', 'move the crosshair of a figure; with Shift by 10'],
  ['+ −', 'closer to, further from a similarity map'],
  ['m', 'the menu of the figure'],
  ['t', 'the table of the figure'],
  ['Enter', 'open the matrix under the crosshair, or of the row; set ε or k where the crosshair stands'],
  ['F2', 'rename the model whose name has the focus'],
  ['Esc', 'cancel a run, or close the matrix'],
  ['?', 'this list'],
];

export function listen(keys: Keys, enabled: () => boolean): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') return keys.escape();
    if (!enabled() || typing(event.target)) return;
    if (event.key === '[') keys.previous();
    else if (event.key === ']') keys.next();
    else if (event.key === 'i') keys.intruder();
    else if (event.key === 'k') keys.focus('k-slider');
    else if (event.key === 'e') keys.focus('epsilon-slider');
    else if (event.key === 'm') keys.figure('menu');
    else if (event.key === 't') keys.figure('table');
    else if (event.key === '?') keys.help();
  });
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type === 'text' || target.type === 'number';
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
