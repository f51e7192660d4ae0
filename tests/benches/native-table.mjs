// The table of the program: one row per id. Beside its seconds stand the others', and how many times its they are: the median of the rounds.
import { line, lined, median, spread, time, times } from './table.mjs';

const HEADS = {
  numpyPaper: "NumPy, paper's algorithm",
  numpyOurs: 'NumPy, our algorithm',
  peft: 'PEFT',
  ours: 'the page',
};

const COLUMNS = ['row', 'the program', ...Object.values(HEADS), 'same counts'];

export const nativeHead = `${line(COLUMNS)}\n${line(COLUMNS.map(() => '---'))}`;

/** As `table` does it. */
export function nativeTable(results, order, earlier) {
  return lined(nativeHead, nativeRow, {
    results: results.filter(({ seconds }) => seconds.native?.length),
    order,
    earlier,
  });
}

export function nativeRow({ id, seconds, reasons, verdicts }) {
  const { native } = seconds;
  const beside = (name) => {
    const own = seconds[name];
    if (!own?.length) return reasons[name] ?? '';
    const ratios = own.slice(0, native.length).map((s, round) => s / native[round]);
    return `${time(median(own))} s, **${times(median(ratios))}**${spread(ratios, times)}`;
  };
  const own = native?.length ? `${time(median(native))} s${spread(native, time)}` : (reasons.native ?? '');
  const same = verdicts.native === null || verdicts.native === undefined ? '' : verdicts.native ? 'yes' : '**no**';
  return line([`\`${id}\``, own, ...Object.keys(HEADS).map(beside), same]);
}
