// The stages of `npm run check` and `npm test`. Each resolves to its counts and says what it does through `say`, a line at a time.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { findBrowser } from './browser.mjs';
import { at } from './paths.mjs';
import { ask, lines } from './run.mjs';
import { Stop, seconds } from './say.mjs';
import { serve } from './serve.mjs';
import { BUILDS } from './wasm.mjs';

const PASSED = { passed: 1 };
const FAILED = { failed: 1 };
const SKIPPED = { skipped: 1 };

export const rustFormat = component('fmt', ['fmt', '--all', '--check']);
export const clippy = component('clippy', ['clippy', '--locked', '--all-targets', '--', '-D', 'warnings']);
export const pageLints = tool('@biomejs/biome/bin/biome', 'lint', '--colors=off');
export const pageFormat = tool('@biomejs/biome/bin/biome', 'format', '--colors=off');
export const pageTypes = types('tsconfig.json');
export const workerTypes = types('tsconfig.worker.json');

/** Something that either works or throws. */
export const done = (work) => () => work().then(() => PASSED);

/** Every test binary reports its counts; a crate that does not compile reports none. */
export const cargoTest =
  (...args) =>
  async (say) => {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const code = await lines('cargo', ['test', '--locked', '--no-fail-fast', ...args], (line) => {
      say(line);
      const found = line.match(/^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored/);
      if (!found) return;
      ['passed', 'failed', 'skipped'].forEach((key, i) => (counts[key] += Number(found[i + 1])));
    });
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  };

/** The page's own functions, in Node. */
export const unitTests = (say) => playwright('tests/unit', {}, say);

/** Browser tests of dist/, the build that ships. */
export async function browserTests(say) {
  await findBrowser();
  const server = await serve();
  try {
    return await playwright('.', { LORASCOPE_URL: server.url }, say);
  } finally {
    await server.close();
  }
}

/** A chosen set in Chromium, Firefox and WebKit, as far as they are here or can be installed. */
export const engineTests =
  (env = {}) =>
  (say) => {
    // Engines are held against what Chromium says in this very run.
    rmSync(at('test-results/engines-numbers'), { recursive: true, force: true });
    return playwright('tests/engines', env, say);
  };

/** Lanes side by side, the stages of each in a row; their counts added up. A stage is `[name, run, reads?]`. */
export async function runLanes(...lanes) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const table = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (const [name, stage] of lane) {
        const start = performance.now();
        const say = (line) => console.log(lanes.length > 1 ? `  ${name} | ${line}` : `  ${line}`);
        // A stage that cannot start has failed once; the others still say what they know.
        const counts = await stage(say).catch((error) => {
          say(error instanceof Stop ? `! ${error.message}` : error.stack);
          return FAILED;
        });
        for (const key of Object.keys(total)) total[key] += counts[key] ?? 0;
        table.push(
          `${seconds(start).padStart(9)}  ${name}${counts.failed ? `: ${counts.failed} FAILED` : ''}${counts.note ? `: ${counts.note}` : ''}`,
        );
        console.log(`> ${table.at(-1).trim()}`);
      }
    }),
  );
  return { total, table };
}

/** The last line of a run, and its exit. */
export function conclude(...parts) {
  const sum = (key) => parts.reduce((all, { total }) => all + total[key], 0);
  console.log(`\n${parts.flatMap(({ table }) => table).join('\n')}`);
  console.log(
    `\n${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') ? `, ${sum('skipped')} skipped` : ''}`,
  );
  return sum('failed') === 0;
}

function component(name, args) {
  return async (say) => {
    if (ask('cargo', name, '--version')) return verdict(lines('cargo', args, say));
    say(`skipped: this Rust has no ${name} (rustup component add ${name})`);
    return SKIPPED;
  };
}

/** The types of the wasm are written when it is built. */
function types(project) {
  const check = tool('typescript/bin/tsc', '-p', project);
  return async (say) => {
    if (Object.keys(BUILDS).every((name) => existsSync(at('www/wasm', name, 'lorascope.d.ts')))) return check(say);
    say('skipped: the types of the wasm are not there yet (npm start or npm run build writes them)');
    return SKIPPED;
  };
}

function tool(script, ...args) {
  return (say) => verdict(lines(process.execPath, [at('node_modules', script), ...args], say));
}

async function verdict(code) {
  return (await code) === 0 ? PASSED : FAILED;
}

async function playwright(config, env, say) {
  const results = at('test-results', `results-${config.replace(/\W+/g, '-')}.json`);
  rmSync(results, { force: true });
  mkdirSync(at('test-results'), { recursive: true });
  const args = ['test', '-c', config, '--reporter=list,json'];
  const code = await lines(process.execPath, [at('node_modules/@playwright/test/cli.js'), ...args], say, {
    env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: results },
  });
  if (!existsSync(results)) return FAILED;
  const report = JSON.parse(readFileSync(results, 'utf8'));
  const { expected, unexpected, flaky, skipped } = report.stats;
  // An error outside any test (a file that does not load) fails the run without failing a test.
  return { passed: expected + flaky, failed: unexpected || (code === 0 ? 0 : 1), skipped, note: notes(report) };
}

/** Notes for the summary: the breadth that tests ran in (tests/browser/breadth.ts), and browsers that are missing. */
function notes(report) {
  const [said, missing] = [[], new Set()];
  const walk = ({ suites = [], specs = [] }) => {
    const annotations = specs.flatMap(({ tests }) => tests.flatMap((test) => test.annotations));
    for (const { type, description } of annotations) {
      if (type === 'breadth') said.push(description);
      if (type === 'skip' && description) missing.add(description);
    }
    suites.forEach(walk);
  };
  walk(report);
  const some = said.length > 0 ? [`sampled ${said.join(', ')}; LORASCOPE_BREADTH=full runs all`] : [];
  return [...some, ...[...missing].map((why) => `skipped: ${why}`)].join('; ');
}
