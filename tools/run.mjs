// Child processes in three ways: asked for their output, run in the terminal, or read line by line.
import { spawn, spawnSync } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { root } from './paths.mjs';

/** The output of a command, trimmed, or null when it is missing or fails. For quick questions. */
export function ask(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Runs in the terminal itself; resolves to the exit code (127: not found). `idle`: only while nothing else wants the processor. */
export function run(command, args, { env = {}, idle } = {}) {
  return finished(behind(spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }), idle));
}

/** Runs and hands over each line as it comes. `signal` may end it early. */
export async function lines(command, args, onLine, { env = {}, signal, idle } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine);
  return finished(behind(child, idle));
}

/** Children of the child inherit its priority. */
function behind(child, idle) {
  if (idle && child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return child;
}

function finished(child) {
  return new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
