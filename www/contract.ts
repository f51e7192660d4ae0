/** Constants of the core that the page needs before the wasm is there. `LORASCOPE_WRITE=1 cargo test --test all page::` writes them. */
import type { Settings } from './wasm/simd/lorascope';

/** The name and version of a report's JSON form. */
export const SCHEMA = 'lorascope-report/1';

/** The longest window that a slider offers. */
export const LONGEST_WINDOW = 100;

/** The number of strongest vectors, on either side, in the corner that is kept of a similarity matrix. */
export const CORNER = 32;

/** The rule before anybody has touched it. */
export const SETTINGS: Settings = {
  k: 10,
  epsilon: 0.5,
  side: 'left',
  cosine: 'absolute',
  svd: 'thin',
  mode: 'auto',
  preset: 'official',
};

/** The rules that have a name. */
export const PRESETS: readonly string[] = ['official', 'letter', 'peft', 'both'];
