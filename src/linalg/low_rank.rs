//! Low-rank updates W = W0 + s B A, never formed: the spectrum of the change, and the leading vectors of W where a basis for W0 is known.

use super::symmetric::eigen;
use super::tridiagonal::eigenvalues;
use super::{Matrix, NoConvergence};
use nalgebra::{DMatrix, DVector};

/// The singular values of scale * b * a, descending; at most min(rank, rows, cols) of them.
///
/// B = Q_B R_B and A^T = Q_A R_A give B A = Q_B (R_B R_A^T) Q_A^T, whose singular values are those of the r x r core.
/// In f64: the product of two factors squares the spread of their spectra.
pub fn low_rank_singular_values(scale: f64, b: &Matrix, a: &Matrix) -> Result<Vec<f32>, NoConvergence> {
    let (b, a) = (b.map(|x| f64::from(x) * scale), a.transpose().map(f64::from));
    Ok(product_singular_values(b, a)?.into_iter().map(|s| s as f32).collect())
}

/// The singular values of left * right^T, descending; at most as many as there are columns.
pub fn product_singular_values(left: DMatrix<f64>, right: DMatrix<f64>) -> Result<Vec<f64>, NoConvergence> {
    let core = left.qr().r() * right.qr().r().transpose();
    let largest = core.amax();
    if largest == 0.0 {
        return Ok(vec![0.0; core.nrows().min(core.ncols())]);
    }
    let values = singular_values(core / largest)?;
    Ok(values.into_iter().map(|s| s * largest).collect())
}

/// The singular values of a small matrix, descending: its bidiagonal form's numbers, in turn from its two diagonals, stand beside the zero diagonal of a
/// tridiagonal matrix whose values are the singular values and their negatives (Golub and Kahan 1965).
fn singular_values(a: DMatrix<f64>) -> Result<Vec<f64>, NoConvergence> {
    let count = a.nrows().min(a.ncols());
    let form = a.bidiagonalize();
    let (diagonal, off) = (form.diagonal(), form.off_diagonal());
    let mut beside: Vec<f64> = diagonal.iter().zip(&off).flat_map(|(d, e)| [*d, *e]).collect();
    beside.push(diagonal[count - 1]);
    let mut values = eigenvalues(&vec![0.0; 2 * count], &beside)?;
    values.truncate(count);
    Ok(values.into_iter().map(|s| s.max(0.0)).collect())
}

/// diag(theta) + Z S Z^T with few columns in Z: W W^T in the eigenbasis of W0 W0^T, exactly
/// (W W^T = W0 W0^T + Z S Z^T with Z = [s B, W0 A^T] and S = [[A A^T, I], [I, 0]]).
pub struct Updated<'a> {
    pub theta: &'a [f64],
    pub z: DMatrix<f64>,
    pub s: DMatrix<f64>,
}

/// Steps of Lanczos between two looks at what has converged, and at most.
const LOOK: usize = 40;
const MOST: usize = 400;

impl Updated<'_> {
    fn apply(&self, x: &DVector<f64>) -> DVector<f64> {
        let mut image = &self.z * (&self.s * self.z.tr_mul(x));
        for ((image, x), theta) in image.iter_mut().zip(x.iter()).zip(self.theta) {
            *image += theta * x;
        }
        image
    }

    /// max_j ||A x_j - theta_j x_j|| of pairs that were found.
    pub fn residual(&self, theta: &[f64], x: &DMatrix<f64>) -> f64 {
        let one = |(theta, x): (&f64, nalgebra::DVectorView<f64>)| (self.apply(&x.into_owned()) - x * *theta).norm();
        theta.iter().zip(x.column_iter()).map(one).fold(0.0, f64::max)
    }

    /// The leading `count` eigenpairs, descending: Lanczos with full reorthogonalization, a handful of operations per entry and step.
    pub fn leading(&self, count: usize) -> Result<(Vec<f64>, DMatrix<f64>), NoConvergence> {
        let n = self.theta.len();
        let most = MOST.min(n);
        let mut v = DMatrix::zeros(n, most);
        let (mut alpha, mut beta) = (Vec::new(), Vec::<f64>::new());
        let mut next = super::orthonormal::random(n, 1, 7)
            .map(f64::from)
            .column(0)
            .into_owned();
        next.unscale_mut(next.norm());
        for step in 0..most {
            v.set_column(step, &next);
            let mut image = self.apply(&next);
            alpha.push(image.dot(&next));
            let basis = v.columns(0, step + 1);
            for _ in 0..2 {
                let inside = basis.tr_mul(&image);
                image -= basis * inside;
            }
            let norm = image.norm();
            let closed = norm <= 1e-14 * self.theta.first().copied().unwrap_or(0.0).max(alpha[0].abs());
            if closed || step + 1 == most || (step + 1) % LOOK == 0 {
                let (values, y) = eigen(&super::lanczos::jacobi(&alpha, &beta))?;
                let wanted = count.min(values.len());
                let settled = (0..wanted).all(|j| norm * y[(step, j)].abs() < 1e-10 * values[0].abs());
                if closed || settled || step + 1 == most {
                    let vectors = v.columns(0, step + 1) * y.columns(0, wanted);
                    return Ok((values[..wanted].to_vec(), vectors));
                }
            }
            beta.push(norm);
            next = image / norm;
        }
        Err(NoConvergence)
    }
}
