// jax-js: WebAssembly kernels made at run time, on all threads, float32; its SVD is Jacobi's on the Gram matrix.
import { count } from './weights.js';

export async function load() {
  const { init, defaultDevice, numpy: np } = await import('/packages/@jax-js/jax/dist/index.js');
  await init('wasm');
  defaultDevice('wasm');
  const left = ({ rows, cols, values }) => {
    const [u, s, vt] = np.linalg.svd(np.array(values.slice()).reshape([rows, cols]), { fullMatrices: false });
    s.dispose();
    vt.dispose();
    return u;
  };
  return async (w0, w, k, epsilon) => {
    const overlaps = np.matmul(np.matrixTranspose(left(w)), left(w0));
    const n = overlaps.shape[1];
    const values = await overlaps.data();
    return count(k, n, epsilon, (j, i) => values[j * n + i]);
  };
}
