// Child processes, in the three ways we need them.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './paths.mjs';

/** What a command prints, trimmed, or null when it is missing or fails. For quick questions. */
export function ask(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Runs in the terminal itself; resolves to the exit code (127: not found). */
export function run(command, args, { env = {} } = {}) {
  return finished(spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }));
}

/** Runs and hands over each line as it comes. `signal` may end it early. */
export async function lines(command, args, onLine, { env = {}, signal } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine);
  return finished(child);
}

function finished(child) {
  return new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
