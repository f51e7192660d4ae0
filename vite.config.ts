import { defineConfig } from 'vite';
import { isolation } from './tools/vite/isolation.mjs';
import { policy } from './tools/vite/policy.mjs';
import { preview } from './tools/vite/preview.mjs';

export default defineConfig({
  // Relative addresses: dist/ works from any folder of any host.
  base: './',
  publicDir: 'www/public',
  plugins: [policy(), preview(), isolation()],
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Nothing becomes a data: address, which the page's policy refuses.
    assetsInlineLimit: 0,
    // The wasm is our size; a warning about JavaScript's would be noise.
    chunkSizeWarningLimit: 2000,
  },
  worker: { format: 'es' },
  // The generated packages find their wasm and their workers next to themselves, not in a cache of dependencies.
  optimizeDeps: { exclude: ['lorascope'] },
});
