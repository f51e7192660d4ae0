// The Python package: an environment of its own in .cache/, the wheel, and its tests.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { at } from './paths.mjs';
import { ask, lines } from './run.mjs';

const HOME = at('.cache/python');
const SYSTEM = process.env.LORASCOPE_PYTHON ?? 'python3';
const PYTHON = join(HOME, 'bin/python');
const WHEELS = at('target/wheels');
/** What the tests need; each test that needs more is skipped where that is not installed. */
const NEEDS = ['maturin>=1.9.4,<2', 'pytest', 'numpy', 'safetensors', 'fsspec', 'anywidget'];
const OLDEST = [3, 9];

/** Why there is nothing to test with, or undefined: the environment is ready then. */
async function missing(say) {
  const version = ask(SYSTEM, '-c', 'import sys; print(sys.version_info[0], sys.version_info[1])')
    ?.split(' ')
    .map(Number);
  if (!version || version[0] !== OLDEST[0] || version[1] < OLDEST[1]) return `no Python ${OLDEST.join('.')} or newer`;
  if (!existsSync(PYTHON)) {
    mkdirSync(at('.cache'), { recursive: true });
    // torch, transformers or Ray of the system are used where they are.
    if ((await lines(SYSTEM, ['-m', 'venv', '--system-site-packages', HOME], say)) !== 0) {
      rmSync(HOME, { recursive: true, force: true });
      return 'Python cannot make environments (Debian: apt-get install python3-venv)';
    }
  }
  if (ask(PYTHON, '-c', `import ${NEEDS.map((need) => need.match(/^\w+/)[0]).join(', ')}`) !== null) return undefined;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...NEEDS];
  return (await lines(PYTHON, pip, say)) === 0
    ? undefined
    : 'pip cannot install the packages of the tests (no network?)';
}

/** Builds the wheel with the settings of the tests, installs it, and runs tests/python against the installed package. */
export async function pythonTests(say) {
  const reason = await missing(say);
  if (reason) {
    say(`skipped: ${reason}`);
    return { skipped: 1, note: `skipped: ${reason}` };
  }
  const element = at('dist/lorascope-figure.js');
  if (existsSync(element)) copyFileSync(element, at('src/python/lorascope/lorascope-figure.js'));
  rmSync(WHEELS, { recursive: true, force: true });
  // The tests' own profile: what `cargo test` has compiled is taken as it is.
  const build = ['-m', 'maturin', 'build', '--profile', 'dev', '--out', WHEELS, '--interpreter', PYTHON];
  if ((await lines(PYTHON, build, say)) !== 0) return { failed: 1 };
  const wheel = readdirSync(WHEELS).find((name) => name.endsWith('.whl'));
  const install = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--force-reinstall',
    '--no-index',
    join(WHEELS, wheel),
  ];
  if ((await lines(PYTHON, install, say)) !== 0) return { failed: 1 };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const test = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-rs', at('tests/python')];
  const code = await lines(
    PYTHON,
    test,
    (line) => {
      say(line);
      for (const [, n, what] of line.matchAll(/(\d+) (passed|failed|errors?|skipped)/g))
        counts[what.startsWith('error') ? 'failed' : what] += Number(n);
    },
    { env: { PYTHONDONTWRITEBYTECODE: '1' } },
  );
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}
