// npm run python: the Python package built and tested, in an environment of its own.
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import * as stages from './stages.mjs';
import { pythonTests } from './wheel.mjs';

command(async () => {
  await setup();
  const run = await stages.runLanes([['Python', pythonTests]]);
  process.exit(stages.conclude(run) ? 0 : 1);
});
