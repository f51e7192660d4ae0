//! The spectrum of s B A without forming it: QR of the thin factors, then a small dense problem.

use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// The singular values of scale * b * a, descending; at most min(rank, rows, cols) of them.
///
/// B = Q_B R_B and A^T = Q_A R_A give B A = Q_B (R_B R_A^T) Q_A^T, whose singular values are those of the r x r core.
/// In f64: the product of two factors squares the spread of their spectra.
pub fn low_rank_singular_values(scale: f64, b: &Matrix, a: &Matrix) -> Result<Vec<f32>, NoConvergence> {
    let rb = to_f64(b).qr().r();
    let ra = to_f64(&a.transpose()).qr().r();
    let core: DMatrix<f64> = rb * ra.transpose() * scale;
    let largest = core.amax();
    if largest == 0.0 {
        return Ok(vec![0.0; core.nrows().min(core.ncols())]);
    }
    let core = core / largest;
    let s =
        faer::MatRef::from_column_major_slice(core.as_slice(), core.nrows(), core.ncols()).singular_values().map_err(|_| NoConvergence)?;
    Ok(s.into_iter().map(|s| (s * largest) as f32).collect())
}

fn to_f64(m: &Matrix) -> DMatrix<f64> {
    m.map(f64::from)
}
