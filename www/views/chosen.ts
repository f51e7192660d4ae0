/** The model that is looked at in a matrix: the reader's where it has this matrix, else the first that has. Pure. */
import type { MatrixRow } from '../wasm/simd/lorascope';

export function chosenIn({ cells }: Pick<MatrixRow, 'cells'>, model: number): number {
  if (cells[model]) return model;
  return Math.max(
    0,
    cells.findIndex((cell) => cell != null),
  );
}
