// The machine of a benchmark: cores, SIMD, browser, NumPy.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

export function machine(browser, { numpy, blas }) {
  const cores = cpus().length;
  return { cores, simd: simd(), browser: `Chromium ${browser.version().split('.')[0]}`, numpy, blas, threads: cores };
}

export const inWords = (machine) =>
  Object.entries(machine)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

function simd() {
  try {
    const flags = readFileSync('/proc/cpuinfo', 'utf8');
    return flags.includes('avx512f') ? 'avx512' : flags.includes('avx2') ? 'avx2' : 'unknown';
  } catch {
    return process.arch === 'arm64' ? 'neon' : 'unknown';
  }
}
