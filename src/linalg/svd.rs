//! Thin singular value decomposition by faer.
//!
//! In f64: faer's f32 iteration leaves a residual of some 1e-6, which turns vectors whose singular values lie 0.1 % apart by
//! up to 2e-3. Only matrices whose f64 workspace would not fit a 32-bit address space are decomposed in f32.

use super::{Matrix, view, view_mut};
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::SvdError;
use faer::traits::RealField;
use faer::{Accum, Mat, MatRef, Par};

/// W = U diag(s) V^T with n = min(rows, cols) columns in U and V; s descends.
#[derive(Debug, Clone)]
pub struct Svd {
    pub u: Matrix,
    pub s: Vec<f32>,
    pub v: Matrix,
}

/// The iteration did not settle; data, not a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoConvergence;

impl From<SvdError> for NoConvergence {
    fn from(_: SvdError) -> Self {
        NoConvergence
    }
}

/// Elements up to which the decomposition is done in f64: 4096 x 4096 takes about 1 GB.
const F64_LIMIT: usize = 1 << 24;

/// The thin SVD of a finite matrix.
pub fn thin_svd(w: &Matrix) -> Result<Svd, NoConvergence> {
    let Some(scale) = unit_scale(w) else {
        let n = w.nrows().min(w.ncols());
        return Ok(Svd { u: Matrix::identity(w.nrows(), n), s: vec![0.0; n], v: Matrix::identity(w.ncols(), n) });
    };
    if w.len() <= F64_LIMIT { decompose(&scaled(w, scale, f64::from), |x| *x as f32, scale) } else { decompose(&scaled(w, scale, |x| x), |x| *x, scale) }
}

/// The singular values alone, descending.
pub fn singular_values(w: &Matrix) -> Result<Vec<f32>, NoConvergence> {
    let Some(scale) = unit_scale(w) else { return Ok(vec![0.0; w.nrows().min(w.ncols())]) };
    let s: Vec<f32> = if w.len() <= F64_LIMIT {
        scaled(w, scale, f64::from).singular_values()?.into_iter().map(|s| s as f32).collect()
    } else {
        scaled(w, scale, |x| x).singular_values()?
    };
    Ok(s.into_iter().map(|s| s / scale).collect())
}

/// max_j ||W v_j - s_j u_j|| / s_1; 0 for a zero matrix.
pub fn residual(w: &Matrix, svd: &Svd) -> f64 {
    let Some(first) = svd.s.first().filter(|s| **s > 0.0) else { return 0.0 };
    let mut wv = Matrix::zeros(w.nrows(), svd.s.len());
    matmul(view_mut(&mut wv), Accum::Replace, view(w), view(&svd.v), 1.0, Par::Seq);
    let error = |j: usize| {
        let s = svd.s[j];
        let sum: f64 = wv.column(j).iter().zip(svd.u.column(j).iter()).map(|(a, u)| f64::from((a - s * u) / first).powi(2)).sum();
        sum.sqrt()
    };
    (0..svd.s.len()).map(error).fold(0.0, f64::max)
}

/// 1 over the power of two below the largest magnitude; none for a zero matrix.
///
/// Squares of very large or small entries leave the range of f32. A power of two rounds nothing.
fn unit_scale(w: &Matrix) -> Option<f32> {
    let largest = w.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    // 2^126 at most: the reciprocal of a subnormal would overflow.
    (largest > 0.0).then(|| 2f32.powi(-(largest.log2().floor() as i32).clamp(-126, 126)))
}

fn scaled<T>(w: &Matrix, scale: f32, widen: impl Fn(f32) -> T) -> Mat<T> {
    Mat::from_fn(w.nrows(), w.ncols(), |i, j| widen(w[(i, j)] * scale))
}

fn decompose<T: RealField>(w: &Mat<T>, narrow: impl Fn(&T) -> f32 + Copy, scale: f32) -> Result<Svd, NoConvergence> {
    let svd = w.thin_svd()?;
    let owned = |m: MatRef<'_, T>| Matrix::from_fn(m.nrows(), m.ncols(), |i, j| narrow(&m[(i, j)]));
    let s = svd.S().column_vector().iter().map(|s| narrow(s) / scale).collect();
    Ok(Svd { u: owned(svd.U()), s, v: owned(svd.V()) })
}
