// Eigen in C++, by emscripten, float64.
import { count } from './weights.js';

export async function load() {
  // It asks for Node's global, and finds atob in windows only.
  globalThis.global = globalThis;
  globalThis.window = globalThis;
  await import('/packages/eigen/dist/index.js');
  const eig = globalThis.eig;
  await eig.ready;
  const left = ({ rows, cols, values }) => {
    const lists = Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * cols, (i + 1) * cols)));
    return eig.Decompositions.svd(new eig.Matrix(lists), true).U;
  };
  return (w0, w, k, epsilon) => {
    const overlaps = left(w).transpose().matMul(left(w0));
    return count(k, overlaps.cols(), epsilon, (j, i) => overlaps.get(j, i));
  };
}
