/** WebDriver's commands to one browser: over HTTP to the drivers of Chromium and WebKit, over a socket to Firefox itself, whose Marionette knows the same commands. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ENGINES, type Found, type Name } from './engine';

/** A command as the standard names it, and what it carries. Elements are named by the id that the browser gave them. */
export interface Driver {
  readonly version: string;
  /** The folder of downloads. */
  readonly downloads: string;
  send<T = unknown>(command: Command, given?: Record<string, unknown>): Promise<T>;
  close(): Promise<void>;
}

/** Method and path over HTTP, and Marionette's name. `{id}` is an element. */
const COMMANDS = {
  navigate: ['POST', '/url', 'Navigate'],
  refresh: ['POST', '/refresh', 'Refresh'],
  timeouts: ['POST', '/timeouts', 'SetTimeouts'],
  execute: ['POST', '/execute/async', 'ExecuteAsyncScript'],
  find: ['POST', '/element', 'FindElement'],
  click: ['POST', '/element/{id}/click', 'ElementClick'],
  keys: ['POST', '/element/{id}/value', 'ElementSendKeys'],
  actions: ['POST', '/actions', 'PerformActions'],
  released: ['DELETE', '/actions', 'ReleaseActions'],
  shot: ['GET', '/screenshot', 'TakeScreenshot'],
  shotOf: ['GET', '/element/{id}/screenshot', 'TakeScreenshot'],
  window: ['POST', '/window/rect', 'SetWindowRect'],
} as const;
export type Command = keyof typeof COMMANDS;

/** Milliseconds for a browser to come up on a busy machine. */
const PATIENCE = 60_000;

/** Starts a browser with nothing of an earlier one in it. */
export async function start(name: Name, found: Found, dark = false): Promise<Driver> {
  const home = mkdtempSync(join(tmpdir(), `lorascope-${name}-`));
  const downloads = join(home, 'Downloads');
  const settings = join(home, '.config');
  for (const folder of [downloads, settings]) mkdirSync(folder);
  // WebKit's own window asks the desktop where downloads go.
  writeFileSync(join(settings, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.reverse()) await end();
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  const begin = (command: string, args: string[], more: Record<string, string> = {}): ChildProcess => {
    const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: settings, ...ENGINES[name].env, ...more };
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    closing.push(() => ended(child));
    // A run that is broken off leaves no browser behind.
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  };
  const wanted = ENGINES[name].settings({ browser: found.browser, downloads, dark });
  try {
    const DISPLAY = found.screen
      ? await screen(begin(found.screen, ['-displayfd', '3', '-screen', '0', '1600x1200x24']))
      : '';
    const open = name === 'firefox' ? overSocket : overHttp;
    const driver = await open(found.driver, wanted, home, (command, args) =>
      begin(command, args, DISPLAY ? { DISPLAY } : {}),
    );
    closing.push(driver.end);
    const { version } = driver;
    const send = <T>(command: Command, given: Record<string, unknown> = {}) =>
      driver.send(command, given) as Promise<T>;
    await send('timeouts', { script: 120_000, pageLoad: 60_000, implicit: 0 });
    return { version, downloads, close, send };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Spoken {
  version: string;
  send(command: Command, given: Record<string, unknown>): Promise<unknown>;
  end(): Promise<unknown>;
}
type Begin = (command: string, args: string[]) => ChildProcess;

async function overHttp(command: string, wanted: object, _home: string, begin: Begin): Promise<Spoken> {
  const port = await freePort();
  const driver = begin(command, [`--port=${port}`]);
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: method === 'POST' ? JSON.stringify(body ?? {}) : null,
    });
    const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
    if (value?.error) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await answers(() => ask('GET', '/status'), driver);
  const { sessionId, capabilities } = await ask<{ sessionId: string; capabilities: { browserVersion: string } }>(
    'POST',
    '/session',
    { capabilities: { alwaysMatch: wanted } },
  );
  const base = `/session/${sessionId}`;
  return {
    version: capabilities.browserVersion,
    send(command, given) {
      const [method, path] = COMMANDS[command];
      return ask(method, base + path.replace('{id}', String(given['id'])), given);
    },
    end: () => ask('DELETE', base).catch(() => undefined),
  };
}

async function overSocket(command: string, preferences: object, home: string, begin: Begin): Promise<Spoken> {
  const profile = join(home, 'profile');
  mkdirSync(profile);
  const lines = Object.entries(preferences).map(
    (pair) => `user_pref(${pair.map((v) => JSON.stringify(v)).join(', ')});`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const args = ['--headless', '--no-remote', '--marionette', '--profile', profile];
  const browser = begin(command, args);
  const written = join(profile, 'MarionetteActivePort');
  const socket = await answers(async () => {
    const port = existsSync(written) ? Number(readFileSync(written, 'utf8')) : 0;
    if (!port) throw new Error('not listening yet');
    return connected(port);
  }, browser);
  const ask = packets(socket);
  const { capabilities } = await ask<{ capabilities: { browserVersion: string } }>('WebDriver:NewSession', {});
  return {
    version: capabilities.browserVersion,
    async send(command, given) {
      const answer = await ask<unknown>(`WebDriver:${COMMANDS[command][2]}`, given);
      return answer && typeof answer === 'object' && 'value' in answer ? answer.value : answer;
    },
    async end() {
      await ask('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => undefined);
      socket.destroy();
    },
  };
}

/** Marionette's framing: the length in bytes, a colon, `[0, id, command, given]`; back comes `[1, id, error, answer]`. */
function packets(socket: Socket): <T>(command: string, given: object) => Promise<T> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let bytes = Buffer.alloc(0);
  let last = 0;
  socket.on('data', (more) => {
    bytes = Buffer.concat([bytes, more]);
    for (let colon = bytes.indexOf(58); colon >= 0; colon = bytes.indexOf(58)) {
      const end = colon + 1 + Number(bytes.subarray(0, colon));
      if (bytes.length < end) return;
      const said: unknown = JSON.parse(bytes.subarray(colon + 1, end).toString());
      bytes = bytes.subarray(end);
      // The greeting is not a list.
      if (!Array.isArray(said)) continue;
      const [, id, error, answer] = said;
      const call = waiting.get(id);
      waiting.delete(id);
      if (error) call?.reject(new Error(`${error.error}: ${error.message}`));
      else call?.resolve(answer);
    }
  });
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Firefox closed its connection'));
  });
  return (command, given) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve: resolve as (value: unknown) => void, reject });
      const packet = JSON.stringify([0, last, command, given]);
      socket.write(`${Buffer.byteLength(packet)}:${packet}`);
    });
}

/** Asks until there is an answer, as long as the process lives. */
async function answers<T>(ask: () => Promise<T>, child: ChildProcess): Promise<T> {
  let failed = '';
  child.on('error', (error) => (failed = error.message));
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (failed || child.exitCode !== null || performance.now() > end)
        throw new Error(`${child.spawnfile} did not come up: ${failed || error}`);
      await new Promise((later) => setTimeout(later, 50));
    }
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The number of the screen that a server has opened, as a display's name. */
function screen(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    (server.stdio[3] as Readable).once('data', (said: Buffer) => resolve(`:${said.toString().trim()}`));
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`${server.spawnfile} ended`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exit;
  clearTimeout(late);
}
