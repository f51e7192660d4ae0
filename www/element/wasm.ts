/** The drawing wasm, carried in this module: compressed, as text. Unpacked once for all figures of a page. */
import init, { ReportView } from '../wasm/embed/lorascope';
import packed from 'virtual:embed-wasm';

let loaded: Promise<typeof ReportView> | undefined;

export function loadView(): Promise<typeof ReportView> {
  return (loaded ??= unpack().then(async (bytes) => {
    await init({ module_or_path: bytes });
    return ReportView;
  }));
}

async function unpack(): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).arrayBuffer();
}
