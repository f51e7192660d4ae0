// npm run dev: Vite's own server for the page, and the Rust rebuilt (without LTO) when a source changes.
import { watch } from 'node:fs';
import { at } from './paths.mjs';
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { buildWasm } from './wasm.mjs';

command(async () => {
  await setup();
  await buildWasm('wasm-dev');
  const { createServer } = await import('vite');
  const server = await createServer({ root: at(), server: { host: '127.0.0.1' } });
  await server.listen();
  console.log(`\nLorascope: http://localhost:${server.httpServer.address().port}/\n`);
  onChange(at('src'), () => buildWasm('wasm-dev').catch((error) => console.error(`! ${error.message}`)));
});

/** Calls `work` after a burst of changes, never twice at once. */
function onChange(folder, work) {
  let timer;
  let working = Promise.resolve();
  watch(folder, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => (working = working.then(work)), 200);
  });
}
