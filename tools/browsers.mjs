// docs/browsers.md: what each engine was seen to do, from the results of tests/engines. Only a run without failures and with every engine writes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { at } from './paths.mjs';

const ENGINES = ['chromium', 'firefox', 'webkit'];

/** The oldest versions that have what the page uses; www/public/browser.js says so to a browser without. */
const NEEDS = [
  ['JavaScript modules, also in workers', '80', '114', '15'],
  ['WebAssembly SIMD', '91', '89', '16.4'],
  ['dialogs', '37', '98', '15.4'],
  ['colours by theme (`light-dark()`)', '123', '120', '17.5'],
];

/** Where the run was whole, the table as it came out; otherwise the file stays. */
export function writeBrowsers() {
  const file = at('test-results', 'results-tests-engines.json');
  if (!existsSync(file)) return;
  const { rows, versions } = table(JSON.parse(readFileSync(file, 'utf8')));
  const complete = rows.every((row) => ENGINES.every((name) => row[name] === 'passed'));
  if (!complete || !ENGINES.every((name) => versions[name])) return;
  const name = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKitGTK' };
  const lines = [
    '# Browsers',
    '',
    'What was seen to work, written by the tests of `tests/engines` when all of them passed in all engines.',
    '',
    `| | ${ENGINES.map((engine) => `${name[engine]} ${versions[engine]}`).join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.title} | ${ENGINES.map(() => 'yes').join(' | ')} |`),
    '',
    '## The oldest that can run it',
    '',
    '| what the page uses | Chrome, Edge | Firefox | Safari |',
    '| --- | --- | --- | --- |',
    ...NEEDS.map((row) => `| ${row.join(' | ')} |`),
    '',
    'Threads need a page that is isolated, by two headers of its host or by a service worker; without them the page runs on one thread and says so.',
  ];
  writeFileSync(at('docs/browsers.md'), `${lines.join('\n')}\n`);
}

/** A row a test with its verdict in each engine, and the versions that the tests noted. */
function table(report) {
  const rows = new Map();
  const versions = {};
  const walk = ({ suites = [], specs = [] }) => {
    for (const { title, tests } of specs)
      for (const { projectName, status, results, annotations } of tests) {
        const ran = results.at(-1)?.status;
        rows.set(title, {
          ...rows.get(title),
          title,
          [projectName]: status === 'expected' && ran === 'passed' ? 'passed' : (ran ?? 'none'),
        });
        for (const { type, description } of annotations) if (type === 'version') versions[projectName] = description;
      }
    suites.forEach(walk);
  };
  walk(report);
  return { rows: [...rows.values()], versions };
}
