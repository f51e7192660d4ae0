/** Numbers as the page prints them: U+2212 minus, thousands separated, decimal units. */

/** Made once: `toLocaleString` makes one with every call. */
const THOUSANDS = new Intl.NumberFormat('en-US');

/** A count, `114,688`. */
export function count(n: number): string {
  return minus(THOUSANDS.format(n));
}

/** `count(n)` and the word, `1 file` or `12 files`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A fixed number of decimals; an en dash where there is no number. */
export function fixed(n: number | null | undefined, decimals: number): string {
  return n == null ? '–' : minus(n.toFixed(decimals));
}

/** A value known within bounds: `0.27`, `0.06–0.27`, or `≤ 0.27` where the lower bound says nothing. */
export function interval(between: readonly [number, number] | undefined, decimals: number): string {
  if (!between) return fixed(undefined, decimals);
  const [low, high] = between.map((end) => fixed(end, decimals));
  if (low === high) return low ?? '';
  return Number(between[0].toFixed(decimals)) <= 0 ? `≤ ${high}` : `${low}–${high}`;
}

/** A count, and those that may or may not belong to it: `3 + 1 undecided`. */
export function undecided(n: number, open: number): string {
  return open > 0 ? `${count(n)} + ${count(open)} undecided` : count(n);
}

/** Decimal units, as file managers and the Hub print them: `27.7 GB`. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** A measured time: `0.3 s`, `42 s`, `14 min`, `2.1 h`. */
export function duration(seconds: number): string {
  if (seconds < 0.05) return 'under 0.1 s';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function minus(text: string): string {
  return text.replace('-', '\u2212');
}
