/** The screen: theme and pixel ratio, and when they change. Print is always light. */
import type { Theme } from '../wasm/embed/lorascope';

const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let printing = false;

/** A theme asked for in the link; undefined: the system's. */
let asked: Theme | undefined;

export function screen(): { theme: Theme; scale: number; printing: boolean } {
  const theme = asked ?? (dark.matches ? 'dark' : 'light');
  return { theme: printing ? 'light' : theme, scale: printing ? 2 : devicePixelRatio, printing };
}

export function askTheme(theme: Theme | undefined): void {
  if (theme === asked) return;
  asked = theme;
  if (theme) document.documentElement.dataset['theme'] = theme;
  else delete document.documentElement.dataset['theme'];
  tell();
}

/** Calls back on every change; the answer stops it. */
export function onScreenChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** A resolution query holds for one ratio only: after each change the next one is asked for. */
function watchRatio(): void {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
    'change',
    () => {
      tell();
      watchRatio();
    },
    { once: true },
  );
}

function print(on: boolean): void {
  printing = on;
  tell();
}

dark.addEventListener('change', tell);
addEventListener('beforeprint', () => print(true));
addEventListener('afterprint', () => print(false));
watchRatio();
