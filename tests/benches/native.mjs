// The program `lorascope` as a contender: a process of its own from its start to the written report, reading included.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from '../../tools/paths.mjs';
import { Stop } from '../../tools/say.mjs';
import { counts, failed } from './browser/page.mjs';

/** Builds it as `cargo install` does. */
export function buildProgram() {
  const { status } = spawnSync('cargo', ['build', '--release', '--locked', '--bin', 'lorascope'], {
    cwd: at(),
    stdio: 'inherit',
  });
  if (status !== 0) throw new Stop('The program does not build; the lines above say why.');
}

export function runProgram({ id, mode, threads }, { base, tuned }) {
  // Not among the files, which others are given as they are.
  const output = join(tmpdir(), `lorascope-bench-${id}.json`);
  const args = ['analyze', base, ...tuned, '--mode', mode, '--threads', String(threads), '-o', output];
  const begin = performance.now();
  const { status, stderr } = spawnSync(at('target/release/lorascope'), args, { encoding: 'utf8' });
  const seconds = (performance.now() - begin) / 1000;
  if (status !== 0) return { error: stderr.split('\n')[0] };
  const report = JSON.parse(readFileSync(output, 'utf8'));
  rmSync(output);
  return failed(report) ? { error: failed(report) } : { seconds, threads, counts: counts(report) };
}
