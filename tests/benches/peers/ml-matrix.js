// ml-matrix: JavaScript, float64.
import { count } from './weights.js';

export async function load() {
  await import('/packages/ml-matrix/matrix.umd.js');
  const { Matrix, SVD } = globalThis.mlMatrix;
  // Its SVD wants tall matrices and turns wide ones itself when told to.
  const left = ({ rows, cols, values }) =>
    new SVD(Matrix.from1DArray(rows, cols, values), { autoTranspose: true }).leftSingularVectors;
  return (w0, w, k, epsilon) => {
    const overlaps = left(w).transpose().mmul(left(w0));
    return count(k, overlaps.columns, epsilon, (j, i) => overlaps.get(j, i));
  };
}
