/** Timeout, for an answer that may never come. */

/** `over` rejects with `error` after so many ms, unless it is stopped. */
export function within(ms: number, said: string): { over: Promise<never>; error: Error; stop: () => void } {
  const error = new Error(said);
  let timer: ReturnType<typeof setTimeout>;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error), ms);
  });
  return { over, error, stop: () => clearTimeout(timer) };
}
