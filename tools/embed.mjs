// The build of the embed: www/element/ and its wasm to dist/lorascope-figure.js and dist/lorascope-lessons.js, modules that need nothing beside
// them, the lessons apart because they compute. The npm package holds the same two.
import { copyFileSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { at } from './paths.mjs';
import { step } from './say.mjs';
import { embedWasm } from './vite/embed-wasm.mjs';

const MODULES = { 'lorascope-figure': 'lorascope-figure.ts', 'lorascope-lessons': 'lorascope-lesson.ts' };

export async function buildEmbed() {
  const { build } = await import('vite');
  for (const [name, entry] of Object.entries(MODULES)) {
    await build({
      configFile: false,
      root: at(),
      logLevel: 'warn',
      publicDir: false,
      plugins: [embedWasm()],
      build: {
        outDir: 'dist',
        emptyOutDir: false,
        target: 'es2022',
        // `light-dark()` is left to the browser, which takes it from the scheme of the page around; a substitute would ask the system.
        cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
        chunkSizeWarningLimit: 4000,
        // One file each: a wasm beside it would need a host that serves it right.
        assetsInlineLimit: 0,
        lib: { entry: at('www/element', entry), formats: ['es'], fileName: () => `${name}.js` },
        rollupOptions: { external: [/lorascope-lessons\.js$/] },
      },
    });
    const size = gzipSync(readFileSync(at('dist', `${name}.js`)), { level: 9 }).length;
    step(`${name}.js: ${(size / 1000).toFixed(0)} kB compressed`);
  }
  copyFileSync(at('www/element/types.d.ts'), at('dist/lorascope-figure.d.ts'));
}
