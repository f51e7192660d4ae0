// The table of losses: one row per id. Seconds are those of one model; of PyTorch also how many times the page's they are.
import { line, lined, median, spread, time, times } from './table.mjs';

const COLUMNS = ['row', 'page, a model', 'PyTorch, a model', 'worst token apart', 'peak MiB', 'peak MiB by quarters'];

export const lossHead = `${line(COLUMNS)}\n${line(COLUMNS.map(() => '---'))}`;

/** As `table` does it. */
export function lossTable(results, order, earlier) {
  return lined(lossHead, lossRow, { results, order, earlier });
}

export function lossRow(result) {
  const { id, apart, peakMiB, quarters = [] } = result;
  return line([
    `\`${id}\``,
    page(result),
    pytorch(result),
    apart === undefined ? '' : apart.toExponential(1),
    peakMiB ?? '',
    quarters.map(({ mostMiB }) => mostMiB).join(', '),
  ]);
}

function page({ seconds: { ours }, reasons, models, passed }) {
  return ours?.length ? speed(ours, models, passed) : (reasons.ours ?? '');
}

function pytorch({ seconds, reasons, models, passed }) {
  const { ours, pytorch: own } = seconds;
  if (!own?.length) return reasons.pytorch ?? '';
  if (!ours?.length) return speed(own, models, passed);
  const ratios = own.slice(0, ours.length).map((s, round) => s / ours[round]);
  return `${speed(own, models, passed)}, **${times(median(ratios))}**${spread(ratios, times)}`;
}

function speed(seconds, models, passed) {
  const each = seconds.map((s) => s / models);
  const rate = passed / median(each);
  return `${time(median(each))} s${spread(each, time)}, ${rate.toFixed(rate < 10 ? 1 : 0)} tokens/s`;
}
