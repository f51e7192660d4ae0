/** The theme of the page around an element: the colour scheme it inherits. A page that declares none is light, whatever the reader's system has. */
import type { Theme } from '../wasm/embed/lorascope';

const dark = matchMedia('(prefers-color-scheme: dark)');

export function themeOf(element: Element): Theme {
  const declared = getComputedStyle(element).colorScheme.split(/\s+/);
  if (!declared.includes('dark')) return 'light';
  return declared.includes('light') && !dark.matches ? 'light' : 'dark';
}
