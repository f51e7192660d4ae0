//! Products of matrices.

use super::{Matrix, view, view_mut};
use faer::linalg::matmul::matmul;
use faer::{Accum, Par};

/// |base^T tuned|: cosines of every base column (down the rows) with every tuned column, column-major.
pub fn abs_cosines(base: &Matrix, tuned: &Matrix) -> Matrix {
    let mut cosines = Matrix::zeros(base.ncols(), tuned.ncols());
    matmul(view_mut(&mut cosines), Accum::Replace, view(base).transpose(), view(tuned), 1.0, Par::Seq);
    cosines.apply(|c| *c = c.abs());
    cosines
}

/// w + scale b a.
pub fn add_scaled_product(w: &Matrix, scale: f32, b: &Matrix, a: &Matrix) -> Matrix {
    let mut sum = w.clone();
    matmul(view_mut(&mut sum), Accum::Add, view(b), view(a), scale, Par::Seq);
    sum
}
