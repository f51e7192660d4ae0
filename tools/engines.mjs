// npm run engines: a chosen set of the page in Chromium, Firefox and WebKit, as far as they are here.
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';
import * as stages from './stages.mjs';

command(async () => {
  await setup();
  await buildSite();
  process.exit(stages.conclude(await stages.runLanes([['engines', stages.engineTests]])) ? 0 : 1);
});
