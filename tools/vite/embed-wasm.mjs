// `virtual:embed-wasm`: the drawing wasm as text inside the module. Deflated first: base64 of a plain wasm compresses a third worse on its way.
import { readFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { at } from '../paths.mjs';

const NAME = 'virtual:embed-wasm';

export function embedWasm() {
  return {
    name: 'lorascope-embed-wasm',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const packed = deflateRawSync(readFileSync(at('www/wasm/embed/lorascope_bg.wasm')), { level: constants.Z_BEST_COMPRESSION });
      return `export default ${JSON.stringify(packed.toString('base64'))};`;
    },
  };
}
