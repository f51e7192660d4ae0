//! The leading singular vectors of a matrix by block Krylov iteration (Musco and Musco 2015) on the short side.
//!
//! Products run in f32, the projected problem in f64. The basis is kept whole: a few hundred columns settle the leading vectors of a
//! matrix of thousands, and every adapter of the matrix is then a small problem in the same basis.

use super::orthonormal::{beside, orthonormal, project_out};
use super::product::{gram, product};
use super::spectrum::eigen;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;
use std::ops::Range;

/// A growing orthonormal basis Q of K(W W^T, start), for W `[short, long]`.
pub struct Krylov<'a> {
    w: View<'a>,
    /// Q, short x d.
    pub q: Matrix,
    /// W^T Q, long x d.
    pub image: Matrix,
    /// Q^T W W^T Q.
    projected: DMatrix<f64>,
    last: Range<usize>,
    /// The image of the last block under W W^T, outside the basis: the next block, and the residual of whatever lies in the last one.
    next: Matrix,
    next_gram: DMatrix<f64>,
}

/// Eigenpairs of W W^T in the basis, descending.
pub struct Ritz {
    /// Squares of singular values.
    pub theta: Vec<f64>,
    /// Coordinates in the basis, one column per pair.
    pub y: DMatrix<f64>,
}

impl<'a> Krylov<'a> {
    pub fn start(w: View<'a>, block: &Matrix) -> Result<Krylov<'a>, NoConvergence> {
        let (short, long) = (w.rows(), w.cols());
        let mut krylov = Krylov {
            w,
            q: Matrix::zeros(short, 0),
            image: Matrix::zeros(long, 0),
            projected: DMatrix::zeros(0, 0),
            last: 0..0,
            next: orthonormal(block)?,
            next_gram: DMatrix::zeros(0, 0),
        };
        krylov.take_next();
        Ok(krylov)
    }

    pub fn dimension(&self) -> usize {
        self.q.ncols()
    }

    /// True when the basis can grow no more: it holds everything that matters.
    pub fn exhausted(&self) -> bool {
        self.next.ncols() == 0 || self.dimension() >= self.q.nrows()
    }

    /// Adds one block.
    pub fn grow(&mut self) -> Result<(), NoConvergence> {
        let mut block = orthonormal(&self.next)?;
        project_out(&mut block, &self.q);
        self.next = orthonormal(&block)?;
        let room = self.q.nrows() - self.dimension();
        if self.next.ncols() > room {
            self.next = self.next.columns(0, room).into_owned();
        }
        self.take_next();
        Ok(())
    }

    fn take_next(&mut self) {
        let block = std::mem::replace(&mut self.next, Matrix::zeros(0, 0));
        let image: Matrix = product(self.w.t(), &block);
        self.last = self.dimension()..self.dimension() + block.ncols();
        self.q = beside(&self.q, &block);
        self.image = beside(&self.image, &image);
        let new: DMatrix<f64> = product(View::from(&self.image).t(), &image);
        let d = self.dimension();
        let mut projected = std::mem::replace(&mut self.projected, DMatrix::zeros(0, 0)).resize(d, d, 0.0);
        projected.columns_mut(self.last.start, new.ncols()).copy_from(&new);
        projected
            .rows_mut(self.last.start, new.ncols())
            .copy_from(&new.transpose());
        self.projected = projected;
        self.next = product(self.w, &image);
        project_out(&mut self.next, &self.q);
        self.next_gram = gram(View::from(&self.next).t());
    }

    pub fn ritz(&self) -> Result<Ritz, NoConvergence> {
        let (theta, y) = eigen(&self.projected)?;
        Ok(Ritz { theta, y })
    }

    /// ||W W^T u - theta u|| for u = Q y, where y solves the projected problem of W or of W plus anything inside the start block.
    pub fn residual(&self, y: &[f64]) -> f64 {
        let tail = nalgebra::DVector::from_column_slice(&y[self.last.clone()]);
        (tail.dot(&(&self.next_gram * &tail))).max(0.0).sqrt()
    }
}
