/** SHA-256 of whole files, a few megabytes at a time: the hash that model hubs show beside them. */
import { createSHA256 } from 'hash-wasm';

const PIECE = 8 << 20;

export async function fileHash(file: Blob): Promise<string> {
  const hash = await createSHA256();
  for (let at = 0; at < file.size; at += PIECE) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
  }
  return hash.digest('hex');
}

/** The same of a file that is not written yet. */
export async function bytesHash(bytes: Uint8Array): Promise<string> {
  const hash = await createSHA256();
  for (let at = 0; at < bytes.length; at += PIECE) hash.update(bytes.subarray(at, at + PIECE));
  return hash.digest('hex');
}
