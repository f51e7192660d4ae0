/** Which of the folders that come with the page is looked at. Pure. */
import { SHIPPED, type Shipped } from '../files/sample';
import type { State } from './state';

/** The folder that the files at hand are, or whose stored results are shown; undefined for the reader's own. */
export function shippedAs(s: State): Shipped | undefined {
  if (s.sample && s.sampleMode !== undefined) return 'sample';
  return SHIPPED.find((which) => {
    const names = new Set(s[which]?.files.map(({ path }) => path));
    return s.files.length > 0 && s.files.every(({ path, file }) => names.has(path) && file.lastModified === 0);
  });
}
