// The builds of the wasm, www/wasm/{simd,draw,threads,relaxed,embed,text}/: the engine without threads, what the page draws with, the engine with
// rayon's threads over shared memory, without and with fused multiply-adds, the drawing part that embeds carry, and text to tokens.
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { at, root } from './paths.mjs';
import { ask, lines, run } from './run.mjs';
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

const SIMD = { target: 'simd', list: ['engine'], flags: features('+simd128') };
const THREADS = {
  target: 'threads',
  list: ['threads'],
  flags: [...features('+simd128,+atomics,+bulk-memory,+mutable-globals'), ...SHARED],
};

// Panics do not say their place: that is text nobody reads.
const NOWHERE = ['-Z', 'location-detail=none'];

// What only draws: small, and for browsers without SIMD too.
const SMALL = { target: 'small', finished: 'small', flags: NOWHERE };

// Builds of one `target` share all that lies below our own crate, so they follow each other; targets are built side by side.
// The first of all runs in every browser by itself.
export const BUILDS = {
  simd: SIMD,
  threads: THREADS,
  // With fused multiply-adds in our own crate; a browser without them refuses the whole module, so it is a build of its own.
  relaxed: { ...THREADS, own: '+relaxed-simd' },
  // What a page's main thread needs: all of a report, nothing that computes. Larger than the embed by what a page says besides, and our own
  // code there is not held to the last byte, since a slider draws a whole page of it.
  draw: { ...SMALL, list: ['page'], level: 's' },
  // Drawing alone, for pages that embed a figure.
  embed: { ...SMALL, list: ['draw'], shrunk: true },
  // Text to tokens: fetched when a text is first asked for. Its hash maps take their seeds from the browser.
  text: { target: 'text', list: ['text'], flags: [...NOWHERE, '--cfg', 'getrandom_backend="wasm_js"'] },
};

// The first thread's stack; wasm-bindgen gives the others 2 MiB as well. A dense SVD recurses deeper than rustc's 1 MiB.
const STACK = link('-zstack-size=2097152');

const SOURCES = ['Cargo.lock', 'Cargo.toml', 'src', 'tools/bindgen', 'tools/wasm.mjs'];

/** `profile`: `release` is what ships, `wasm-dev` what an editor waits for. Throws where a build fails. */
export async function buildWasm(profile) {
  await Promise.all(Object.values(await startWasm(profile)));
}

/** A promise for every build, which a fresh one has kept already. `first` has the processor before all others. */
export async function startWasm(profile, first) {
  const sources = hash(SOURCES, profile);
  const stale = Object.keys(BUILDS).filter((name) => !isFresh(stampOf(name), sources));
  const builds = Object.fromEntries(Object.keys(BUILDS).map((name) => [name, Promise.resolve()]));
  if (stale.length === 0) return builds;
  const start = performance.now();
  step(`wasm: building ${stale.join(', ')} (${profile}); the first time takes minutes`);
  const toolchain = await wasmToolchain();
  // Beside the first build, which needs it last.
  const bindgen = buildBindgen();
  bindgen.catch(() => {});
  // What a page is made of now must not be of other sources.
  for (const name of stale) rmSync(at('www/wasm', name), { recursive: true, force: true });
  const lanes = new Map();
  for (const name of stale) {
    const { target } = BUILDS[name];
    const before = lanes.get(target) ?? Promise.resolve();
    const idle = first !== undefined && name !== first;
    // One that fails does not keep those after it.
    builds[name] = before
      .catch(() => {})
      .then(() => build(name, profile, toolchain, bindgen, idle))
      .then(() => {
        leave(stampOf(name), sources);
        step(`wasm: ${name} built after ${seconds(start)}`);
      });
    lanes.set(target, builds[name]);
  }
  return builds;
}

const stampOf = (name) => at('www/wasm', name, '.stamp');

async function buildBindgen() {
  const code = await run('cargo', [
    'build',
    '--quiet',
    '--locked',
    '--package',
    'lorascope-bindgen',
    '--profile',
    'tool',
    '--target-dir',
    'target',
  ]);
  if (code !== 0) throw new Stop('The wasm-bindgen tool (tools/bindgen) did not build; the lines above say why.');
  return at('target/tool/lorascope-bindgen');
}

async function build(name, asked, toolchain, bindgen, idle) {
  const { target, list, own, flags, level, shrunk, finished = 'release' } = BUILDS[name];
  const profile = asked === 'release' ? finished : asked;
  const folder = at('target', target);
  const args = [
    'rustc',
    '--lib',
    '--crate-type',
    'cdylib',
    '--locked',
    '--profile',
    profile,
    '--target',
    'wasm32-unknown-unknown',
    '--target-dir',
    folder,
    // Without std's backtrace, which wasm cannot walk: less to compile and to ship.
    '-Z',
    'build-std=std,panic_abort',
    '-Z',
    `build-std-features=${target === SMALL.target ? 'optimize_for_size' : ''}`,
    '--no-default-features',
    '--features',
    list.join(','),
    ...(level ? ['--config', `profile.${profile}.package.lorascope.opt-level="${level}"`] : []),
    ...(own
      ? [
          '-Z',
          'profile-rustflags',
          '--config',
          `profile.${profile}.package.lorascope.rustflags=["-Ctarget-feature=${own}"]`,
        ]
      : []),
  ];
  const rustflags = [...toolchain.flags, ...flags, ...STACK, ...withoutPaths(toolchain)];
  // The encoded form wins over whatever flags the machine's own configuration sets.
  const env = { ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: rustflags.join('\x1f') };
  const [command, ...rest] = toolchain.cargo;
  const say = (line) => console.log(`  ${name} | ${line}`);
  if ((await lines(command, [...rest, ...args], say, { env, idle })) !== 0)
    throw new Stop(`The ${name} build of the wasm failed; the lines above say why.`);

  const built = join(folder, `wasm32-unknown-unknown/${profile}/lorascope.wasm`);
  const fresh = join(folder, `package-${name}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  // The embed carries its wasm; the other packages find theirs beside themselves.
  const options = [...(shrunk ? ['--carried'] : []), ...(profile === 'wasm-dev' ? ['--names'] : [])];
  if ((await run(await bindgen, [built, fresh, ...options])) !== 0)
    throw new Stop(`wasm-bindgen refused the ${name} build.`);
  if (shrunk) await shrink(join(fresh, 'lorascope_bg.wasm'), idle);
  // rayon's worker imports its package by the folder's name.
  writeFileSync(
    join(fresh, 'package.json'),
    JSON.stringify({ type: 'module', main: './lorascope.js', types: './lorascope.d.ts' }),
  );

  const out = at('www/wasm', name);
  rmSync(out, { recursive: true, force: true });
  cpSync(fresh, out, { recursive: true });
}

/** Binaryen's passes for size take a third off the embed. The engines would lose 3 % of what crosses the network for minutes of building. */
async function shrink(file, idle) {
  const start = performance.now();
  const before = statSync(file).size;
  const features = [
    'bulk-memory',
    'bulk-memory-opt',
    'mutable-globals',
    'nontrapping-float-to-int',
    'sign-ext',
    'multivalue',
    'reference-types',
    'call-indirect-overlong',
  ];
  const args = ['-Oz', ...features.map((f) => `--enable-${f}`), file, '-o', file];
  const [command, ...rest] = wasmOpt();
  if ((await run(command, [...rest, ...args], { idle })) !== 0) throw new Stop('wasm-opt refused the embed build.');
  const size = (bytes) => `${Math.round(bytes / 1024)} KiB`;
  step(`wasm-opt: ${size(before)} to ${size(statSync(file).size)} in ${seconds(start)}`);
}

/** The system's own runs several times as fast as npm's, which is JavaScript; an old one does not know the features. */
function wasmOpt() {
  const version = Number(ask('wasm-opt', '--version')?.match(/version (\d+)/)?.[1] ?? 0);
  return version >= 120 ? ['wasm-opt'] : [process.execPath, at('node_modules/binaryen/bin/wasm-opt')];
}

/** Panics name source files; no machine's own folders should ship in them. */
function withoutPaths({ sysroot }) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const names = { [root]: '.', [cargoHome]: 'cargo', [join(sysroot, 'lib/rustlib/src/rust')]: 'rust' };
  return Object.entries(names).map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}
