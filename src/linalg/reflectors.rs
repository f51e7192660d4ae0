//! Householder reflectors: they take the eigenvectors of a tridiagonal form back to those of the matrix.

use super::kernel::Scalar;
use super::product::{gram, product, subtract};
use super::reduction::Reduced;
use super::view::View;
use nalgebra::DMatrix;

/// Reflectors that are applied as one product (Schreiber and Van Loan 1989, "compact WY").
const BLOCK: usize = 128;

/// Q = H_1 H_2 ... H_{n-1} of a reduction.
pub struct Reflectors {
    blocks: Vec<Block>,
}

/// H_first ... H_last = I - V S V^T.
struct Block {
    /// The first row that any of them touches.
    top: usize,
    /// From that row on.
    v: DMatrix<f64>,
    /// S, upper triangular.
    turn: DMatrix<f64>,
}

impl Reflectors {
    pub fn of(reduced: &Reduced) -> Reflectors {
        let blocks = reduced
            .tau
            .chunks(BLOCK)
            .enumerate()
            .map(|(at, tau)| Block::new(&reduced.v, at * BLOCK, tau))
            .collect();
        Reflectors { blocks }
    }

    /// Q z.
    pub fn back<T: Scalar>(&self, mut z: DMatrix<T>) -> DMatrix<T> {
        for Block { top, v, turn } in self.blocks.iter().rev() {
            // Z - V S V^T Z, by way of (V^T Z)^T, which is tall: its blocks of rows are shared out.
            let inside: DMatrix<T> = product(View::from(&z).below(*top).t(), v);
            let turned: DMatrix<T> = product(v, turn);
            subtract(&mut z, *top, View::from(&turned), View::from(&inside).t());
        }
        z
    }
}

impl Block {
    fn new(all: &DMatrix<f64>, first: usize, tau: &[f64]) -> Block {
        let top = first + 1;
        let mut v = DMatrix::zeros(all.nrows() - top, tau.len());
        for k in 0..tau.len() {
            v.column_mut(k)
                .rows_range_mut(k..)
                .copy_from(&all.column(first + k).rows_range(top + k..));
        }
        let overlap: DMatrix<f64> = gram(View::from(&v).t());
        let mut turn = DMatrix::zeros(tau.len(), tau.len());
        for (k, tau) in tau.iter().enumerate() {
            let above = turn.view((0, 0), (k, k)) * overlap.view((0, k), (k, 1)) * -*tau;
            turn.view_mut((0, k), (k, 1)).copy_from(&above);
            turn[(k, k)] = *tau;
        }
        Block { top, v, turn }
    }
}
