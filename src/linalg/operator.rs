//! Linear operator: W itself, or W0 + scale B A without forming it.

use super::Matrix;
use super::kernel::Scalar;
use super::product::{error_of_sums, product};
use super::view::View;
use nalgebra::DMatrix;

/// W0 + scale B A with short columns: `[short, long]`.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    w0: View<'a>,
    /// B, A and the scale of their product.
    change: Option<(&'a Matrix, &'a Matrix, f64)>,
    turned: bool,
}

impl<'a> From<View<'a>> for Operator<'a> {
    fn from(w0: View<'a>) -> Self {
        Operator {
            w0,
            change: None,
            turned: false,
        }
    }
}

impl<'a> Operator<'a> {
    pub fn plus(w0: View<'a>, b: &'a Matrix, a: &'a Matrix, scale: f64) -> Self {
        Operator {
            w0,
            change: Some((b, a, scale)),
            turned: false,
        }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Operator {
            turned: !self.turned,
            ..self
        }
    }

    pub fn rows(&self) -> usize {
        if self.turned { self.w0.cols() } else { self.w0.rows() }
    }

    pub fn cols(&self) -> usize {
        self.t().rows()
    }

    /// W x.
    pub fn times<T: Scalar>(&self, x: &DMatrix<T>) -> DMatrix<T> {
        let w0 = if self.turned { self.w0.t() } else { self.w0 };
        let mut image: DMatrix<T> = product(w0, x);
        if let Some((b, a, scale)) = self.change {
            let (out, inner) = if self.turned {
                (View::from(a).t(), View::from(b).t())
            } else {
                (View::from(b), View::from(a))
            };
            let inside: DMatrix<T> = product::<T>(inner, x).map(|x| T::of_f64(x.double() * scale));
            let more: DMatrix<T> = product(out, &inside);
            image.iter_mut().zip(more.iter()).for_each(|(sum, x)| *sum = *sum + *x);
        }
        image
    }

    /// An upper bound of sigma_1: the Frobenius norms of the parts.
    pub fn norm(&self) -> f64 {
        let mut squares = 0.0;
        self.w0.each(|x| squares += f64::from(x).powi(2));
        let frobenius = |m: &Matrix| m.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let change = self
            .change
            .map_or(0.0, |(b, a, scale)| scale.abs() * frobenius(b) * frobenius(a));
        (squares.sqrt() + change) * (1.0 + 1e-9)
    }

    /// The largest error of the computed W (W^T x) for |x| = 1, where `norm` bounds sigma_1: |fl(W v) - W v| is at most the
    /// error of sums times |W| |v| by components, whose norm is at most the Frobenius norm; twice, and as much again for what B A and turns of the result add.
    pub fn rounding<T: Scalar>(&self, norm: f64) -> f64 {
        let long = self.rows().max(self.cols());
        8.0 * error_of_sums::<T>(long) * norm * norm
    }
}
