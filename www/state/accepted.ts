/** The values that the dials of a rule take, in links and in embeds. Pure. */
import type { Cosine, Side, Theme } from '../wasm/simd/lorascope';

export const SIDES: readonly Side[] = ['left', 'right', 'both'];
export const COSINES: readonly Cosine[] = ['absolute', 'signed'];
export const THEMES: readonly Theme[] = ['light', 'dark'];

/** Whether a whole number can be counted by the engine, which has 32 bits. */
export const isCount = (n: number, least = 0): boolean => Number.isInteger(n) && n >= least && n <= 0xffffffff;

/** Whether a number is a cosine's size: a threshold is one. */
export const isThreshold = (n: number): boolean => n >= 0 && n <= 1;
