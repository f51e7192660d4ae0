// Vite plugin for `virtual:embed-wasm` and `virtual:lesson-wasm`: a wasm as text inside the module. Deflated first: base64 of a plain wasm
// compresses a third worse on its way.
import { readFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { at } from '../paths.mjs';

const BUILDS = new Map([
  ['virtual:embed-wasm', 'embed'],
  ['virtual:lesson-wasm', 'simd'],
]);

export function embedWasm() {
  return {
    name: 'lorascope-embed-wasm',
    resolveId: (id) => (BUILDS.has(id) ? `\0${id}` : undefined),
    // Carried, it is not looked for beside the module.
    transform: (code, id) =>
      id.endsWith('/lorascope.js')
        ? code.replace("new URL('lorascope_bg.wasm', import.meta.url)", 'undefined')
        : undefined,
    load(id) {
      const build = BUILDS.get(id.slice(1));
      if (!build) return undefined;
      const packed = deflateRawSync(readFileSync(at('www/wasm', build, 'lorascope_bg.wasm')), {
        level: constants.Z_BEST_COMPRESSION,
      });
      return `export default ${JSON.stringify(packed.toString('base64'))};`;
    },
  };
}
