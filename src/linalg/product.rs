//! Matrix product (GEMM): packed, blocked for the caches (Goto and van de Geijn 2008), blocks shared out by rayon.

use super::kernel::{NR, Scalar, TILE};
use super::view::View;
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Depth of a packed panel: one of A and one of B fit the first cache together.
const DEPTH: usize = 256;
/// Rows of a block of A: its panels stay in the second cache. A multiple of every kernel's height.
const ROWS: usize = 96;
/// Columns of B that are packed at once.
const COLS: usize = 512;

/// The largest error of an inner product of this length, as a part of the sum of its terms' sizes: the terms of one panel are
/// added up one after the other, then the panels (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
pub fn error_of_sums<T: Scalar>(length: usize) -> f64 {
    let additions = (DEPTH.min(length) + length.div_ceil(DEPTH) + 1) as f64;
    additions * T::ROUNDING / (1.0 - additions * T::ROUNDING)
}

/// The part of a product that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// On and below the diagonal; the rest stays zero.
    Lower,
}

/// A B.
pub fn product<'a, 'b, T: Scalar>(a: impl Into<View<'a>>, b: impl Into<View<'b>>) -> DMatrix<T> {
    sum(a.into(), b.into(), Part::All)
}

/// A A^T, of which only the lower half is computed.
pub fn gram<'a, T: Scalar>(a: impl Into<View<'a>>) -> DMatrix<T> {
    let a = a.into();
    let mut g: DMatrix<T> = sum(a, a.t(), Part::Lower);
    mirror(&mut g);
    g
}

/// Copies the lower half to the upper one, square by square: a row alone would touch a line of the cache for every number.
fn mirror<T: Scalar>(g: &mut DMatrix<T>) {
    const SQUARE: usize = 32;
    let n = g.nrows();
    for left in (0..n).step_by(SQUARE) {
        for top in (0..=left).step_by(SQUARE) {
            for j in left..(left + SQUARE).min(n) {
                for i in top..(top + SQUARE).min(j) {
                    g[(i, j)] = g[(j, i)];
                }
            }
        }
    }
}

/// C - A B of the rows of C from `first` on.
pub fn subtract<T: Scalar>(c: &mut DMatrix<T>, first: usize, a: View, b: View) {
    multiply(c, (first, 0), a, b, Part::All, |c, x| c - x);
}

/// C - A B of the rows and columns of C from `first` on, of which what lies above the diagonal is not to be used any more.
pub fn subtract_lower<T: Scalar>(c: &mut DMatrix<T>, first: usize, a: View, b: View) {
    multiply(c, (first, first), a, b, Part::Lower, |c, x| c - x);
}

/// Adds by A B to the columns of C from `first` on.
pub fn accumulate<'a, 'b>(c: &mut DMatrix<f32>, first: usize, a: impl Into<View<'a>>, b: impl Into<View<'b>>, by: f32) {
    multiply(c, (0, first), a.into(), b.into(), Part::All, |c, x| c + by * x);
}

fn sum<T: Scalar>(a: View, b: View, part: Part) -> DMatrix<T> {
    let mut c = DMatrix::from_element(a.rows(), b.cols(), T::default());
    multiply(&mut c, (0, 0), a, b, part, |c, x| c + x);
    c
}

/// Takes A B into C from a row and a column on.
fn multiply<T: Scalar>(
    c: &mut DMatrix<T>,
    (row, column): (usize, usize),
    a: View,
    b: View,
    part: Part,
    take: impl Fn(T, T) -> T + Sync,
) {
    assert_eq!(a.cols(), b.rows(), "shapes of a product");
    let (m, n, depth) = (a.rows(), b.cols(), a.cols());
    if depth == 0 || m == 0 {
        return;
    }
    let all = c.nrows();
    for left in (0..n).step_by(COLS) {
        let right = (left + COLS).min(n);
        let wide = (right - left).next_multiple_of(NR);
        let mut packed = vec![T::default(); wide * depth];
        packed
            .par_chunks_mut(wide * DEPTH)
            .enumerate()
            .for_each(|(block, out)| {
                let k = block * DEPTH;
                b.t().pack::<T, NR>(left..right, k..(k + DEPTH).min(depth), out);
            });
        let first = if part == Part::Lower { left / ROWS * ROWS } else { 0 };
        // Each block of rows has its piece of every column.
        let mut blocks: Vec<Block<T>> = (first..m)
            .step_by(ROWS)
            .map(|top| Block {
                top,
                pieces: Vec::with_capacity(right - left),
            })
            .collect();
        for column in c.as_mut_slice()[(column + left) * all..(column + right) * all].chunks_exact_mut(all) {
            let rows = &mut column[row + first..row + m];
            rows.chunks_mut(ROWS)
                .zip(&mut blocks)
                .for_each(|(piece, block)| block.pieces.push(piece));
        }
        blocks
            .into_par_iter()
            .for_each(|block| block.fill(a, &packed, left, part, &take));
    }
}

/// Some rows of a product.
struct Block<'a, T> {
    top: usize,
    /// By column.
    pieces: Vec<&'a mut [T]>,
}

impl<T: Scalar> Block<'_, T> {
    fn fill(mut self, a: View, packed: &[T], left: usize, part: Part, take: &impl Fn(T, T) -> T) {
        let bottom = (self.top + ROWS).min(a.rows());
        let high = (bottom - self.top).next_multiple_of(T::MR);
        let wide = self.pieces.len().next_multiple_of(NR);
        let mut panels = vec![T::default(); high * DEPTH.min(a.cols())];
        let mut tile = [T::default(); TILE];
        let tile = &mut tile[..T::MR * NR];
        for (block, b) in packed.chunks(wide * DEPTH).enumerate() {
            let k = block * DEPTH;
            let deep = b.len() / wide;
            let panels = &mut panels[..high * deep];
            T::pack(a, self.top..bottom, k..k + deep, panels);
            for (j, (b, columns)) in b.chunks_exact(NR * deep).zip(self.pieces.chunks_mut(NR)).enumerate() {
                // Tiles that lie wholly above the diagonal.
                let above = if part == Part::Lower {
                    (left + j * NR).saturating_sub(self.top) / T::MR
                } else {
                    0
                };
                for (i, a) in panels.chunks_exact(T::MR * deep).enumerate().skip(above) {
                    T::multiply(a, b, tile);
                    for (column, from) in columns.iter_mut().zip(tile.chunks_exact(T::MR)) {
                        combine(&mut column[i * T::MR..], from, take);
                    }
                }
            }
        }
    }
}

/// Combines two columns, nearly always of the height of a tile: a length that the compiler knows.
fn combine<T: Scalar>(to: &mut [T], from: &[T], take: impl Fn(T, T) -> T) {
    let both = |to: &mut [T], from: &[T]| to.iter_mut().zip(from).for_each(|(to, from)| *to = take(*to, *from));
    match to.get_mut(..T::MR) {
        Some(to) => both(to, &from[..T::MR]),
        None => both(to, from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, cols: usize, seed: usize) -> DMatrix<f32> {
        DMatrix::from_fn(rows, cols, |i, j| {
            (((i * 31 + j * 17 + seed) * 7919) % 1000) as f32 / 500.0 - 1.0
        })
    }

    #[test]
    fn products_of_every_edge_equal_the_plain_sum() {
        for (m, k, n) in [
            (1, 1, 1),
            (7, 3, 5),
            (8, 256, 4),
            (97, 300, 13),
            (200, 513, 530),
            (3, 700, 1),
        ] {
            let (a, b) = (matrix(m, k, 1), matrix(k, n, 2));
            let expected = &a.map(f64::from) * &b.map(f64::from);
            let (single, double): (DMatrix<f32>, DMatrix<f64>) = (product(&a, &b), product(&a, &b));
            assert!((double - &expected).amax() < 1e-11 * k as f64, "{m} {k} {n}");
            assert!(
                (single.map(f64::from) - &expected).amax() < 1e-5 * k as f64,
                "{m} {k} {n}"
            );
            let (at, bt) = (a.transpose(), b.transpose());
            let turned: DMatrix<f64> = product(View::from(&at).t(), View::from(&bt).t());
            assert!((turned - &expected).amax() < 1e-11 * k as f64);
            let g: DMatrix<f64> = gram(&a);
            assert!((g - &a.map(f64::from) * a.map(f64::from).transpose()).amax() < 1e-11 * k as f64);
        }
    }

    #[test]
    fn a_part_of_a_product_is_that_of_the_parts() {
        let (a, b) = (matrix(40, 21, 1), matrix(21, 33, 2));
        let mut c = matrix(40, 50, 3);
        let mut expected = c.clone();
        let own = (&a * b.columns(3, 11)) * 0.5;
        expected.columns_mut(7, 11).zip_apply(&own, |c, x| *c += x);
        accumulate(&mut c, 7, &a, View::columns(&b, 3..14), 0.5);
        assert!((c - expected).amax() < 1e-5);
        let lines: DMatrix<f32> = product(View::from(&a).lines(5..29), &b);
        assert!((lines - a.rows(5, 24) * &b).amax() < 1e-5);
        let turned: DMatrix<f32> = product(View::columns(&b, 2..9).lines(4..15).t(), View::from(&b).lines(4..15));
        assert!((turned - b.view((4, 2), (11, 7)).transpose() * b.rows(4, 11)).amax() < 1e-5);
    }

    #[test]
    fn stored_bytes_are_widened_in_either_order() {
        let w = matrix(9, 21, 3).map(|x| half::f16::from_f32(x).to_f32());
        let rows: Vec<f32> = w.transpose().as_slice().to_vec();
        let brain = w.map(|x| half::bf16::from_f32(x).to_f32());
        let one = DMatrix::<f32>::identity(21, 21);
        let f16: Vec<u8> = rows
            .iter()
            .flat_map(|x| half::f16::from_f32(*x).to_le_bytes())
            .collect();
        let bf16: Vec<u8> = rows
            .iter()
            .flat_map(|x| half::bf16::from_f32(*x).to_le_bytes())
            .collect();
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
