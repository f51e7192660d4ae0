// npm run bench -- [--only REGEX] [--json FILE] [--runs N]: the page against NumPy, in the same minutes of the same
// machine, taking turns.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stop, command, step } from '../../tools/say.mjs';
import { serve } from '../../tools/serve.mjs';
import { setup } from '../../tools/setup.mjs';
import { buildSite } from '../../tools/site.mjs';
import { startNumpy } from './numpy.mjs';
import { rows } from './rows.mjs';

const { only = '', json, runs } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'string' }, runs: { type: 'string', default: '3' } },
}).values;

command(async () => {
  const chosen = rows.filter((row) => new RegExp(only).test(row.id));
  if (chosen.length === 0) throw new Stop(`No row matches ${only}; there are: ${rows.map((row) => row.id).join(', ')}`);
  await setup();
  // Asked before our own build is part of it.
  const [load] = loadavg();
  if (load > cpus().length / 2) step(`this machine is busy (load ${load.toFixed(1)} on ${cpus().length} cores): these numbers will say little, and BLAS suffers most`);
  const numpys = new Map();
  for (const { threads } of chosen) if (!numpys.has(threads)) numpys.set(threads, await startNumpy(threads));
  await buildSite();
  const { startPage } = await import('./page.mjs');
  const server = await serve();
  const page = await startPage(server.url);
  const scratch = mkdtempSync(join(tmpdir(), 'lorascope-bench-'));
  try {
    const results = [];
    console.log(line('row', 'page, s', 'NumPy, s', 'NumPy / page', 'same counts'));
    for (const row of chosen) {
      const result = await measure(row, page, numpys.get(row.threads), join(scratch, row.id));
      results.push(result);
      const { ours, numpyPaper } = result.seconds;
      console.log(line(row.id, spread(ours), spread(numpyPaper), (median(numpyPaper) / median(ours)).toFixed(2), result.sameVerdict ? 'yes' : 'NO'));
    }
    const { numpy, blas } = numpys.values().next().value.about;
    const machine = { cores: cpus().length, simd: simd(), browser: `Chromium ${page.version.split('.')[0]}`, numpy, blas, threads: cpus().length };
    step(Object.entries(machine).map(([key, value]) => `${key} ${value}`).join(', '));
    if (json) writeFileSync(json, `${JSON.stringify({ machine, rows: results }, null, 1)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    for (const numpy of numpys.values()) numpy.close();
    await page.close();
    await server.close();
  }
});

async function measure(row, page, numpy, scratch) {
  const files = { folder: scratch, ...row.files(scratch) };
  const seconds = { ours: [], numpyPaper: [] };
  let sameVerdict = true;
  let peakMiB = null;
  for (let i = 0; i < Number(runs); i++) {
    const ours = await page.run(files.folder, row.query);
    const theirs = await numpy.run({ base: files.base, tuned: files.tuned });
    if (ours.threads !== row.threads) throw new Stop(`${row.id}: the page ran ${ours.threads} threads (${ours.build}), not ${row.threads}.`);
    seconds.ours.push(ours.seconds);
    seconds.numpyPaper.push(theirs.seconds);
    sameVerdict &&= sorted(ours.counts) === sorted(theirs.counts);
    peakMiB = Math.max(peakMiB, ours.peakMiB);
  }
  return { id: row.id, sameVerdict, peakMiB, threads: row.threads, seconds };
}

/** Models are told apart by the counts of their matrices alone: the two sides may label them differently. */
function sorted(counts) {
  return JSON.stringify(Object.entries(counts).map(([key, n]) => `${key.slice(key.indexOf(':') + 1)} ${n}`).sort());
}

function simd() {
  try {
    const flags = readFileSync('/proc/cpuinfo', 'utf8');
    return flags.includes('avx512f') ? 'avx512' : flags.includes('avx2') ? 'avx2' : 'unknown';
  } catch {
    return process.arch === 'arm64' ? 'neon' : 'unknown';
  }
}

function median(values) {
  const s = values.toSorted((a, b) => a - b);
  return (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2;
}

const spread = (values) => `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
const line = (id, ...cells) => id.padEnd(42) + cells.map((cell) => String(cell).padStart(24)).join('');
