// The worker that asks the wasm package directly, for what the page has no button for.
self.onmessage = async ({ data: { build, threads, calls } }) => {
  try {
    const wasm = await import(`/wasm/${build}/lorascope.js`);
    await wasm.default();
    await wasm.initThreadPool?.(threads);
    const values = calls.map(([name, ...values]) => {
      if (!wasm[name]) throw new Error(`the ${build} build has no ${name}`);
      return wasm[name](...values);
    });
    self.postMessage({ values });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
