// A drag that starts the engine: files are held over the page and taken away again, so that it is given nothing.
export async function filesOver() {
  // Nobody drags before there is a page; WebKit's driver is back before its modules have run.
  for (let wait = 0; wait < 10_000 && !document.querySelector('lorascope-page > *'); wait += 20)
    await new Promise((later) => setTimeout(later, 20));
  for (const type of ['dragover', 'dragleave'])
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true }));
}
