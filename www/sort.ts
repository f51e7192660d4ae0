/** The order of the table of matrices. Rows without a number come last in both directions. */
import type { Sort } from './state';
import type { MatrixRow } from './wasm/simd/lorascope';

export function sorted(rows: readonly MatrixRow[], sort: Sort | undefined): MatrixRow[] {
  if (!sort) return [...rows];
  const sign = sort.descending ? -1 : 1;
  // The sort is stable: equal rows keep the order of the network.
  return [...rows].sort((a, b) => {
    const x = key(a, sort);
    const y = key(b, sort);
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    if (typeof x === 'string' || typeof y === 'string') return sign * String(x).localeCompare(String(y), 'en');
    return sign * (x - y);
  });
}

function key(row: MatrixRow, { column, model }: Sort): number | string | undefined {
  const cell = row.cells[model];
  switch (column) {
    case 'layer':
      return row.layer ?? undefined;
    case 'name':
      return row.typeLabel;
    case 'shape':
      return row.rows * row.cols;
    case 'intruders':
      return cell?.intruders ?? undefined;
    case 'effectiveRank':
      return cell?.effectiveRank ?? undefined;
    case 'best':
      return cell?.weakestMatch ?? undefined;
  }
}
