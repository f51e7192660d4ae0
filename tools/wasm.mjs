// Rust to www/wasm/{relaxed,threads,simd,embed}/: the same core with rayon's threads over shared memory, with and without fused multiply-adds,
// without threads, and its drawing part alone.
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { at, root } from './paths.mjs';
import { lines, run } from './run.mjs';
import { Stop, seconds, step } from './say.mjs';
import { hash, isFresh, leave } from './stamp.mjs';
import { wasmToolchain } from './toolchain.mjs';

const link = (...args) => args.flatMap((arg) => ['-C', `link-arg=${arg}`]);

// Since Rust 1.92 `+atomics` alone no longer shares the memory, nor exports what starts a thread.
const SHARED = [
  ...link('--shared-memory', '--import-memory', '--max-memory=4294967296'),
  ...link('--export=__wasm_init_tls', '--export=__tls_size', '--export=__tls_align', '--export=__tls_base'),
];
const features = (list) => ['-C', `target-feature=${list}`];

const BUILDS = {
  // With fused multiply-adds; a browser without them refuses the whole module, so it is a build of its own.
  relaxed: { features: ['threads'], flags: [...features('+simd128,+relaxed-simd,+atomics,+bulk-memory,+mutable-globals'), ...SHARED] },
  threads: { features: ['threads'], flags: [...features('+simd128,+atomics,+bulk-memory,+mutable-globals'), ...SHARED] },
  simd: { features: [], flags: features('+simd128') },
  // Drawing alone, for pages that embed a figure: small, and for browsers without SIMD too.
  // Panics do not say their place there: that is text nobody reads.
  embed: { features: [], flags: ['-Z', 'location-detail=none'], small: true },
};

// The first thread's stack; wasm-bindgen gives the others 2 MiB as well. A dense SVD recurses deeper than rustc's 1 MiB.
const STACK = link('-zstack-size=2097152');

const SOURCES = ['Cargo.lock', 'Cargo.toml', 'src', 'tools/bindgen', 'tools/wasm.mjs'];

/** `profile`: `release` is what ships (LTO and wasm-opt), `wasm-dev` what an editor waits for. */
export async function buildWasm(profile) {
  const sources = hash(SOURCES, profile);
  const stale = Object.keys(BUILDS).filter((name) => !isFresh(stampOf(name), sources));
  if (stale.length === 0) return;
  const start = performance.now();
  step(`wasm: building ${stale.join(' and ')} (${profile}); the first time takes minutes`);
  const toolchain = await wasmToolchain();
  const bindgen = await buildBindgen();
  // Side by side: linking is one long thread, and the other build fills the second core.
  await Promise.all(stale.map((name) => build(name, profile, toolchain, bindgen)));
  for (const name of stale) leave(stampOf(name), sources);
  step(`wasm: built in ${seconds(start)}`);
}

const stampOf = (name) => at('www/wasm', name, '.stamp');

async function buildBindgen() {
  const code = await run('cargo', ['build', '--quiet', '--locked', '--package', 'lorascope-bindgen', '--profile', 'tool', '--target-dir', 'target']);
  if (code !== 0) throw new Stop('The wasm-bindgen tool (tools/bindgen) did not build; the lines above say why.');
  return at('target/tool/lorascope-bindgen');
}

async function build(name, asked, toolchain, bindgen) {
  const { features, flags, small } = BUILDS[name];
  const profile = small ? 'embed' : asked;
  const target = at('target', name);
  const args = [
    'build', '--locked', '--profile', profile, '--target', 'wasm32-unknown-unknown', '--target-dir', target,
    // Without std's backtrace, which wasm cannot walk: less to compile and to ship.
    '-Z', 'build-std=std,panic_abort', '-Z', `build-std-features=${small ? 'optimize_for_size' : ''}`,
    ...features.flatMap((feature) => ['--features', feature]),
    ...(small ? ['--no-default-features'] : []),
  ];
  const rustflags = [...toolchain.flags, ...flags, ...STACK, ...withoutPaths(toolchain)];
  // The encoded form wins over whatever flags the machine's own configuration sets.
  const env = { ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: rustflags.join('\x1f') };
  const [command, ...rest] = toolchain.cargo;
  const say = (line) => console.log(`  ${name} | ${line}`);
  if ((await lines(command, [...rest, ...args], say, { env })) !== 0) throw new Stop(`The ${name} build of the wasm failed; the lines above say why.`);

  const built = join(target, `wasm32-unknown-unknown/${profile}/lorascope.wasm`);
  const fresh = join(target, `package-${profile}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  // The embed carries its wasm; the other packages find theirs beside themselves.
  if ((await run(bindgen, [built, fresh, ...(small ? ['--carried'] : [])])) !== 0) throw new Stop(`wasm-bindgen refused the ${name} build.`);
  if (profile !== 'wasm-dev') await optimise(name, join(fresh, 'lorascope_bg.wasm'));
  // rayon's worker imports its package by the folder's name.
  writeFileSync(join(fresh, 'package.json'), JSON.stringify({ type: 'module', main: './lorascope.js', types: './lorascope.d.ts' }));

  const out = at('www/wasm', name);
  rmSync(out, { recursive: true, force: true });
  cpSync(fresh, out, { recursive: true });
}

async function optimise(name, file) {
  const start = performance.now();
  const before = statSync(file).size;
  const { small } = BUILDS[name];
  const features = ['bulk-memory', 'bulk-memory-opt', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'multivalue', 'reference-types', 'call-indirect-overlong'];
  if (!small) features.push('simd');
  if (BUILDS[name].features.includes('threads')) features.push('threads');
  if (name === 'relaxed') features.push('relaxed-simd');
  const args = [at('node_modules/binaryen/bin/wasm-opt'), small ? '-Oz' : '-O1', ...features.map((f) => `--enable-${f}`), file, '-o', file];
  if ((await run(process.execPath, args)) !== 0) throw new Stop(`wasm-opt refused the ${name} build.`);
  const size = (bytes) => `${Math.round(bytes / 1024)} KiB`;
  step(`wasm-opt ${name}: ${size(before)} to ${size(statSync(file).size)} in ${seconds(start)}`);
}

/** Panics name source files; no machine's own folders should ship in them. */
function withoutPaths({ sysroot }) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const names = { [root]: '.', [cargoHome]: 'cargo', [join(sysroot, 'lib/rustlib/src/rust')]: 'rust' };
  return Object.entries(names).map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}
