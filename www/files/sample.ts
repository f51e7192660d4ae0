/** The sample that comes with the page: real files, read in the same way as the reader's own. */
import type { DroppedFile } from '../engine/engine';

export interface Manifest {
  title: string;
  /** The files in one sentence. */
  note: string;
  files: { path: string; size: number }[];
}

/** The sample's manifest; undefined where this copy of the page has none. */
export async function sampleManifest(): Promise<Manifest | undefined> {
  try {
    return await manifest();
  } catch {
    return undefined;
  }
}

/** The bytes of all its files. */
export function sampleSize({ files }: Manifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** The stored report of its computation elsewhere. */
export async function sampleReport(): Promise<string> {
  return (await get('sample/report.json')).text();
}

/** Fetches the sample; `progress` hears the bytes so far and the bytes in all. */
export async function loadSample(progress: (done: number, total: number) => void): Promise<DroppedFile[]> {
  const sample = await manifest();
  const total = sampleSize(sample);
  let done = 0;
  return Promise.all(
    sample.files.map(async ({ path }) => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      const body = (await get(`sample/${path}`)).body;
      if (!body) throw new Error(`${path} came empty`);
      for (const reader = body.getReader(); ; ) {
        const { done: end, value } = await reader.read();
        if (end) break;
        chunks.push(value);
        done += value.length;
        progress(done, total);
      }
      // A fixed date: the same sample asked for twice is known to be the same.
      return { path, file: new File(chunks, path.split('/').at(-1) ?? path, { lastModified: 0 }) };
    }),
  );
}

/** A small stored report of one matrix, changed more and more; undefined where this copy of the page has none. */
export async function loadSpecimen(): Promise<string | undefined> {
  try {
    return await (await get('specimen.json')).text();
  } catch {
    return undefined;
  }
}

async function manifest(): Promise<Manifest> {
  return (await (await get('sample/manifest.json')).json()) as Manifest;
}

async function get(path: string): Promise<Response> {
  const response = await fetch(new URL(path, document.baseURI));
  const type = response.headers.get('content-type') ?? '';
  // Some hosts answer a missing file with a page.
  if (!response.ok || type.startsWith('text/html')) throw new Error(`${path} is not on this host (${response.status})`);
  return response;
}
