// The build of dist/ from www/ and its wasm, by Vite: the page, and the element that draws a figure elsewhere.
import { buildEmbed } from './embed.mjs';
import { at } from './paths.mjs';
import { seconds, step } from './say.mjs';
import { hash, isFresh, leave } from './stamp.mjs';
import { buildWasm } from './wasm.mjs';

const SOURCES = ['index.html', 'www', 'package-lock.json', 'vite.config.ts', 'tools/vite'];
const stamp = at('.cache/dist');

/** Builds everything that ships. */
export async function buildSite() {
  await buildWasm('release');
  const sources = hash(SOURCES);
  // An empty dist has no page: the stamp alone would not notice that it was deleted.
  if (isFresh(stamp, sources + hash(['dist']))) return;
  const start = performance.now();
  await buildPage();
  await buildEmbed();
  leave(stamp, sources + hash(['dist']));
  step(`dist/ built in ${seconds(start)}`);
}

/** The page with the builds of the wasm that are there. `beside` what an open page may still ask for. */
export async function buildPage({ beside = false } = {}) {
  // Loaded late: before the set-up there is no Vite.
  const { build } = await import('vite');
  await build({ root: at(), logLevel: 'warn', build: { emptyOutDir: !beside } });
}
