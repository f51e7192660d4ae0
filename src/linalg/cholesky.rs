//! The Cholesky factorization, as a test: whether a symmetric matrix is positive definite.

use super::product::subtract_lower;
use super::view::View;
use nalgebra::DMatrix;

/// Columns between two updates of what is left.
const BLOCK: usize = 64;

/// Whether a matrix is positive definite, by its lower half.
pub fn is_positive_definite(mut a: DMatrix<f64>) -> bool {
    let n = a.nrows();
    for first in (0..n).step_by(BLOCK) {
        let end = (first + BLOCK).min(n);
        let corner = a.view((first, first), (end - first, end - first)).into_owned();
        let Some(corner) = corner.cholesky() else { return false };
        let below = a.view((end, first), (n - end, end - first)).into_owned();
        // L_below = A_below L_corner^-T.
        let Some(below) = corner
            .l()
            .solve_lower_triangular(&below.transpose())
            .map(|x| x.transpose())
        else {
            return false;
        };
        subtract_lower(&mut a, end, View::from(&below), View::from(&below).t());
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::orthonormal::random;
    use crate::linalg::product::gram;

    #[test]
    fn the_smallest_eigenvalue_decides() {
        for n in [1, 5, 64, 65, 200] {
            let g: DMatrix<f64> = gram(&random(n, n + 40, n as u64));
            let least = g.symmetric_eigenvalues().min();
            let shifted = |by: f64| &g - DMatrix::identity(n, n) * by;
            assert!(is_positive_definite(shifted(0.999 * least)), "{n}");
            assert!(!is_positive_definite(shifted(1.001 * least)), "{n}");
        }
        assert!(!is_positive_definite(DMatrix::zeros(3, 3)));
    }
}
