// R in WebAssembly: base::svd, which is LAPACK's dgesdd over the reference BLAS.
const COUNT = (rows, cols, k, epsilon) => `
  take <- function(file) matrix(readBin(file, "numeric", ${rows * cols}, size = 4), ${rows}, ${cols}, byrow = TRUE)
  overlaps <- abs(crossprod(svd(take("/tmp/w"))$u, svd(take("/tmp/w0"))$u))
  sum(apply(overlaps, 1, max)[1:${k}] < ${epsilon})`;

export async function load() {
  const { WebR, ChannelType } = await import('/packages/webr/dist/webr.js');
  const webR = new WebR({
    baseUrl: new URL('/packages/webr/dist/', import.meta.url).href,
    interactive: false,
    channelType: ChannelType.PostMessage,
  });
  await webR.init();
  return async (w0, w, k, epsilon) => {
    for (const [name, { values }] of Object.entries({ w0, w })) {
      await webR.FS.writeFile(`/tmp/${name}`, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    return webR.evalRNumber(COUNT(w.rows, w.cols, k, epsilon));
  };
}
