//! The whole thin SVD, by way of the Gram matrix of the short side.
//!
//! Products of f32 numbers are exact in f64 and their sums nearly so, so a singular value is off by some 1e-15 (sigma_1 / sigma)^2
//! of itself: better than an f32 SVD for everything above 1e-7 sigma_1, and with half the operations, most of them products.

use super::orthonormal::{orthonormal, project_out, random};
use super::product::{gram, product};
use super::spectrum::Spectrum;
use super::symmetric::eigenvalues;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// W = U diag(s) V^T with n = min(rows, cols) columns in U and V; s descends.
#[derive(Debug, Clone)]
pub struct Svd {
    pub u: Matrix,
    pub s: Vec<f32>,
    pub v: Matrix,
    /// max_j ||W W^T u_j - s_j^2 u_j|| / (s_j s_1) over the leading vectors.
    pub residual: f64,
}

/// Leading vectors whose residual is measured.
const CHECKED: usize = 16;
/// Below this part of sigma_1 the long side's vectors are products in f64.
const WEAK: f64 = 1e-3;
/// Below this they are rounding and are replaced by any orthonormal ones.
const LOST: f64 = 1e-6;

/// The thin SVD of a finite matrix.
pub fn thin_svd(w: View) -> Result<Svd, NoConvergence> {
    if w.rows() > w.cols() {
        let svd = wide(w.t())?;
        return Ok(Svd { u: svd.v, v: svd.u, ..svd });
    }
    wide(w)
}

/// The singular values alone, descending.
pub fn singular_values(w: View) -> Result<Vec<f32>, NoConvergence> {
    let values = eigenvalues(&gram(if w.rows() > w.cols() { w.t() } else { w }))?;
    Ok(values.into_iter().map(|x| x.max(0.0).sqrt() as f32).collect())
}

fn wide(w: View) -> Result<Svd, NoConvergence> {
    let g: DMatrix<f64> = gram(w);
    let n = g.nrows();
    if g.amax() == 0.0 {
        return Ok(Svd { u: Matrix::identity(n, n), s: vec![0.0; n], v: Matrix::identity(w.cols(), n), residual: 0.0 });
    }
    let spectrum = Spectrum::of(&g)?;
    let sigma: Vec<f64> = spectrum.values.iter().map(|x| x.max(0.0).sqrt()).collect();
    let u = spectrum.columns(0..n);
    let residual = residual(&g, &sigma, &u);
    let v = long_side(w, &sigma, &spectrum, &u)?;
    Ok(Svd { u, s: sigma.iter().map(|s| *s as f32).collect(), v, residual })
}

/// v_j = W^T u_j / sigma_j.
fn long_side(w: View, sigma: &[f64], spectrum: &Spectrum, u: &Matrix) -> Result<Matrix, NoConvergence> {
    let above = |part: f64| sigma.iter().take_while(|s| **s > part * sigma[0]).count();
    // Products of very large or very small numbers leave the range of f32.
    let strong = if (1e-12..1e12).contains(&sigma[0]) { above(WEAK) } else { 0 };
    let kept = above(LOST);
    let mut v = Matrix::zeros(w.cols(), sigma.len());
    if strong > 0 {
        v.columns_mut(0, strong).copy_from(&product::<f32>(w.t(), View::columns(u, 0..strong)));
    }
    if kept > strong {
        let weak: DMatrix<f64> = spectrum.columns(strong..kept);
        let long: DMatrix<f64> = product(w.t(), &weak);
        for (from, (j, sigma)) in long.column_iter().zip(sigma.iter().enumerate().take(kept).skip(strong)) {
            v.column_mut(j).zip_apply(&from, |out, x| *out = (x / sigma) as f32);
        }
    }
    for mut column in v.column_iter_mut().take(kept) {
        let norm = column.norm();
        if norm > 0.0 {
            column /= norm;
        }
    }
    if kept < sigma.len() {
        let own = v.columns(0, kept).into_owned();
        let mut rest = random(w.cols(), sigma.len() - kept, 1);
        project_out(&mut rest, &own);
        let mut rest = orthonormal(&rest)?;
        project_out(&mut rest, &own);
        v.columns_mut(kept, rest.ncols()).copy_from(&rest);
    }
    Ok(v)
}

fn residual(g: &DMatrix<f64>, sigma: &[f64], u: &Matrix) -> f64 {
    let some = View::columns(u, 0..CHECKED.min(sigma.len()));
    let image: DMatrix<f64> = product(g, some);
    let error =
        |j: usize| (image.column(j) - u.column(j).map(f64::from) * sigma[j].powi(2)).norm() / (sigma[j].max(1e-3 * sigma[0]) * sigma[0]);
    (0..image.ncols()).map(error).fold(0.0, f64::max)
}
