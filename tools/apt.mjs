// Packages of Debian and Ubuntu: installed where we may (root, or sudo that asks nothing).
import { ask, run } from './run.mjs';
import { step } from './say.mjs';

const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
export const hasApt = process.platform === 'linux' && ask('apt-get', '--version') !== null;

let lists;

/** Fresh package lists, once a run: a new machine has none. */
export const refreshLists = () => (lists ??= apt('update', '-qq'));

/** Never removes a package to make room: a conflict is the owner's to settle. */
export async function aptInstall(packages) {
  await refreshLists();
  step(`apt-get install ${packages.join(' ')}`);
  return (await apt('install', '-y', '-qq', '--no-remove', '--no-install-recommends', ...packages)) === 0;
}

function apt(...args) {
  // Through `env`, because sudo keeps no variables.
  const [command, ...rest] = [
    ...sudo,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=300',
    ...args,
  ];
  return run(command, rest);
}
