// npm run build: dist/, from the wasm on.
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';

command(async () => {
  await setup();
  await buildSite();
});
