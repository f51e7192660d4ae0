//! Rayleigh-Ritz in f64 over the span of leading vectors that were found in f32, and the residuals that remain.
//!
//! Nothing here relies on how they were found: X is orthonormal to the rounding of f64, X^T A X = Theta, and |r_i| is the
//! length of A x_i - theta_i x_i, computed, plus the bound of its own rounding.

use super::kernel::Scalar;
use super::operator::Operator;
use super::product::product;
use super::symmetric::eigen;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// Values below this part of the largest are left out: vectors of the long side, W^T u / sigma, would be orthogonal to less than 1e-8.
const TOLD_APART: f64 = 1e-7;

/// X on both sides of W, as far as asked for.
pub struct Invariant {
    /// Squared singular values, descending.
    pub theta: Vec<f64>,
    pub short: Side,
    pub long: Option<Side>,
}

/// Orthonormal vectors of one side, with A = W W^T on the short side and W^T W on the long one.
pub struct Side {
    pub x: DMatrix<f64>,
    /// |A x_i - theta_i x_i|, at most.
    pub residual: Vec<f64>,
    /// The residual vectors' products with each other.
    pub products: DMatrix<f64>,
    /// The largest error of a residual vector; it is in `residual`.
    pub rounding: f64,
}

impl Side {
    /// `image` = A X.
    fn new(x: DMatrix<f64>, image: DMatrix<f64>, theta: &[f64], rounding: f64) -> Side {
        let mut rest = image;
        for (j, theta) in theta.iter().enumerate() {
            rest.column_mut(j).axpy(-theta, &x.column(j), 1.0);
        }
        let products: DMatrix<f64> = product(View::from(&rest).t(), &rest);
        let residual = (0..theta.len())
            .map(|j| products[(j, j)].max(0.0).sqrt() + rounding)
            .collect();
        Side {
            x,
            residual,
            products,
            rounding,
        }
    }
}

impl Invariant {
    /// The Ritz vectors from approximate vectors of the short side, `rounding` that of a product with A; `long` for both sides.
    pub fn of(w: Operator, found: &Matrix, rounding: f64, long: bool) -> Result<Invariant, NoConvergence> {
        let x = orthonormal(found)?;
        let image: DMatrix<f64> = w.t().times(&x);
        let (theta, turn) = eigen(&product(View::from(&image).t(), &image))?;
        let count = theta.iter().take_while(|t| **t > TOLD_APART * theta[0]).count();
        let (theta, turn) = (theta[..count].to_vec(), turn.columns(0, count).into_owned());
        let (x, image): (DMatrix<f64>, DMatrix<f64>) = (product(&x, &turn), product(&image, &turn));
        let back: DMatrix<f64> = w.times(&image);
        let long = long.then(|| {
            let over = |mut m: DMatrix<f64>| {
                m.column_iter_mut()
                    .zip(&theta)
                    .for_each(|(mut column, theta)| column /= theta.sqrt());
                m
            };
            // W^T x is long by the root of theta, so the rounding counts as often more.
            let (v, image) = (over(image), over(w.t().times(&back)));
            let mut side = Side::new(v, image, &theta, 0.0);
            side.residual
                .iter_mut()
                .zip(&theta)
                .for_each(|(r, t)| *r += rounding * (theta[0] / t).sqrt());
            side
        });
        Ok(Invariant {
            short: Side::new(x, back, &theta, rounding),
            long,
            theta,
        })
    }

    pub fn len(&self) -> usize {
        self.theta.len()
    }
}

/// Columns made orthonormal, twice by Cholesky: the first pass brings them close, the second to rounding.
fn orthonormal<T: Scalar>(found: &DMatrix<T>) -> Result<DMatrix<f64>, NoConvergence> {
    let once = |x: &DMatrix<f64>| -> Result<DMatrix<f64>, NoConvergence> {
        let gram: DMatrix<f64> = product(View::from(x).t(), x);
        let factor = gram.cholesky().ok_or(NoConvergence)?;
        let inverse = factor.l().try_inverse().ok_or(NoConvergence)?;
        Ok(product(x, View::from(&inverse).t()))
    };
    once(&once(&found.map(|x| x.double()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    #[test]
    fn residuals_are_those_of_the_vectors_on_either_side() {
        let (w0, b, a) = (random(40, 70, 1), random(40, 2, 2), random(2, 70, 3));
        let w = Operator::plus(View::from(&w0), &b, &a, 0.7);
        let dense = w0.map(f64::from) + b.map(f64::from) * a.map(f64::from) * 0.7;
        let found = Invariant::of(w, &random(40, 6, 4), 1e-9, true).unwrap();
        for (side, operator) in [
            (&found.short, &dense * dense.transpose()),
            (found.long.as_ref().unwrap(), dense.tr_mul(&dense)),
        ] {
            assert!((side.x.tr_mul(&side.x) - DMatrix::identity(6, 6)).amax() < 1e-12);
            for j in 0..6 {
                let rest = &operator * side.x.column(j) - side.x.column(j) * found.theta[j];
                assert!((rest.norm() / side.residual[j] - 1.0).abs() < 1e-6);
            }
        }
    }
}
