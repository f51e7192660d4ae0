// A stored report in the built page, its sliders moved: from the event to the frame that shows what it changed.
import { filesOver } from '../../browser/begin.mjs';
import { memory } from './memory.mjs';

/** The reader's places on the page: each has its own figures in sight, the last one the table of matrices. */
const PLACES = ['epsilon-curve', 'overview', 'effective-rank', 'k-curve', 'matrices'];
const SLIDERS = { 'epsilon-slider': (n) => 0.3 + 0.01 * n, 'k-slider': (n) => 5 + n };

/** As a hand jumps that does not stop at every value. */
const VALUES = Array.from({ length: 20 }, (_, n) => (7 * n) % 40);

/** `seconds`: the median of all events; `places`: of the events at each place. */
export async function runRedraw(browser, address, report, { limit }) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  page.setDefaultTimeout(limit * 1000);
  try {
    await page.goto(address);
    await page.evaluate(filesOver);
    await page.waitForSelector('html[data-build]', { state: 'attached' });
    await page.getByTestId('file-input').setInputFiles(report);
    await page.waitForSelector('[data-testid=matrix-row]');
    const places = {};
    for (const place of PLACES) {
      await page.evaluate(
        (at) => (document.getElementById(at) ?? document.querySelector('lorascope-table')).scrollIntoView(),
        place,
      );
      // Until all that waits out of sight is drawn.
      await page.waitForTimeout(1000);
      places[place] = [];
      for (const [slider, value] of Object.entries(SLIDERS))
        places[place].push(...(await page.evaluate(move, [slider, VALUES.map(value)])));
    }
    const { build } = await page.evaluate(() => ({ ...document.documentElement.dataset }));
    return {
      seconds: median(Object.values(places).flat()),
      places: Object.fromEntries(Object.entries(places).map(([place, all]) => [place, median(all)])),
      build,
      peakMiB: await memory(browser, 'VmHWM'),
    };
  } catch (error) {
    return { error: error.message.split('\n')[0] };
  } finally {
    await page.close();
  }
}

/** In the page: seconds of work an event, without the wait for its frame. */
async function move([id, values]) {
  const slider = document.querySelector(`[data-testid=${id}]`);
  const seconds = [];
  for (const value of values) {
    await new Promise((done) => setTimeout(done, 50));
    slider.value = String(value);
    let begin;
    // Asked for before the page asks for its own: the frame begins here.
    requestAnimationFrame(() => (begin = performance.now()));
    const sent = performance.now();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    const heard = performance.now() - sent;
    await new Promise((done) => {
      // A message asked for in a frame comes after the browser has styled, laid out and painted it.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(0);
      });
    });
    seconds.push((heard + performance.now() - begin) / 1000);
  }
  return seconds;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
