/** Files that come with the page, the sample and the experiment: real ones, read in the same way as the reader's own. */
import type { DroppedFile } from '../engine/engine';

/** Folders beside the page. */
export const SHIPPED = ['sample', 'experiment'] as const;
export type Shipped = (typeof SHIPPED)[number];

export interface Manifest {
  title: string;
  /** The files in one sentence. */
  note: string;
  files: { path: string; size: number }[];
  /** Texts to measure losses on. */
  texts?: { path: string; name: string }[];
}

/** What a folder holds; undefined where this copy of the page has none. */
export async function manifestOf(which: Shipped): Promise<Manifest | undefined> {
  try {
    return await manifest(which);
  } catch {
    return undefined;
  }
}

/** The bytes of all its files. */
export function sizeOf({ files }: Manifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** The stored report of the sample's computation elsewhere. */
export async function sampleReport(): Promise<string> {
  return (await get('sample/report.json')).text();
}

/** Fetches a folder; `progress` hears the bytes so far and the bytes in all. */
export async function loadShipped(
  which: Shipped,
  progress: (done: number, total: number) => void,
): Promise<DroppedFile[]> {
  const shipped = await manifest(which);
  const total = sizeOf(shipped);
  let done = 0;
  return Promise.all(
    shipped.files.map(async ({ path }) => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      const body = (await get(`${which}/${path}`)).body;
      if (!body) throw new Error(`${path} came empty`);
      for (const reader = body.getReader(); ; ) {
        const { done: end, value } = await reader.read();
        if (end) break;
        chunks.push(value);
        done += value.length;
        progress(done, total);
      }
      // A fixed date: the same files asked for twice are known to be the same.
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

async function manifest(which: Shipped): Promise<Manifest> {
  return (await (await get(`${which}/manifest.json`)).json()) as Manifest;
}

async function get(path: string): Promise<Response> {
  const response = await fetch(new URL(path, document.baseURI));
  const type = response.headers.get('content-type') ?? '';
  // Some hosts answer a missing file with a page.
  if (!response.ok || type.startsWith('text/html')) throw new Error(`${path} is not on this host (${response.status})`);
  return response;
}
