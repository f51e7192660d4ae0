// Writer of docs/browsers.md, the table of what each engine was seen to do in tests/engines. Only a run without failures and with every engine
// writes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { at } from './paths.mjs';

const ENGINES = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKitGTK' };

/** Since which version Chrome (and Edge), Firefox and Safari have what the page uses. */
const NEEDS = [
  ['JavaScript modules, also in workers', 80, 114, 15],
  ['JavaScript of 2022', 94, 93, 16.4],
  ['WebAssembly SIMD', 91, 89, 16.4],
  ['dialogs', 37, 98, 15.4],
  ['locks', 69, 96, 15.4],
  ['`CompressionStream` without a header', 103, 113, 16.4],
  ['container queries', 105, 110, 16],
  ['colours by theme, `light-dark()`', 123, 120, 17.5],
];

/** The oldest Chrome, Firefox and Safari that have all of it; www/public/browser.js names them to browsers that have not. */
export const OLDEST = [1, 2, 3].map((column) => Math.max(...NEEDS.map((row) => row[column])));

/** As browser.js says it. */
export const sentence = ([chrome, firefox, safari]) =>
  `Chrome or Edge ${chrome}, Firefox ${firefox} and Safari ${safari}, or newer`;

/** Writes the table where the run was whole; otherwise the file stays. */
export function writeBrowsers() {
  const file = at('test-results', 'results-tests-engines.json');
  if (!existsSync(file)) return;
  const { rows, versions } = table(JSON.parse(readFileSync(file, 'utf8')));
  const engines = Object.keys(ENGINES);
  if (!rows.every((row) => engines.every((name) => row[name])) || !engines.every((name) => versions[name])) return;
  const lines = [
    '# Browsers',
    '',
    'What was seen to work, written by `npm run engines` when all of `tests/engines` passed in all engines. Chromium and Firefox ran without a',
    'window, WebKit in MiniBrowser; Safari shares its engine, and was not here.',
    '',
    `| | ${engines.map((name) => `${ENGINES[name]} ${versions[name]}`).join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.title} | ${engines.map((name) => row[name]).join(' | ')} |`),
    '',
    '## Oldest versions',
    '',
    '| what the page uses | Chrome, Edge | Firefox | Safari |',
    '| --- | --- | --- | --- |',
    ...NEEDS.map((row) => `| ${row.join(' | ')} |`),
    `| **all of it** | ${OLDEST.map((version) => `**${version}**`).join(' | ')} |`,
    '',
    `${sentence(OLDEST)}, run this page. Threads need a page that is isolated, by two headers of its host or by a service worker; without them the page runs on one thread and says so.`,
  ];
  writeFileSync(at('docs/browsers.md'), `${lines.join('\n')}\n`);
}

/** A row a test, what was seen of it in each engine where it passed, and the versions that the tests noted. */
function table(report) {
  const rows = new Map();
  const versions = {};
  const walk = ({ suites = [], specs = [] }) => {
    for (const { title, tests } of specs)
      for (const { projectName, status, results, annotations } of tests) {
        const noted = (type) => annotations.find((a) => a.type === type)?.description;
        // What a driver lost once and did at the second try is 'flaky'.
        const passed = ['expected', 'flaky'].includes(status) && results.at(-1)?.status === 'passed';
        rows.set(title, { ...rows.get(title), title, [projectName]: passed ? (noted('seen') ?? 'yes') : '' });
        versions[projectName] ??= noted('version');
      }
    suites.forEach(walk);
  };
  walk(report);
  return { rows: [...rows.values()], versions };
}
