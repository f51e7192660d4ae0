// File watcher: calls a piece of work after files have changed.
import { watch } from 'node:fs';

/** Calls `work` after a burst of changes below some folders, never twice at once. */
export function onChange(folders, work) {
  let timer;
  let working = Promise.resolve();
  for (const folder of folders) {
    watch(folder, { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => (working = working.then(work)), 200);
    });
  }
}
