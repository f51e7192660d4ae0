//! The eigenvalues and eigenvectors of a symmetric f64 matrix that is small, or whose values are tied: divide and conquer.

use super::NoConvergence;
use faer::{MatRef, Side};
use nalgebra::DMatrix;

/// Values descending, and the matching orthonormal columns.
pub fn eigen(g: &DMatrix<f64>) -> Result<(Vec<f64>, DMatrix<f64>), NoConvergence> {
    let n = g.nrows();
    if n == 0 {
        return Ok((Vec::new(), DMatrix::zeros(0, 0)));
    }
    let found = faer(g).self_adjoint_eigen(Side::Lower).map_err(|_| NoConvergence)?;
    let values = found.S().column_vector().iter().rev().copied().collect();
    let u = found.U();
    Ok((values, DMatrix::from_fn(n, n, |i, j| u[(i, n - 1 - j)])))
}

fn faer(g: &DMatrix<f64>) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(g.as_slice(), g.nrows(), g.ncols())
}
