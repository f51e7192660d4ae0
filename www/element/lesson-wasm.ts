/** The computing wasm, carried in this module: compressed, as text. Unpacked once for all lessons of a page. */
import init, { ReportView, WasmLesson } from '../wasm/simd/lorascope';
import packed from 'virtual:lesson-wasm';
import { unpack } from './unpack';

let loaded: Promise<{ ReportView: typeof ReportView; WasmLesson: typeof WasmLesson }> | undefined;

export function loadLessons(): NonNullable<typeof loaded> {
  return (loaded ??= unpack(packed).then(async (bytes) => {
    await init({ module_or_path: bytes });
    return { ReportView, WasmLesson };
  }));
}
