/** The page's stylesheet under names of its own: the page around an element may call its colours `--paper` and `--ink` too. Pure. */
export function own(css: string): string {
  return css.replace(/(?<![\w-])--(?=[a-z])/g, '--lorascope-');
}
