/** The factor of every change with which the threshold is asked, as a dial has it. Pure. */

/** The powers of ten on either side of 1 that a slider has; a field takes what the drawing takes. */
export const POWERS = 1;
export const LEAST = 1e-3;
export const MOST = 1e3;

/** Three digits: what is read off is what is in force. */
const rounded = (times: number): number => Number(times.toPrecision(3));

export const ofPower = (power: number): number => rounded(10 ** power);

/** Whatever a link or a field says; undefined where it says nothing. */
export function timesOf(value: number): number | undefined {
  return value > 0 && Number.isFinite(value) ? rounded(Math.max(LEAST, Math.min(MOST, value))) : undefined;
}

export const said = (times: number): string => String(rounded(times));
