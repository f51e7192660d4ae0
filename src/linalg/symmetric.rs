//! Eigenvalues and eigenvectors of a dense symmetric f64 matrix.

use super::NoConvergence;
use faer::diag::{DiagMut, DiagRef};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiagonal_self_adjoint_evd;
use faer::linalg::temp_mat_scratch;
use faer::{MatRef, Par, Side};
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

/// The values alone of the matrix with this diagonal and, below it, these numbers (as many; the last is not used), descending.
pub fn tridiagonal_eigenvalues(diagonal: &[f64], beside: &[f64]) -> Result<Vec<f64>, NoConvergence> {
    let n = diagonal.len();
    let mut values = vec![0.0; n];
    let mut memory = MemBuffer::new(temp_mat_scratch::<f64>(n, 1).array(2));
    let (diagonal, beside) = (DiagRef::from_slice(diagonal), DiagRef::from_slice(beside));
    let found = DiagMut::from_slice_mut(&mut values);
    tridiagonal_self_adjoint_evd(diagonal, beside, found, None, Par::Seq, MemStack::new(&mut memory), Default::default())
        .map_err(|_| NoConvergence)?;
    values.reverse();
    Ok(values)
}

/// The values alone, descending.
pub fn eigenvalues(g: &DMatrix<f64>) -> Result<Vec<f64>, NoConvergence> {
    let mut values = faer(g).self_adjoint_eigenvalues(Side::Lower).map_err(|_| NoConvergence)?;
    values.reverse();
    Ok(values)
}

fn faer(g: &DMatrix<f64>) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(g.as_slice(), g.nrows(), g.ncols())
}
