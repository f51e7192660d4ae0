//! The SVD of diag(d) + u v^T, whose vectors follow from its singular values at a few operations per component.
//!
//! W y = s x and W^T x = s y, with alpha = v . y and beta = u . x, give
//! x_i = (s alpha u_i + d_i beta v_i) / (s^2 - d_i^2) and y_i = (s beta v_i + d_i alpha u_i) / (s^2 - d_i^2).
//! Put into alpha = v . y and beta = u . x, that is two equations for alpha and beta, which fix them up to the length of the vectors
//! (the singular vectors' form of Bunch, Nielsen, Sorensen 1978).

use super::axes::AlongAxes;
use super::spectrum::values;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// A larger residual, or neighbours with a larger cosine, and the vectors are not taken.
const OFF: f64 = 1e-6;

/// The components of each left vector sum to a positive number, as those of an [`Svd`](super::Svd)'s short side.
///
/// None where the singular values are too near to d for vectors to follow from them: u v^T is next to nothing, or misses an axis.
pub fn plus_rank_one(d: &[f32], u: &[f32], v: &[f32]) -> Result<Option<AlongAxes>, NoConvergence> {
    let [d, u, v] = [d, u, v].map(|x| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>());
    let n = d.len();
    let square: f64 = v.iter().map(|v| v * v).sum();
    // W W^T = D^2 + u (D v)^T + (D v) u^T + |v|^2 u u^T.
    let mut g = DMatrix::from_fn(n, n, |i, j| {
        u[i] * d[j] * v[j] + d[i] * v[i] * u[j] + square * u[i] * u[j]
    });
    for (i, d) in d.iter().enumerate() {
        g[(i, i)] += d * d;
    }
    let sigma: Vec<f64> = values(g)?.into_iter().map(|s| s.max(0.0).sqrt()).collect();
    let of = |s: &f64| vectors(*s, &d, &u, &v);
    let all: Vec<[Vec<f64>; 2]> = sigma.par_iter().map(of).collect();
    let residual = all
        .iter()
        .zip(&sigma)
        .map(|([x, y], s)| residual(*s, [x, y], &d, [&u, &v]))
        .fold(0.0, worse);
    let residual = residual / sigma.first().copied().unwrap_or(1.0);
    let apart = all
        .windows(2)
        .all(|two| (0..2).all(|side| dot(&two[0][side], &two[1][side]).abs() < OFF));
    let side =
        |side: usize| Matrix::from_iterator(n, n, all.iter().flat_map(|pair| pair[side].iter().map(|x| *x as f32)));
    // NaN is not below.
    Ok((residual < OFF && apart).then(|| AlongAxes {
        left: side(0),
        right: side(1),
        sigma,
        residual,
    }))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// x and y of one singular value.
fn vectors(s: f64, d: &[f64], u: &[f64], v: &[f64]) -> [Vec<f64>; 2] {
    let inverse: Vec<f64> = d.iter().map(|d| 1.0 / ((s - d) * (s + d))).collect();
    let (mut uu, mut vv, mut uv) = (0.0, 0.0, 0.0);
    for (((inverse, d), u), v) in inverse.iter().zip(d).zip(u).zip(v) {
        uu += s * u * u * inverse;
        vv += s * v * v * inverse;
        uv += d * u * v * inverse;
    }
    // (uv - 1) alpha + vv beta = 0 and uu alpha + (uv - 1) beta = 0: the same line twice, of which the longer form is the more precise.
    let (alpha, beta) = if vv.abs() > uu.abs() {
        (vv, 1.0 - uv)
    } else {
        (1.0 - uv, uu)
    };
    let side = |own: f64, other: f64, a: &[f64], b: &[f64]| {
        let component = |i: usize| (s * own * a[i] + d[i] * other * b[i]) * inverse[i];
        let x: Vec<f64> = (0..d.len()).map(component).collect();
        let norm = dot(&x, &x).sqrt();
        x.into_iter().map(|x| x / norm).collect::<Vec<f64>>()
    };
    let (mut x, mut y) = (side(alpha, beta, u, v), side(beta, alpha, v, u));
    if x.iter().sum::<f64>() < 0.0 {
        x.iter_mut().chain(&mut y).for_each(|x| *x = -*x);
    }
    [x, y]
}

/// max(||W y - s x||, ||W^T x - s y||).
fn residual(s: f64, [x, y]: [&[f64]; 2], d: &[f64], [u, v]: [&[f64]; 2]) -> f64 {
    let one = |x: &[f64], y: &[f64], u: &[f64], v: &[f64]| {
        let along = dot(v, y);
        (0..d.len())
            .map(|i| (d[i] * y[i] + u[i] * along - s * x[i]).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    worse(one(x, y, u, v), one(y, x, v, u))
}

/// The larger one; nothing is worse than what is not a number.
fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    #[test]
    fn takes_the_matrix_apart_and_says_where_it_cannot() {
        let n = 90;
        let d: Vec<f32> = (0..n).map(|i| 4.0 * (i as f32 + 1.0).powf(-0.6)).collect();
        for strength in [1e-2f32, 0.5, 4.0, 40.0] {
            let (u, v) = (random(n, 1, 1).normalize() * strength, random(n, 1, 2).normalize());
            let w = Matrix::from_diagonal(&nalgebra::DVector::from_row_slice(&d)) + &u * v.transpose();
            let svd = plus_rank_one(&d, u.as_slice(), v.as_slice()).unwrap().unwrap();
            let sigma = nalgebra::DVector::from_iterator(n, svd.sigma.iter().map(|s| *s as f32));
            let again = &svd.left * Matrix::from_diagonal(&sigma) * svd.right.transpose();
            assert!((again - &w).amax() < 1e-5 * strength.max(4.0), "{strength}");
            for side in [&svd.left, &svd.right] {
                assert!(
                    (side.transpose() * side - Matrix::identity(n, n)).amax() < 1e-5,
                    "{strength}"
                );
            }
        }
        assert!(plus_rank_one(&d, &[0.0; 90], &[0.1; 90]).unwrap().is_none());
        assert!(
            plus_rank_one(&[0.0; 5], &[1.0; 5], &[1.0; 5]).unwrap().is_none(),
            "all its values but one are the axes'"
        );
    }
}
