// numpy-ts: NumPy's names over WebAssembly kernels; its SVD is Jacobi's on the Gram matrix, float64.
import { count } from './weights.js';

export async function load() {
  const np = await import('/packages/numpy-ts/dist/numpy-ts.browser.js');
  const left = ({ rows, cols, values }) => np.linalg.svd(np.array(values.slice()).reshape(rows, cols), false).u;
  return (w0, w, k, epsilon) => {
    const overlaps = np.matmul(np.transpose(left(w)), left(w0));
    const n = overlaps.shape[1];
    return count(k, n, epsilon, (j, i) => overlaps.get([j, i]));
  };
}
