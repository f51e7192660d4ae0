// npm run check [-- --watch]: the loop of every day. Format, lints, types, unit tests and the house's rules; no wasm, no browser, and
// nothing twice: what has passed runs again when something that it reads has changed.
import { parseArgs } from 'node:util';
import { at } from './paths.mjs';
import { command } from './say.mjs';
import { setup } from './setup.mjs';
import { hash, isFresh, leave } from './stamp.mjs';
import * as stages from './stages.mjs';
import { onChange } from './watch.mjs';

const RUST = ['Cargo.lock', 'Cargo.toml', 'rustfmt.toml', 'src', 'tests', 'tools/bindgen'];
const SCRIPTS = ['biome.json', 'package-lock.json', 'playwright.config.ts', 'tests', 'tools', 'vite.config.ts', 'www'];
// The house's rules read the documents and the page's files too.
const ALL = [
  ...new Set([...RUST, ...SCRIPTS, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md', 'docs']),
];

const lanes = [
  [
    ['cargo fmt', stages.rustFormat, RUST],
    ['cargo clippy', stages.clippy, RUST],
    ['unit tests of the core', stages.cargoTest('--lib'), RUST],
    ["the house's rules", stages.cargoTest('--test', 'all', '--', 'house::', 'registry::'), ALL],
  ],
  [
    ['format of the page', stages.pageFormat, SCRIPTS],
    ['lints of the page', stages.pageLints, SCRIPTS],
    ['types of the page', stages.pageTypes, ['tsconfig.json', ...SCRIPTS]],
    ['types of the workers', stages.workerTypes, ['tsconfig.json', 'tsconfig.worker.json', ...SCRIPTS]],
    ['unit tests of the page', stages.unitTests, SCRIPTS],
  ],
];

command(async () => {
  const { watch } = parseArgs({ options: { watch: { type: 'boolean', default: false } } }).values;
  await setup();
  const passed = await check();
  if (!watch) process.exit(passed ? 0 : 1);
  onChange(
    ['src', 'tests', 'tools', 'www'].map((folder) => at(folder)),
    check,
  );
});

async function check() {
  return stages.conclude(await stages.runLanes(...lanes.map((lane) => lane.map(unlessFresh))));
}

/** Only what passed leaves a mark; what was skipped may not be skipped next time. */
function unlessFresh([name, stage, reads]) {
  const stamp = at('.cache/check', name.replace(/\W+/g, '-'));
  const run = async (say) => {
    const now = hash(reads);
    if (isFresh(stamp, now)) return { passed: 1, note: 'unchanged since it passed' };
    const counts = await stage(say);
    if (!counts.failed && counts.passed) leave(stamp, now);
    return counts;
  };
  return [name, run];
}
