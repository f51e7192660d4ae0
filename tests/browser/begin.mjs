// In the page: files held over it and taken away again, by which a reader begins the engine without giving it anything.
export async function filesOver() {
  // Nobody drags before there is a page; WebKit's driver is back before its modules have run.
  for (let wait = 0; wait < 10_000 && !document.querySelector('lorascope-page > *'); wait += 20)
    await new Promise((later) => setTimeout(later, 20));
  for (const type of ['dragover', 'dragleave'])
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true }));
}
