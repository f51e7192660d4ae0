// The watch over a long run, from outside: what memory it holds and held at most, how much is done, and how far off its "time left" is.
import { memory } from './memory.mjs';

const EVERY = 1000;
const SECONDS = { s: 1, min: 60, h: 3600 };

/** For `runPage`: samples until told to stop, then what there was at each quarter of the run. */
export const watchQuarters = (browser) => (page) => {
  const samples = [];
  const start = performance.now();
  const sample = async () => {
    const at = (performance.now() - start) / 1000;
    const [held, shown] = await Promise.all([memory(browser, 'VmRSS'), page.evaluate(look)]);
    samples.push({ at, memoryMiB: held, ...shown, leftShown: inSeconds(shown.left) });
  };
  let last = Promise.resolve();
  // A sample that comes too late (the run is over, the page gone) is none.
  const timer = setInterval(() => (last = last.then(sample).catch(() => undefined)), EVERY);
  return async (total) => {
    clearInterval(timer);
    await last;
    // The kernel's own greatest misses pages that were given back at once.
    const held = [await memory(browser, 'VmHWM'), ...samples.map(({ memoryMiB }) => memoryMiB)];
    return {
      peakMiB: Math.max(...held) || null,
      quarters: quarters(
        samples.filter(({ at }) => at <= total),
        total,
      ),
    };
  };
};

/** In the page. */
function look() {
  const bar = document.querySelector('[data-testid=progress]');
  const words = `${bar?.textContent ?? ''} ${document.body.innerText}`;
  return {
    done: Number(bar?.getAttribute('aria-valuenow')),
    of: Number(bar?.getAttribute('aria-valuemax')),
    left: words.match(/about ([\d.]+ (?:s|min|h)) left/)?.[1] ?? null,
  };
}

function inSeconds(words) {
  if (!words) return null;
  const [number, unit] = words.split(' ');
  return Number(number) * SECONDS[unit];
}

function quarters(samples, total) {
  return [0.25, 0.5, 0.75, 1].flatMap((part) => {
    const sample = samples.findLast(({ at }) => at <= part * total);
    if (!sample) return [];
    const { at, left, ...rest } = sample;
    const within = samples.filter((other) => other.at > (part - 0.25) * total && other.at <= part * total);
    const mostMiB = Math.max(...within.map(({ memoryMiB }) => memoryMiB));
    return [{ part, ...rest, mostMiB: within.length > 0 ? mostMiB : null, leftTrue: Math.round(total - at) }];
  });
}
