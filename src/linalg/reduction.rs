//! Householder tridiagonalization of a dense symmetric matrix, by panels (Dongarra, Sorensen and Hammarling 1989).
//!
//! Half of the operations are one product of the trailing matrix with a vector for every column: it reads the lower half once, in
//! order, and uses each number twice. The other half are products of blocks, one per panel.

use super::lanes::{Pair, add_multiple, dot};
use super::product::subtract_lower;
use super::view::View;
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::ops::Range;

/// Columns between two updates of the trailing matrix.
const PANEL: usize = 32;
/// Columns that one pass reads together.
const TOGETHER: usize = 4;
/// From so many rows on the threads share a product with a vector.
const SHARED: usize = 1400;

/// G = Q T Q^T with T tridiagonal and Q = H_1 H_2 ... H_{n-1}, H_k = I - tau_k v_k v_k^T.
pub struct Reduced {
    /// v_k in column k: a one in row k + 1 and the rest below it. What lies above is not part of it.
    pub v: DMatrix<f64>,
    pub tau: Vec<f64>,
    pub diagonal: Vec<f64>,
    /// The numbers below the diagonal, one fewer than rows.
    pub beside: Vec<f64>,
}

impl Reduced {
    /// The tridiagonal form of a matrix, by its lower half; it has a row or more.
    pub fn from(mut a: DMatrix<f64>) -> Reduced {
        let n = a.nrows();
        let last = n - 1;
        let (mut tau, mut diagonal, mut beside) = (vec![0.0; last], vec![0.0; n], vec![0.0; last]);
        for first in (0..last).step_by(PANEL) {
            let columns = first..(first + PANEL).min(last);
            let end = columns.end;
            let mut panel = Panel::new(n, columns.clone());
            for j in columns {
                let column = below_mut(&mut a, j, j);
                panel.update(column);
                diagonal[j] = column[0];
                (tau[j], beside[j]) = reflector(&mut column[1..]);
                let v = column[1..].to_vec();
                let image = image(&a, j + 1, &v);
                panel.push(&v, image, tau[j]);
            }
            let (left, right) = panel.sides(end);
            subtract_lower(&mut a, end, View::from(&left), View::from(&right).t());
        }
        diagonal[last] = a[(last, last)];
        Reduced {
            v: a,
            tau,
            diagonal,
            beside,
        }
    }
}

/// A column from a row on.
fn below(a: &DMatrix<f64>, column: usize, row: usize) -> &[f64] {
    let rows = a.nrows();
    &a.as_slice()[column * rows + row..(column + 1) * rows]
}

fn below_mut(a: &mut DMatrix<f64>, column: usize, row: usize) -> &mut [f64] {
    let rows = a.nrows();
    &mut a.as_mut_slice()[column * rows + row..(column + 1) * rows]
}

/// Takes two multiples away at once: what waits for memory is y.
fn take_away(y: &mut [f64], (a, by_a): (&[f64], f64), (b, by_b): (&[f64], f64)) {
    y.iter_mut()
        .zip(a)
        .zip(b)
        .for_each(|((y, a), b)| *y -= a * by_a + b * by_b);
}

/// Turns x into the v of H = I - tau v v^T, for which H x = beta e_1; returns tau and beta.
fn reflector(x: &mut [f64]) -> (f64, f64) {
    let below = dot(&x[1..], &x[1..]);
    let first = std::mem::replace(&mut x[0], 1.0);
    if below == 0.0 {
        return (0.0, first);
    }
    let beta = -(first * first + below).sqrt().copysign(first);
    let scale = 1.0 / (first - beta);
    x[1..].iter_mut().for_each(|x| *x *= scale);
    ((beta - first) / beta, beta)
}

/// The reflectors of some columns: the trailing matrix is to lose v w^T + w v^T for each of them.
struct Panel {
    first: usize,
    /// Reflectors so far.
    count: usize,
    /// From the row of the first column on, zeros and ones spelled out.
    v: DMatrix<f64>,
    w: DMatrix<f64>,
}

impl Panel {
    fn new(n: usize, columns: Range<usize>) -> Panel {
        let zeros = || DMatrix::zeros(n - columns.start, columns.len());
        Panel {
            first: columns.start,
            count: 0,
            v: zeros(),
            w: zeros(),
        }
    }

    /// Brings the next column, from its diagonal on, up to date.
    fn update(&self, column: &mut [f64]) {
        for (v, w) in self.pairs(self.count) {
            take_away(column, (v, w[0]), (w, v[0]));
        }
    }

    /// Takes in a reflector and its image under the trailing matrix as that was before this panel.
    fn push(&mut self, v: &[f64], mut image: Vec<f64>, tau: f64) {
        for (before, w) in self.pairs(self.count + 1) {
            let (along_w, along_v) = (dot(w, v), dot(before, v));
            take_away(&mut image, (before, along_w), (w, along_v));
        }
        image.iter_mut().for_each(|x| *x *= tau);
        let along = -0.5 * tau * dot(&image, v);
        add_multiple(&mut image, v, along);
        let top = self.count + 1;
        below_mut(&mut self.v, self.count, top).copy_from_slice(v);
        below_mut(&mut self.w, self.count, top).copy_from_slice(&image);
        self.count += 1;
    }

    /// The reflectors so far from a row of the panel on.
    fn pairs(&self, top: usize) -> impl Iterator<Item = (&[f64], &[f64])> {
        (0..self.count).map(move |column| (below(&self.v, column, top), below(&self.w, column, top)))
    }

    /// v beside w and w beside v, from a row of the matrix on: the product of one with the other's transpose is what it loses.
    fn sides(&self, row: usize) -> (DMatrix<f64>, DMatrix<f64>) {
        let (top, k) = (row - self.first, self.count);
        let rows = self.v.nrows() - top;
        let mut sides = (DMatrix::zeros(rows, 2 * k), DMatrix::zeros(rows, 2 * k));
        for (side, parts) in [(&mut sides.0, [&self.v, &self.w]), (&mut sides.1, [&self.w, &self.v])] {
            for (at, part) in [0, k].into_iter().zip(parts) {
                side.columns_mut(at, k).copy_from(&part.rows(top, rows));
            }
        }
        sides
    }
}

/// A x of the symmetric trailing matrix A from row `from` on, of which the lower half is read.
fn image(a: &DMatrix<f64>, from: usize, x: &[f64]) -> Vec<f64> {
    let m = x.len();
    let parts = if m < SHARED { 1 } else { rayon::current_num_threads() };
    // Of the columns' growing shortness: equal areas of the triangle.
    let cut = |part: usize| {
        if part == parts {
            m
        } else {
            (m as f64 * (1.0 - (1.0 - part as f64 / parts as f64).sqrt())) as usize
        }
    };
    let mut images: Vec<Vec<f64>> = (0..parts)
        .into_par_iter()
        .map(|part| image_of(a, from, x, cut(part)..cut(part + 1)))
        .collect();
    let mut sum = images.pop().unwrap_or_default();
    for image in images {
        add_multiple(&mut sum, &image, 1.0);
    }
    sum
}

/// The product of some columns of the lower half, and of the rows that mirror them, with x.
fn image_of(a: &DMatrix<f64>, from: usize, x: &[f64], columns: Range<usize>) -> Vec<f64> {
    let mut y = vec![0.0; x.len()];
    let below = |j: usize, row: usize| below(a, from + j, from + row);
    let mut left = columns.start;
    while left < columns.end {
        let right = (left + TOGETHER).min(columns.end);
        // The corner on the diagonal, number by number.
        for j in left..right {
            let column = below(j, j);
            y[j] += column[0] * x[j];
            for (i, value) in (j + 1..right).zip(&column[1..]) {
                y[i] += value * x[j];
                y[j] += value * x[i];
            }
        }
        let own = &x[left..right];
        if let Ok(own) = own.try_into() {
            let four = [0, 1, 2, 3].map(|j| below(left + j, right));
            let dots = both_ways(four, own, &x[right..], &mut y[right..]);
            y[left..right].iter_mut().zip(dots).for_each(|(y, dot)| *y += dot);
        } else {
            for j in left..right {
                let column = below(j, right);
                y[j] += dot(column, &x[right..]);
                add_multiple(&mut y[right..], column, x[j]);
            }
        }
        left = right;
    }
    y
}

/// Adds the columns times `own` to y, and returns their products with x.
fn both_ways(columns: [&[f64]; TOGETHER], own: [f64; TOGETHER], x: &[f64], y: &mut [f64]) -> [f64; TOGETHER] {
    let factors = own.map(Pair::splat);
    let mut sums = [Pair::splat(0.0); TOGETHER];
    let [a, b, c, d] = columns.map(|column| column.as_chunks::<2>());
    let (x_pairs, x_odd) = x.as_chunks::<2>();
    let (y_pairs, y_odd) = y.as_chunks_mut::<2>();
    for (((((a, b), c), d), x), y) in a.0.iter().zip(b.0).zip(c.0).zip(d.0).zip(x_pairs).zip(y_pairs) {
        let values = [a, b, c, d].map(Pair::load);
        let (x, mut sum) = (Pair::load(x), Pair::load(y));
        for ((value, factor), dot) in values.into_iter().zip(factors).zip(&mut sums) {
            sum = sum.plus(value, factor);
            *dot = dot.plus(value, x);
        }
        sum.store(y);
    }
    let mut dots = sums.map(Pair::sum);
    if let ([x], [y]) = (x_odd, y_odd) {
        for ((column, own), dot) in [a, b, c, d].iter().zip(own).zip(&mut dots) {
            let value = column.1[0];
            *y += value * own;
            *dot += value * x;
        }
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::orthonormal::random;
    use crate::linalg::product::gram;

    #[test]
    fn the_image_is_the_product_with_the_whole_matrix() {
        for (n, from) in [(1, 0), (5, 2), (64, 1), (131, 7), (SHARED + 3, 0)] {
            let a: DMatrix<f64> = gram(&random(n, 9, 1));
            let x: Vec<f64> = (from..n).map(|i| (i as f64).sin()).collect();
            let part = a.view((from, from), (n - from, n - from));
            let expected = part * nalgebra::DVector::from_column_slice(&x);
            let found = nalgebra::DVector::from_vec(image(&a, from, &x));
            assert!(
                (found - &expected).amax() < 1e-12 * (1.0 + expected.amax()),
                "{n} {from}"
            );
        }
    }

    #[test]
    fn the_reflectors_take_the_matrix_to_the_tridiagonal_one() {
        for n in [1, 2, 3, 31, 32, 33, 34, 66, 150] {
            let a: DMatrix<f64> = gram(&random(n, n + 3, 2));
            let reduced = Reduced::from(a.clone());
            let mut t = a.clone();
            for k in 0..n.saturating_sub(1) {
                let mut v = nalgebra::DVector::zeros(n);
                v.rows_mut(k + 1, n - k - 1)
                    .copy_from(&reduced.v.view((k + 1, k), (n - k - 1, 1)));
                let h = DMatrix::identity(n, n) - &v * v.transpose() * reduced.tau[k];
                t = &h * t * &h;
            }
            let expected = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
                0 => reduced.diagonal[i],
                1 => reduced.beside[i.min(j)],
                _ => 0.0,
            });
            assert!((t - expected).amax() < 1e-12 * a.amax() * n as f64, "{n}");
        }
    }
}
