/** SHA-256 of a whole file, a few megabytes at a time: the hash that model hubs show beside it. */
import { createSHA256 } from 'hash-wasm';

const PIECE = 8 << 20;

export async function fileHash(file: Blob): Promise<string> {
  const hash = await createSHA256();
  for (let at = 0; at < file.size; at += PIECE) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
  }
  return hash.digest('hex');
}
