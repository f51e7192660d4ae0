// The table of the benchmark: one row per id, one column per contender. Against the page's seconds stand the others', and how many times the
// page's they are: the median of the rounds, with their least and greatest.

const HEADS = { ours: 'page', numpyPaper: "NumPy, paper's algorithm", numpyOurs: 'NumPy, our algorithm' };
const BY_DEFAULT = ['ours', 'numpyPaper', 'numpyOurs'];
/** In a table of their own. */
const ELSEWHERE = ['native', 'peft'];

/** Lines of Markdown. `order`: the ids of all rows; of those without a result see `lined`. */
export function table(results, order = results.map(({ id }) => id), earlier = '') {
  const all = results.flatMap(({ seconds }) => Object.keys(seconds)).filter((name) => !ELSEWHERE.includes(name));
  const names = [...new Set([...BY_DEFAULT, ...all])];
  return lined(head(names), (result) => tableRow(result, names), { results, order, earlier });
}

/** The rows of an order under a head; those without a result keep their line of an earlier table with this head. */
export function lined(head, row, { results, order, earlier }) {
  const kept = earlier.includes(head) ? earlier.split('\n') : [];
  const one = (id) => {
    const result = results.find((other) => other.id === id);
    return result ? row(result) : kept.find((text) => text.startsWith(`| \`${id}\` |`));
  };
  return [head, ...order.map(one).filter(Boolean)].join('\n');
}

export function head(names) {
  const cells = ['row', ...names.map((name) => HEADS[name] ?? name), 'same counts', 'peak MiB'];
  return `${line(cells)}\n${line(cells.map(() => '---'))}`;
}

export function tableRow(result, names) {
  const cells = names.map((name) => (name in result.seconds ? cell(result, name) : ''));
  const verdict = result.sameVerdict === null ? '' : result.sameVerdict ? 'yes' : '**no**';
  return line([`\`${result.id}\``, ...cells, verdict, result.peakMiB ?? '']);
}

function cell(result, name) {
  const { seconds, reasons = {}, verdicts = {} } = result;
  const own = seconds[name];
  if (!own?.length) return reasons[name] ?? '';
  if (result.id.startsWith('gemm')) return gflops(result, name);
  if (result.id.startsWith('redraw')) return frames(result, own);
  const other = verdicts[name] === false && name !== 'ours' ? ', other counts' : '';
  if (name === 'ours' || !seconds.ours?.length) return `${time(median(own))} s${spread(own, time)}${other}`;
  const ratios = own.slice(0, seconds.ours.length).map((s, round) => s / seconds.ours[round]);
  return `${time(median(own))} s, **${times(median(ratios))}**${spread(ratios, times)}${other}`;
}

function gflops({ flop, peakGflops, seconds }, name) {
  const rates = seconds[name].map((s) => flop / s / 1e9);
  const share =
    name === 'ours' && peakGflops
      ? `, ${Math.round((100 * median(rates)) / peakGflops)} % of the core's 128-bit peak (${peakGflops.toFixed(1)})`
      : '';
  return `${median(rates).toFixed(1)} GFLOP/s${spread(rates, (r) => r.toFixed(1))}${share}`;
}

/** A slider's event, and the place of the page where it takes longest. */
function frames({ places }, own) {
  const ms = (s) => (1000 * s).toFixed(1);
  const at = Object.keys(places[0]).map((place) => [median(places.map((run) => run[place])), place]);
  const [most, place] = at.toSorted(([a], [b]) => b - a)[0];
  return `${ms(median(own))} ms a frame${spread(own, ms)}, at most ${ms(most)} ms (${place} in sight)`;
}

export function median(values) {
  const s = values.toSorted((a, b) => a - b);
  return (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2;
}

export const spread = (values, text) =>
  values.length > 1 ? ` (${text(Math.min(...values))} to ${text(Math.max(...values))})` : '';
export const time = (s) => (s < 0.1 ? s.toFixed(4) : s < 10 ? s.toFixed(2) : s.toFixed(1));
export const times = (r) => `${r < 1 ? r.toFixed(2) : r < 100 ? r.toFixed(1) : r.toFixed(0)}×`;
export const line = (cells) => `| ${cells.join(' | ')} |`;
