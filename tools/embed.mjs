// www/element/ and its wasm to dist/lorascope-figure.js: one module that needs nothing beside it. Also what the npm package holds.
import { copyFileSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { at } from './paths.mjs';
import { step } from './say.mjs';
import { embedWasm } from './vite/embed-wasm.mjs';

export async function buildEmbed() {
  const { build } = await import('vite');
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
      chunkSizeWarningLimit: 2000,
      lib: { entry: at('www/element/lorascope-figure.ts'), formats: ['es'], fileName: () => 'lorascope-figure.js' },
    },
  });
  copyFileSync(at('www/element/types.d.ts'), at('dist/lorascope-figure.d.ts'));
  const size = gzipSync(readFileSync(at('dist/lorascope-figure.js')), { level: 9 }).length;
  step(`lorascope-figure.js: ${(size / 1000).toFixed(0)} kB compressed`);
}
