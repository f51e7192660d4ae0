//! Products of large matrices: packed, blocked for the caches (Goto and van de Geijn 2008), blocks shared out by rayon.

use super::kernel::{NR, Scalar};
use super::view::View;
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Depth of a packed panel: one of A and one of B fit the first cache together.
const DEPTH: usize = 256;
/// Rows of a block of A: its panels stay in the second cache. A multiple of every kernel's height.
const ROWS: usize = 96;
/// Columns of B that are packed at once.
const COLS: usize = 512;

/// Which part of a product is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// On and below the diagonal; the rest stays zero.
    Lower,
}

/// A B.
pub fn product<'a, 'b, T: Scalar>(a: impl Into<View<'a>>, b: impl Into<View<'b>>) -> DMatrix<T> {
    multiply(a.into(), b.into(), Part::All)
}

/// A A^T, of which only the lower half is computed.
pub fn gram<'a, T: Scalar>(a: impl Into<View<'a>>) -> DMatrix<T> {
    let a = a.into();
    let mut g: DMatrix<T> = multiply(a, a.t(), Part::Lower);
    for j in 0..g.ncols() {
        for i in 0..j {
            g[(i, j)] = g[(j, i)];
        }
    }
    g
}

/// |base^T tuned|: cosines of every base column (down the rows) with every tuned column.
pub fn abs_cosines(base: &DMatrix<f32>, tuned: &DMatrix<f32>) -> DMatrix<f32> {
    let mut cosines: DMatrix<f32> = product(View::from(base).t(), tuned);
    cosines.apply(|c| *c = c.abs());
    cosines
}

fn multiply<T: Scalar>(a: View, b: View, part: Part) -> DMatrix<T> {
    assert_eq!(a.cols(), b.rows(), "shapes of a product");
    let (m, n, depth) = (a.rows(), b.cols(), a.cols());
    let mut c = DMatrix::from_element(m, n, T::default());
    if depth == 0 {
        return c;
    }
    for left in (0..n).step_by(COLS) {
        let right = (left + COLS).min(n);
        let wide = (right - left).next_multiple_of(NR);
        let mut packed = vec![T::default(); wide * depth];
        packed.par_chunks_mut(wide * DEPTH).enumerate().for_each(|(block, out)| {
            let k = block * DEPTH;
            b.t().pack(left..right, k..(k + DEPTH).min(depth), NR, out);
        });
        let first = if part == Part::Lower { left / ROWS * ROWS } else { 0 };
        let tops: Vec<usize> = (first..m).step_by(ROWS).collect();
        let blocks: Vec<Vec<T>> = tops.par_iter().map(|top| block(a, *top, &packed, left, wide, part)).collect();
        for (top, tiles) in tops.into_iter().zip(blocks) {
            scatter(&tiles, &mut c, top, left..right);
        }
    }
    c
}

/// The tiles of `ROWS` rows from `top`, column of tiles after column of tiles.
fn block<T: Scalar>(a: View, top: usize, packed: &[T], left: usize, wide: usize, part: Part) -> Vec<T> {
    let bottom = (top + ROWS).min(a.rows());
    let high = (bottom - top).next_multiple_of(T::MR);
    let mut tiles = vec![T::default(); high * wide];
    let mut panels = vec![T::default(); high * DEPTH.min(a.cols())];
    for (block, b) in packed.chunks(wide * DEPTH).enumerate() {
        let k = block * DEPTH;
        let deep = b.len() / wide;
        let panels = &mut panels[..high * deep];
        a.pack(top..bottom, k..k + deep, T::MR, panels);
        for ((j, b), column) in b.chunks_exact(NR * deep).enumerate().zip(tiles.chunks_exact_mut(high * NR)) {
            if part == Part::Lower && left + j * NR >= bottom {
                break;
            }
            for (a, tile) in panels.chunks_exact(T::MR * deep).zip(column.chunks_exact_mut(T::MR * NR)) {
                T::multiply(a, b, tile);
            }
        }
    }
    tiles
}

fn scatter<T: Scalar>(tiles: &[T], c: &mut DMatrix<T>, top: usize, columns: std::ops::Range<usize>) {
    let bottom = (top + ROWS).min(c.nrows());
    let high = (bottom - top).next_multiple_of(T::MR);
    for (j, column) in columns.enumerate() {
        let strip = &tiles[j / NR * high * NR..(j / NR + 1) * high * NR];
        let mut target = c.column_mut(column);
        for (i, tile) in (top..bottom).step_by(T::MR).zip(strip.chunks_exact(T::MR * NR)) {
            let from = &tile[j % NR * T::MR..][..T::MR.min(bottom - i)];
            target.as_mut_slice()[i..i + from.len()].copy_from_slice(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, cols: usize, seed: usize) -> DMatrix<f32> {
        DMatrix::from_fn(rows, cols, |i, j| (((i * 31 + j * 17 + seed) * 7919) % 1000) as f32 / 500.0 - 1.0)
    }

    #[test]
    fn products_of_every_edge_equal_the_plain_sum() {
        for (m, k, n) in [(1, 1, 1), (7, 3, 5), (8, 256, 4), (97, 300, 13), (200, 513, 530), (3, 700, 1)] {
            let (a, b) = (matrix(m, k, 1), matrix(k, n, 2));
            let expected = &a.map(f64::from) * &b.map(f64::from);
            let (single, double): (DMatrix<f32>, DMatrix<f64>) = (product(&a, &b), product(&a, &b));
            assert!((double - &expected).amax() < 1e-11 * k as f64, "{m} {k} {n}");
            assert!((single.map(f64::from) - &expected).amax() < 1e-5 * k as f64, "{m} {k} {n}");
            let (at, bt) = (a.transpose(), b.transpose());
            let turned: DMatrix<f64> = product(View::from(&at).t(), View::from(&bt).t());
            assert!((turned - &expected).amax() < 1e-11 * k as f64);
            let g: DMatrix<f64> = gram(&a);
            assert!((g - &a.map(f64::from) * a.map(f64::from).transpose()).amax() < 1e-11 * k as f64);
        }
    }

    #[test]
    fn stored_bytes_are_widened_in_either_order() {
        let w = matrix(9, 21, 3).map(|x| half::f16::from_f32(x).to_f32());
        let rows: Vec<f32> = w.transpose().as_slice().to_vec();
        let brain = w.map(|x| half::bf16::from_f32(x).to_f32());
        let one = DMatrix::<f32>::identity(21, 21);
        let f16: Vec<u8> = rows.iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect();
        let bf16: Vec<u8> = rows.iter().flat_map(|x| half::bf16::from_f32(*x).to_le_bytes()).collect();
        let f32: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
        for (bytes, kind, expected) in [
            (f16, super::super::view::Stored::F16, &w),
            (bf16, super::super::view::Stored::Bf16, &brain),
            (f32, super::super::view::Stored::F32, &w),
        ] {
            let view = View::stored(&bytes, kind, 9, 21).unwrap();
            assert_eq!(&product::<f32>(view, &one), expected);
            assert_eq!(product::<f32>(&one, view.t()), expected.transpose());
            assert!(View::stored(&bytes[1..], kind, 9, 21).is_none());
        }
    }
}
