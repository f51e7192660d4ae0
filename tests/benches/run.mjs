// npm run bench -- [--only REGEX] [--json FILE] [--runs N]: the page against NumPy and other libraries, in the same minutes of
// the same machine, taking turns.
//   --fresh    measures rows again that FILE has already; without it a stopped benchmark goes on where it was
//   --write    puts the tables into docs/speed.md, where rows that were not measured keep what they had
//   --limit S  seconds that another browser library may take for one matrix
//   --built    takes dist/ as it is
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BROWSER_ARGS, findBrowser } from '../../tools/browser.mjs';
import { at } from '../../tools/paths.mjs';
import { Stop, command, step } from '../../tools/say.mjs';
import { serve } from '../../tools/serve.mjs';
import { setup } from '../../tools/setup.mjs';
import { buildSite } from '../../tools/site.mjs';
import { serveFolders } from './browser/server.mjs';
import { lossHead, lossRow, lossTable } from './loss-table.mjs';
import { inWords, machine } from './machine.mjs';
import { nativeTable } from './native-table.mjs';
import { buildProgram } from './native.mjs';
import { startNumpy } from './numpy.mjs';
import { installPeers } from './peers/install.mjs';
import { rows } from './rows.mjs';
import { head, table, tableRow } from './table.mjs';

const text = { type: 'string' };
const flag = { type: 'boolean', default: false };
const options = {
  by: { ...text, default: '' },
  only: { ...text, default: '' },
  json: text,
  runs: { ...text, default: '3' },
  limit: { ...text, default: '600' },
  fresh: flag,
  write: flag,
  built: flag,
};
const { only, json, runs, limit, fresh, write, built, by } = parseArgs({ options }).values;

/** The tables of docs/speed.md, by the word in their markers. */
const TABLES = {
  bench: { has: ({ task }) => task !== 'loss', table },
  native: { has: ({ task }) => task === 'count', table: nativeTable },
  losses: { has: ({ task }) => task === 'loss', table: lossTable },
};

command(async () => {
  const pattern = new RegExp(only);
  const chosen = rows.filter((row) => pattern.test(row.id) && (only || !row.named));
  if (chosen.length === 0) throw new Stop(`No row matches ${only}; there are: ${rows.map((row) => row.id).join(', ')}`);
  const results = json && !fresh && existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')).rows : [];
  const missing = chosen.filter((row) => !results.some(({ id }) => id === row.id));
  const about =
    missing.length > 0 ? await measureAll(missing, results) : JSON.parse(readFileSync(json, 'utf8')).machine;
  step(inWords(about));
  if (write) for (const [word, one] of Object.entries(TABLES)) writeTable(word, one, about, inOrder(results));
});

async function measureAll(missing, results) {
  await setup();
  // Asked before our own build is part of it.
  const [load] = loadavg();
  if (load > cpus().length / 2)
    step(
      `this machine is busy (load ${load.toFixed(1)} on ${cpus().length} cores): these numbers will say little, and BLAS suffers most`,
    );
  if (missing.some((row) => row.peers)) await installPeers();
  if (!built) await buildSite();
  if (missing.some(({ task }) => task === 'count') && new RegExp(by).test('native')) buildProgram();
  // Loaded late: before the set-up there is no Playwright.
  const [{ chromium }, { contenders }, { measure }] = await Promise.all([
    import('@playwright/test'),
    import('./contenders.mjs'),
    import('./rounds.mjs'),
  ]);
  const scratch = mkdtempSync(join(tmpdir(), 'lorascope-bench-'));
  const numpy = startNumpy();
  const site = await serve();
  const bench = await serveFolders({
    bench: at('tests/benches'),
    packages: at('tests/benches/node_modules'),
    wasm: at('www/wasm'),
    files: scratch,
  });
  const browser = await chromium.launch({ executablePath: await findBrowser(), args: BROWSER_ARGS });
  try {
    const about = machine(browser, await numpy.about());
    const all = contenders({ browser, pageUrl: site.url, benchUrl: bench.url, numpy, limit: Number(limit) }).filter(
      ({ name }) => new RegExp(by).test(name),
    );
    const names = all.map(({ name }) => name);
    const said = new Set();
    for (const row of missing) {
      const folder = join(scratch, row.id);
      mkdirSync(folder);
      const files = { folder, ...row.files(folder) };
      const earlier = results.flatMap((result) =>
        rows.filter(({ id }) => id === result.id).map((other) => ({ row: other, result })),
      );
      const result = await measure(row, all, files, { runs: row.runs ?? Number(runs), limit: Number(limit), earlier });
      rmSync(folder, { recursive: true });
      results.push(result);
      const lines = row.task === 'loss' ? [lossHead, lossRow(result)] : [head(names), tableRow(result, names)];
      console.log(lines.filter((line) => !said.has(line)).join('\n'));
      said.add(lines[0]);
      if (json) writeFileSync(json, `${JSON.stringify({ machine: about, rows: inOrder(results) }, null, 1)}\n`);
    }
    return about;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    numpy.close();
    await browser.close();
    await Promise.all([site.close(), bench.close()]);
  }
}

function inOrder(results) {
  return rows.flatMap((row) => results.filter(({ id }) => id === row.id));
}

function writeTable(word, { has, table: made }, about, results) {
  const order = rows.filter(has).map(({ id }) => id);
  const own = results.filter(({ id }) => order.includes(id));
  if (own.length === 0) return;
  const markers = [`<!-- ${word} -->`, `<!-- /${word} -->`];
  const page = readFileSync(at('docs/speed.md'), 'utf8');
  const [before, after] = markers.map((marker) => page.indexOf(marker));
  if (before < 0 || after < before) throw new Stop(`docs/speed.md has no ${markers.join(' ... ')} to write between.`);
  const torch = own.find((result) => result.torch)?.torch;
  const between = `\n\n${made(own, order, page.slice(before, after))}\n\n${inWords({ ...about, ...(torch && { torch }) })}\n\n`;
  writeFileSync(at('docs/speed.md'), page.slice(0, before + markers[0].length) + between + page.slice(after));
}
