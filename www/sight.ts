/** Parts of the page that are brought into sight as they appear, until the reader acts: from then on the place is theirs. */

const ACTS = ['wheel', 'touchmove', 'keydown', 'pointerdown'];

/** Begins to watch what the reader does; what it returns scrolls to the first element of a selector, now or when it is drawn. */
export function guide(): (selector: string) => void {
  const theirs = new AbortController();
  const stop = () => theirs.abort();
  for (const act of ACTS) addEventListener(act, stop, { once: true, passive: true, signal: theirs.signal });
  return (selector) => void scroll(selector, theirs.signal);
}

async function scroll(selector: string, theirs: AbortSignal): Promise<void> {
  const part = await appears(selector, theirs);
  if (!theirs.aborted) part?.scrollIntoView();
}

function appears(selector: string, stop: AbortSignal): Promise<Element | undefined> {
  return new Promise((resolve) => {
    const look = () => {
      const part = document.querySelector(selector);
      if (!part && !stop.aborted) return;
      observer.disconnect();
      resolve(part ?? undefined);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
    stop.addEventListener('abort', look, { once: true });
    look();
  });
}
