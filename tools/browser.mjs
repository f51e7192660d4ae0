// The browsers that tests and benchmark drive: installed ones, or those of the system's packages; nothing downloads its own.
import { existsSync, readdirSync } from 'node:fs';
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

// What WebDriver needs of each engine: what listens, what it starts, and the Debian packages of both.
const ENGINES = {
  chromium: { driver: ['chromedriver'], browser: NAMES, packages: ['chromium', 'chromium-driver'] },
  // Firefox listens itself.
  firefox: { driver: ['firefox-esr', 'firefox'], browser: ['firefox-esr', 'firefox'], packages: ['firefox-esr'] },
  webkit: {
    driver: ['WebKitWebDriver'],
    browser: ['/usr/lib/*/webkit2gtk-4.1/MiniBrowser'],
    // Its window needs a screen, which need not be there.
    screen: ['Xvfb'],
    packages: ['webkit2gtk-driver', 'libwebkit2gtk-4.1-0', 'xvfb'],
  },
};

/** `{ driver, browser, screen? }` of an engine that is here; `{ missing }` says what would be installed. */
export function lookFor(name) {
  const { packages, ...parts } = ENGINES[name];
  return parted(parts) ?? { missing: `no ${name} here (Debian: apt-get install ${packages.join(' ')})` };
}

/** Installs an engine that is not here, where we may. */
export async function findEngine(name) {
  if (!('missing' in lookFor(name)) || !hasApt) return;
  await aptInstall(ENGINES[name].packages);
}

function parted(parts) {
  const found = Object.entries(parts).map(([part, names]) => [part, first(names)]);
  return found.every(([, path]) => path) ? Object.fromEntries(found) : null;
}

function first(names) {
  for (const name of names) {
    const path = name.startsWith('/') ? globbed(name) : ask('which', name);
    if (path) return path;
  }
  return null;
}

/** The folder between has the name of the machine. */
function globbed(pattern) {
  const [before, after] = pattern.split('*/');
  if (!existsSync(before)) return null;
  return (
    readdirSync(before)
      .map((name) => `${before}${name}/${after}`)
      .find((path) => existsSync(path)) ?? null
  );
}
