// The Chromium that the tests and the benchmark drive: the one that is here; Playwright must not download its own.
import { existsSync } from 'node:fs';
import { aptInstall, hasApt } from './apt.mjs';
import { ask } from './run.mjs';
import { Stop } from './say.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

export async function findBrowser() {
  const found = look() ?? (hasApt && (await aptInstall(['chromium'])) ? look() : null);
  if (found) return found;
  throw new Stop(
    'Chromium is missing: install it (Debian: apt-get install chromium), or say where one is in LORASCOPE_CHROMIUM.',
  );
}

function look() {
  const named = process.env.LORASCOPE_CHROMIUM;
  if (named) return existsSync(named) ? named : null;
  for (const name of NAMES) {
    const path = ask('which', name);
    if (path) return path;
  }
  return existsSync(MAC) ? MAC : null;
}

/** Quiet, without a GPU, the same everywhere. Chromium's sandbox refuses root, whom containers run as. */
export const BROWSER_ARGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
];
