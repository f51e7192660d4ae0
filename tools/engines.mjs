// npm run engines: the tests for Chromium, Firefox and WebKit, as far as these are here; writes docs/browsers.md when all pass in all.
import { writeBrowsers } from './browsers.mjs';
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';
import * as stages from './stages.mjs';

command(async () => {
  await setup();
  await buildSite();
  const run = await stages.runLanes([['engines', stages.engineTests({ LORASCOPE_BREADTH: 'full' })]]);
  writeBrowsers();
  process.exit(stages.conclude(run) ? 0 : 1);
});
