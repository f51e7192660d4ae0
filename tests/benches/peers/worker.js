// One peer, one answer: the intruders of one matrix, by the paper's algorithm in the peer's own words.
import { readPair } from './weights.js';

const K = 10;
const EPSILON = 0.5;

self.onmessage = async ({ data: { peer, base, tuned } }) => {
  try {
    const { load } = await import(`./${peer}.js`);
    // Fetching and starting the library is not the work that is compared.
    const intruders = await load();
    const start = performance.now();
    const { name, w0, w } = await readPair(base, tuned);
    const count = await intruders(w0, w, K, EPSILON);
    self.postMessage({ seconds: (performance.now() - start) / 1000, counts: { [name]: count } });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message || error.name : String(error) });
  }
};
