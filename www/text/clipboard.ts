/** The clipboard: copies a text, also one that is still being made, since the browser must hear of it within the reader's own click. */
export async function copyText(text: string | Promise<string>): Promise<void> {
  if (typeof text === 'string') return navigator.clipboard.writeText(text);
  const blob = text.then((made) => new Blob([made], { type: 'text/plain' }));
  const written = navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
  written.catch(() => undefined);
  // Why there is no text says more than that it was not copied.
  await text;
  await written;
}
