// npm run preview -- [--port N]: builds what is missing or stale, and serves dist/.
import { parseArgs } from 'node:util';
import { Stop, command } from './say.mjs';
import { serve } from './serve.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';

command(async () => {
  const { port } = parseArgs({ options: { port: { type: 'string' } } }).values;
  await setup();
  await buildSite();
  const { url } = await serve(port === undefined ? undefined : Number(port)).catch((error) => {
    throw new Stop(`Cannot serve: ${error.message}`);
  });
  console.log(`\nLorascope: ${url}\n(Ctrl+C stops it)`);
});
