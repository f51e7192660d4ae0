// npm test: every check there is, one stage after the other, their counts added up on the last line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { findBrowser } from './browser.mjs';
import { at } from './paths.mjs';
import { ask, lines, run } from './run.mjs';
import { Stop, step } from './say.mjs';
import { serve } from './serve.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';
import { buildWasm } from './wasm.mjs';

const PASSED = { passed: 1 };
const FAILED = { failed: 1 };
const SKIPPED = { skipped: 1 };

// What ships is what is tested: the release build, served from dist/.
const stages = {
  'set-up': () => setup().then(() => PASSED),
  'cargo fmt': () => component('fmt', ['fmt', '--all', '--check']),
  'cargo clippy': () => component('clippy', ['clippy', '--locked', '--all-targets', '--', '-D', 'warnings']),
  'cargo test': cargoTest,
  'wasm build': () => buildWasm('release').then(() => PASSED),
  'types of the page': () => verdict(tool('typescript/bin/tsc', '-p', 'tsconfig.json')),
  'types of the workers': () => verdict(tool('typescript/bin/tsc', '-p', 'tsconfig.worker.json')),
  'site build': () => buildSite().then(() => PASSED),
  'unit and browser tests': playwright,
};

const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, stage] of Object.entries(stages)) {
  console.log();
  step(name);
  // A stage that cannot start has failed once; the others still say what they know.
  const counts = await stage().catch((error) => {
    console.error(error instanceof Stop ? `! ${error.message}` : error);
    return FAILED;
  });
  for (const key of Object.keys(counts)) total[key] += counts[key];
  if (counts.failed) console.log(`! ${name}: ${counts.failed} failed`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed ? 1 : 0);

async function verdict(code) {
  return (await code) === 0 ? PASSED : FAILED;
}

function tool(script, ...args) {
  return run(process.execPath, [at('node_modules', script), ...args]);
}

async function component(name, args) {
  if (ask('cargo', name, '--version')) return verdict(run('cargo', args));
  console.log(`skipped: this Rust has no ${name} (rustup component add ${name})`);
  return SKIPPED;
}

/** Every test binary reports its counts; a crate that does not compile reports none. */
async function cargoTest() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const code = await lines('cargo', ['test', '--locked', '--no-fail-fast'], (line) => {
    console.log(line);
    const found = line.match(/^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored/);
    if (!found) return;
    ['passed', 'failed', 'skipped'].forEach((key, i) => (counts[key] += Number(found[i + 1])));
  });
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

async function playwright() {
  await findBrowser();
  const results = at('test-results/results.json');
  rmSync(results, { force: true });
  mkdirSync(at('test-results'), { recursive: true });
  const server = await serve();
  const code = await run(process.execPath, [at('node_modules/@playwright/test/cli.js'), 'test', '--reporter=list,json'], {
    env: { LORASCOPE_URL: server.url, PLAYWRIGHT_JSON_OUTPUT_FILE: results },
  });
  await server.close();
  if (!existsSync(results)) return FAILED;
  const { expected, unexpected, flaky, skipped } = JSON.parse(readFileSync(results, 'utf8')).stats;
  // An error outside any test (a file that does not load) fails the run without failing a test.
  return { passed: expected + flaky, failed: unexpected || (code === 0 ? 0 : 1), skipped };
}
