// Set-up before any command: Node, Rust, the npm packages. Silent and quick when all is there.
import { readFileSync } from 'node:fs';
import { at } from './paths.mjs';
import { ask, run } from './run.mjs';
import { Stop, step } from './say.mjs';

export async function setup() {
  checkSystem();
  checkNode();
  checkRust();
  await npmPackages();
}

function checkSystem() {
  if (process.platform === 'win32')
    throw new Stop('Building on Windows itself is not supported: use WSL (wsl --install) and run this there.');
}

function checkNode() {
  const wanted = readJson('package.json').engines.node.replace('>=', '');
  if (older(process.versions.node, wanted))
    throw new Stop(
      `Node ${wanted} or newer is needed, this is ${process.versions.node}: get it from https://nodejs.org.`,
    );
}

function checkRust() {
  const wanted = readFileSync(at('Cargo.toml'), 'utf8').match(/^rust-version = "(.*)"/m)[1];
  const found = ask('cargo', '--version')?.match(/\d+\.\d+\.\d+/)?.[0];
  if (!found) throw new Stop('Rust is missing (cargo is not on PATH): get it from https://rustup.rs.');
  if (older(found, wanted))
    throw new Stop(`Rust ${wanted} or newer is needed, this is ${found}: run "rustup update stable".`);
}

async function npmPackages() {
  if (installedAsLocked()) return;
  step('npm ci');
  // Inside `npm run` the very npm that runs us is known.
  const npm = process.env.npm_execpath;
  const code = npm?.endsWith('.js') ? await run(process.execPath, [npm, 'ci']) : await run('npm', ['ci']);
  if (code !== 0)
    throw new Stop('The npm packages could not be installed: run "npm ci" with a network or a registry it can reach.');
}

/** npm leaves a record of what it installed; optional packages (other systems' binaries) may be absent. */
function installedAsLocked() {
  try {
    const installed = readJson('node_modules/.package-lock.json').packages;
    const wanted = Object.entries(readJson('package-lock.json').packages).filter(([path]) => path !== '');
    return wanted.every(
      ([path, { version, optional }]) => (optional && !installed[path]) || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

const readJson = (path) => JSON.parse(readFileSync(at(path), 'utf8'));

function older(version, wanted) {
  const [a, b] = [version, wanted].map((v) => v.split('.').map(Number));
  const i = b.findIndex((part, n) => part !== (a[n] ?? 0));
  return i >= 0 && (a[i] ?? 0) < b[i];
}
