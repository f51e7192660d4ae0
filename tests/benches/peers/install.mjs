// The peers' packages, installed when a row first needs them: `npm test` does without.
import { readFileSync } from 'node:fs';
import { at } from '../../../tools/paths.mjs';
import { run } from '../../../tools/run.mjs';
import { Stop, step } from '../../../tools/say.mjs';

const HOME = at('tests/benches');

export async function installPeers() {
  if (installed()) return;
  step('npm ci in tests/benches: other libraries to compare with (170 MB)');
  const args = ['ci', '--prefix', HOME, '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const code = npm?.endsWith('.js') ? await run(process.execPath, [npm, ...args]) : await run('npm', args);
  if (code !== 0)
    throw new Stop(
      'The other libraries could not be installed: --only can name rows that need none (such as "roberta").',
    );
}

function installed() {
  const { dependencies } = read('package.json');
  return Object.entries(dependencies).every(
    ([name, version]) => read(`node_modules/${name}/package.json`)?.version === version,
  );
}

function read(path) {
  try {
    return JSON.parse(readFileSync(`${HOME}/${path}`, 'utf8'));
  } catch {
    return null;
  }
}
