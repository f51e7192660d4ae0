/** Stands in for the engine: loads the build this browser can run, and its pool of threads. */
import { threads } from 'wasm-feature-detect';

async function start(): Promise<{ build: string; threads: string }> {
  if (self.crossOriginIsolated && (await threads())) {
    const wasm = await import('./wasm/threads/lorascope');
    await wasm.default();
    await wasm.initThreadPool(navigator.hardwareConcurrency);
    return { build: wasm.buildName(), threads: String(navigator.hardwareConcurrency) };
  }
  const wasm = await import('./wasm/simd/lorascope');
  await wasm.default();
  return { build: wasm.buildName(), threads: '1' };
}

start().then(postMessage, (error: unknown) => postMessage({ build: `failed: ${String(error)}`, threads: '0' }));
