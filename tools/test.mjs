// npm test: every check there is. Rust's own tests run beside the builds of the wasm and the page; the browser has the machine to itself.
import { pythonTests } from './wheel.mjs';
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';
import * as stages from './stages.mjs';
import { buildWasm } from './wasm.mjs';

command(async () => {
  const begin = await stages.runLanes([['set-up', stages.done(setup)]]);
  const checks = await stages.runLanes(
    [
      ['cargo fmt', stages.rustFormat],
      ['cargo test', stages.cargoTest()],
      ['cargo clippy', stages.clippy],
    ],
    [
      ['format of the page', stages.pageFormat],
      ['lints of the page', stages.pageLints],
      ['unit tests of the page', stages.unitTests],
      ['wasm build', stages.done(() => buildWasm('release'))],
      ['types of the page', stages.pageTypes],
      ['types of the workers', stages.workerTypes],
      ['site build', stages.done(buildSite)],
      // Waits for what cargo test compiles, and takes it.
      ['Python', pythonTests],
    ],
  );
  const browser = await stages.runLanes([
    ['browser tests', stages.browserTests],
    ['engines', stages.engineTests()],
  ]);
  process.exit(stages.conclude(begin, checks, browser) ? 0 : 1);
});
