/** Files from drops and choosers, with their paths. */
import { fromEvent } from 'file-selector';
import type { DroppedFile } from '../engine/engine';
import type { Problem } from '../wasm/simd/lorascope';

/** The files of a drop or a chooser; folders are read with everything below them. */
export async function filesOf(event: Event): Promise<DroppedFile[]> {
  const items = await fromEvent(event);
  return items
    .filter((item) => item instanceof File)
    .map((file) => ({ path: plain(file.path), file }))
    .filter(({ path }) => !TOOLS.test(path));
}

/** Folders within a project that other tools keep for themselves: no checkpoint lies there. */
const TOOLS = /\/(?:\.git|\.svn|\.hg|\.idea|\.vscode|\.venv|\.ipynb_checkpoints|__MACOSX|__pycache__|node_modules)\//;

/** Paths come as `./a`, `/dir/a` or `dir/a`, depending on the road taken. */
function plain(path: string): string {
  return path.replace(/^(\.?\/)+/, '');
}

/** Browsers do not follow links: every file of a folder in the Hub's cache is one, so such a folder arrives empty. */
export const LINKS_ONLY: Problem = {
  code: 'links-only',
  title: 'No file arrived',
  file: undefined,
  tensor: undefined,
  cause:
    'The folder is empty or holds only links, which browsers do not follow. The folders of the Hugging Face cache are such folders.',
  fix: 'Choose the .safetensors files themselves with “choose files”, or make a copy that holds the files:',
  command: 'cp -rL <folder> base',
  blocks: 'Nothing was read',
  severity: 'error',
};

/** An error outside any checkpoint, as a problem like the others. */
export function problem(code: string, title: string, error: unknown, fix: string): Problem {
  const cause = error instanceof Error ? error.message : String(error);
  return { ...LINKS_ONLY, code, title, cause, fix, command: undefined, blocks: 'Blocks everything' };
}
