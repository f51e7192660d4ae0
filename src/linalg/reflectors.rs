//! Householder reflectors: what takes a symmetric matrix to tridiagonal form, and its vectors back.

use super::kernel::Scalar;
use super::product::{gram, product};
use super::view::View;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::{Mat, MatMut, Par};
use nalgebra::DMatrix;
use std::ops::Range;

/// Reflectors that are applied as one product (Schreiber and Van Loan 1989, "compact WY").
const BLOCK: usize = 128;

/// G = Q T Q^T with T tridiagonal and Q = H_1 H_2 ... H_{n-1}, H_k = I - v_k v_k^T / tau_k.
pub struct Reduced {
    /// v_k in column k: zeros down to row k, a one in row k + 1 that is not stored, the rest below it.
    v: DMatrix<f64>,
    tau: Vec<f64>,
    pub diagonal: Vec<f64>,
    /// The numbers below the diagonal, and a zero: as many as rows.
    pub beside: Vec<f64>,
}

impl Reduced {
    /// Of the lower half of a matrix with two rows or more.
    pub fn from(g: &DMatrix<f64>) -> Reduced {
        let n = g.nrows();
        let mut v = g.clone();
        let mut tau = Mat::zeros(1, n - 1);
        let mut memory = MemBuffer::new(tridiag_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
        let all = MatMut::from_column_major_slice_mut(v.as_mut_slice(), n, n);
        tridiag_in_place(all, tau.as_mut(), Par::Seq, MemStack::new(&mut memory), Default::default());
        let diagonal = (0..n).map(|i| v[(i, i)]).collect();
        let beside = (1..n).map(|i| v[(i, i - 1)]).chain([0.0]).collect();
        Reduced { tau: (0..n - 1).map(|k| tau[(0, k)]).collect(), diagonal, beside, v }
    }

    /// Q z.
    pub fn back<T: Scalar>(&self, mut z: DMatrix<T>) -> DMatrix<T> {
        for first in (0..self.tau.len()).step_by(BLOCK).rev() {
            let range = first..(first + BLOCK).min(self.tau.len());
            let v = self.block(range.clone());
            let turn = self.turn(range, &v);
            let v = v.map(T::of_f64);
            // Z - V S V^T Z, by way of (V^T Z)^T, which is tall: its blocks of rows are shared out.
            let inside: DMatrix<T> = product(View::from(&z).below(first + 1).t(), &v);
            let inside: DMatrix<T> = product(&inside, View::from(&turn).t());
            let change: DMatrix<T> = product(&v, View::from(&inside).t());
            let mut rows = z.rows_mut(first + 1, change.nrows());
            rows -= change;
        }
        z
    }

    /// The reflectors of some columns, from the first row that any of them touches.
    fn block(&self, columns: Range<usize>) -> DMatrix<f64> {
        let top = columns.start + 1;
        DMatrix::from_fn(self.v.nrows() - top, columns.len(), |i, k| match i.cmp(&k) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => 1.0,
            std::cmp::Ordering::Greater => self.v[(top + i, columns.start + k)],
        })
    }

    /// The upper triangular S with H_first ... H_last = I - V S V^T.
    fn turn(&self, columns: Range<usize>, v: &DMatrix<f64>) -> DMatrix<f64> {
        let overlap: DMatrix<f64> = gram(View::from(v).t());
        let mut turn = DMatrix::zeros(columns.len(), columns.len());
        for (k, tau) in self.tau[columns].iter().enumerate() {
            let above = turn.view((0, 0), (k, k)) * overlap.view((0, k), (k, 1)) * (-1.0 / tau);
            turn.view_mut((0, k), (k, 1)).copy_from(&above);
            // A column that needed no reflection has an infinite tau.
            turn[(k, k)] = 1.0 / tau;
        }
        turn
    }
}
