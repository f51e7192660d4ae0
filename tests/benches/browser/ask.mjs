// One question to one worker, in a page of its own that ends with it: nothing is warm, nothing is left over.

/** Resolves to the worker's answer, or to `{ error }` with the reason. `server`: what serves `bench/`; `limit` in seconds. */
export async function ask(browser, server, worker, question, limit) {
  const page = await browser.newPage();
  let timer;
  try {
    await page.goto(`${server}bench/browser/bench.html`);
    return await Promise.race([
      page.evaluate(([w, q]) => globalThis.ask(w, q), [`${server}bench/${worker}`, question]),
      new Promise((resolve) => page.on('crash', () => resolve({ error: 'out of memory' }))),
      new Promise((resolve) => (timer = setTimeout(() => resolve({ error: `over ${limit} s` }), limit * 1000))),
    ]);
  } catch (error) {
    return { error: error.message };
  } finally {
    clearTimeout(timer);
    await page.close().catch(() => undefined);
  }
}
