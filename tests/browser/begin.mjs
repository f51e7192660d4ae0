// In the page: files held over it and taken away again, by which a reader begins the engine without giving it anything.
export function filesOver() {
  for (const type of ['dragover', 'dragleave'])
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true }));
}
