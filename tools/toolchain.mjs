// The Rust toolchain for the wasm. Threads need `std` rebuilt with atomics: a compiler that takes -Z flags and the
// sources of exactly that compiler. Two roads lead there; neither changes anyone's default toolchain.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, hasApt, refreshLists } from './apt.mjs';
import { at } from './paths.mjs';
import { ask, lines } from './run.mjs';
import { Stop, step } from './say.mjs';
import { isFresh, leave } from './stamp.mjs';

// Rust 1.96, the release Debian carries too: both roads build with the same std.
const NIGHTLY = 'nightly-2026-04-05';

const roads = { rustup: { find: findRustup, get: getRustup }, debian: { find: findDebian, get: getDebian } };
const memory = at('.cache', 'wasm-toolchain');

/** `{ road, cargo: [command, ...args], env, flags, sysroot }` of the first road that is open. */
export async function wasmToolchain() {
  // A road once taken is taken again, so that the other's failing download is not tried each time.
  for (const [name, road] of Object.entries(roads)) {
    if (isFresh(memory, `${NIGHTLY} ${name}`)) {
      const found = road.find();
      if (found) return found;
    }
  }
  for (const [name, road] of Object.entries(roads)) {
    const found = road.find() ?? ((await road.get()) && road.find());
    if (!found) continue;
    step(`wasm toolchain: ${found.road}`);
    leave(memory, `${NIGHTLY} ${name}`);
    return found;
  }
  throw new Stop(
    `Building the wasm needs Rust's own sources. Either get rustup (https://rustup.rs) and run "rustup toolchain install ${NIGHTLY} --profile minimal -c rust-src", or on Debian, as root, "apt-get install rustc-web cargo-web rust-web-src rust-web-llvm" and the lld of the same LLVM.`,
  );
}

function findRustup() {
  const sysroot = ask('rustup', 'run', NIGHTLY, 'rustc', '--print', 'sysroot');
  if (!sysroot || !hasSources(sysroot)) return null;
  return { road: `rustup, ${NIGHTLY}`, cargo: ['rustup', 'run', NIGHTLY, 'cargo'], env: {}, flags: [], sysroot };
}

/** Bounded in time: without a network rustup may wait long before it says so. */
async function getRustup() {
  if (!ask('rustup', '--version')) return false;
  step(`rustup: trying to install ${NIGHTLY} with rust-src`);
  const end = new AbortController();
  let timer = setTimeout(() => end.abort(), 25_000);
  const heard = (line) => {
    if (/^(info|error):/.test(line)) console.log(`  ${line}`);
    if (!line.includes('downloading')) return;
    clearTimeout(timer);
    timer = setTimeout(() => end.abort(), 300_000);
  };
  const args = ['toolchain', 'install', NIGHTLY, '--profile', 'minimal', '-c', 'rust-src', '--no-self-update'];
  const code = await lines('rustup', args, heard, { signal: end.signal });
  clearTimeout(timer);
  if (code !== 0) step('rustup could not; trying the distribution');
  return code === 0;
}

// Debian's security archive carries a matched set of compiler, sources and linker for building browsers.
function findDebian() {
  const rustc = '/usr/bin/rustc';
  if (!existsSync(rustc) || !existsSync('/usr/bin/cargo') || !hasSources('/usr')) return null;
  const version = ask(rustc, '-vV');
  const linker = `/usr/bin/wasm-ld-${version?.match(/LLVM version: (\d+)/)?.[1]}`;
  if (!existsSync(linker)) return null;
  return {
    road: `Debian's ${version.split('\n')[0].replace(/ \(.*/, '')}`,
    cargo: ['/usr/bin/cargo'],
    // A stable compiler takes -Z flags when told that it is building itself.
    env: { RUSTC: rustc, RUSTC_BOOTSTRAP: '1' },
    flags: ['-C', `linker=${linker}`],
    sysroot: '/usr',
  };
}

async function getDebian() {
  if (!hasApt) return false;
  step('wasm toolchain: asking the distribution');
  await refreshLists();
  const llvm = ask('apt-cache', 'depends', 'rust-web-llvm')?.match(/Depends: llvm-(\d+)/)?.[1];
  return llvm ? aptInstall(['rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-llvm', `lld-${llvm}`]) : false;
}

function hasSources(sysroot) {
  const std = join(sysroot, 'lib/rustlib/src/rust/library/std');
  return existsSync(std) && readdirSync(std).includes('Cargo.toml');
}
