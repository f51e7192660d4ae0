// npm run dev: Vite's own server for the page, and the Rust rebuilt, in many units, when a source changes.
import { at } from './paths.mjs';
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { buildWasm } from './wasm.mjs';
import { onChange } from './watch.mjs';

command(async () => {
  await setup();
  await buildWasm('wasm-dev');
  const { createServer } = await import('vite');
  const server = await createServer({ root: at(), server: { host: '127.0.0.1' } });
  await server.listen();
  console.log(`\nLorascope: http://localhost:${server.httpServer.address().port}/\n`);
  onChange([at('src')], () => buildWasm('wasm-dev').catch((error) => console.error(`! ${error.message}`)));
});
