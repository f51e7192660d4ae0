/** The drawing wasm, carried in this module: compressed, as text. Unpacked once for all figures of a page. */
import init, { ReportView } from '../wasm/embed/lorascope';
import packed from 'virtual:embed-wasm';
import { unpack } from './unpack';

let loaded: Promise<typeof ReportView> | undefined;

export function loadView(): Promise<typeof ReportView> {
  return (loaded ??= unpack(packed).then(async (bytes) => {
    await init({ module_or_path: bytes });
    return ReportView;
  }));
}
