/** A destination for files that come one after the other: a new folder on the disk where the browser writes there, else its downloads. */
import { counted } from '../text/format';
import { download } from './save';
import type { SavedFile } from '../wasm/simd/lorascope';

/** Chromium's chooser; other browsers have none. */
type Chooser = (options: { id: string; mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;

/** Browsers drop downloads that come too fast one after the other, in ms. */
const PACE = 150;

export class Destination {
  readonly #folder: FileSystemDirectoryHandle | undefined;
  readonly #names: string[] = [];

  private constructor(folder: FileSystemDirectoryHandle | undefined) {
    this.#folder = folder;
  }

  /** Asks the reader where. Rejects where the chooser was dismissed. `name`: of the folder that is made there; nothing in it is overwritten. */
  static async ask(name: string): Promise<Destination> {
    const choose = (window as { showDirectoryPicker?: Chooser }).showDirectoryPicker;
    if (!choose) return new Destination(undefined);
    const parent = await choose.call(window, { id: 'lorascope', mode: 'readwrite' });
    return new Destination(await parent.getDirectoryHandle(await free(parent, name), { create: true }));
  }

  async take({ name, bytes }: SavedFile): Promise<void> {
    this.#names.push(name);
    if (!this.#folder) {
      download(new Blob([bytes], { type: 'application/octet-stream' }), name);
      await new Promise((later) => setTimeout(later, PACE));
      return;
    }
    const file = await this.#folder.getFileHandle(name, { create: true });
    const writing = await file.createWritable();
    await writing.write(bytes);
    await writing.close();
  }

  /** What was saved, in words. */
  said(): string {
    const files = counted(this.#names.length, 'file');
    return this.#folder ? `${files} in the new folder ${this.#folder.name}.` : `${files} in your downloads.`;
  }

  /** What an unfinished saving leaves behind. */
  left(): string {
    return this.#names.length > 0 ? `${this.said().replace(/\.$/, '')}, incomplete.` : 'No file was written.';
  }
}

/** The name, or the name with the first number that no folder there has. */
async function free(parent: FileSystemDirectoryHandle, name: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const next = n === 1 ? name : `${name}-${n}`;
    const taken = await parent.getDirectoryHandle(next).then(
      () => true,
      (error: unknown) => !(error instanceof DOMException && error.name === 'NotFoundError'),
    );
    if (!taken) return next;
  }
}
