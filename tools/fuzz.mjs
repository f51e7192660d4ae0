// npm run fuzz -- TARGET [libFuzzer options]: coverage-guided fuzzing of one reader of file bytes. New inputs go to target/fuzz/TARGET.
import { mkdirSync, readdirSync } from 'node:fs';
import { at } from './paths.mjs';
import { ask, run } from './run.mjs';

const targets = readdirSync(at('tests/fuzz/corpus'));
const [target, ...options] = process.argv.slice(2);
if (!targets.includes(target)) {
  console.log(
    `npm run fuzz -- TARGET [options of libFuzzer, such as -runs=10000000 or -max_total_time=60]\ntargets: ${targets.join(' ')}`,
  );
  process.exit(2);
}
// What cargo-fuzz passes too; without a sanitizer it needs no nightly compiler, and safe Rust has little for one to find.
const coverage = ['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map(
  (flag) => `-Cllvm-args=-sanitizer-coverage-${flag}`,
);
const RUSTFLAGS = [
  '--cfg fuzzing',
  '-Cpasses=sancov-module',
  ...coverage,
  '-Ccodegen-units=1',
  '-Cdebug-assertions',
  '-Coverflow-checks',
].join(' ');
const found = at('target/fuzz', target);
mkdirSync(found, { recursive: true });
const libfuzzer = [
  '-timeout=10',
  '-rss_limit_mb=2048',
  '-max_len=8192',
  `-artifact_prefix=${found}-`,
  ...options,
  found,
  at('tests/fuzz/corpus', target),
];
const env = { RUSTFLAGS, FUZZ_TARGET: target, CARGO_TARGET_DIR: at('target/fuzz-build') };
// A target of its own, though it is the host's: build scripts are then compiled without the flags.
const host = ask('rustc', '-vV')?.match(/^host: (.*)$/m)?.[1];
const cargo = [
  'run',
  '--release',
  '--target',
  host,
  '--config',
  'profile.release.lto=false',
  '-p',
  'lorascope-fuzz',
  '--',
  ...libfuzzer,
];
process.exit(await run('cargo', cargo, { env }));
