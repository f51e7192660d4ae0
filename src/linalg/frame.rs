//! A base in its own singular vectors, and the leading vectors of what a low-rank change makes of it.
//!
//! With W0 = U0 S0 V0^T and a change P Q^T, W W^T in the basis of the short side's vectors is S0^2 + X H^T + H X^T: a matrix of that side
//! alone, whatever the length of the other, and the components of its eigenvectors are the cosines that are asked for.

use super::exact::thin_svd;
use super::product::{gram, product};
use super::spectrum::Spectrum;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// Values below this part of the largest have no vectors of their own.
const LOST: f64 = 1e-7;

/// W0 = U0 diag(sigma) V0^T, thin.
pub struct Frame {
    pub sigma: Vec<f64>,
    /// U0, a column per value.
    pub left: Matrix,
    /// V0.
    pub right: Matrix,
    /// The strongest of them, more precisely.
    pub leading: Triples,
}

/// The best match of one vector: |cos|, and the base vector that it is, from 0.
pub type Place = (f64, u32);

/// The leading vectors of W beside those of W0, a vector per entry.
pub struct Beside {
    /// All singular values of W, descending.
    pub sigma: Vec<f64>,
    pub left: Vec<Place>,
    pub right: Vec<Place>,
}

/// Leading singular triples, in f64.
pub struct Triples {
    /// All singular values, descending.
    pub sigma: Vec<f64>,
    /// Leading left vectors, as columns.
    pub left: DMatrix<f64>,
    pub right: DMatrix<f64>,
}

/// The leading `count` triples of W, fewer where values are lost in rounding.
pub fn triples(w: &DMatrix<f64>, count: usize) -> Result<Triples, NoConvergence> {
    let turned = w.nrows() > w.ncols();
    let view = if turned { View::from(w).t() } else { View::from(w) };
    Ok(leading(view, turned, &Spectrum::of(&gram::<f64>(view))?, count))
}

/// From the decomposition of W W^T, W with its short side down the rows: u_j, and v_j = W^T u_j / sigma_j.
pub(super) fn leading(w: View, turned: bool, spectrum: &Spectrum, count: usize) -> Triples {
    let sigma = roots(&spectrum.values);
    let short: DMatrix<f64> = spectrum.columns(0..known(&sigma, count));
    let mut long: DMatrix<f64> = product(w.t(), &short);
    long.column_iter_mut().zip(&sigma).for_each(|(mut v, s)| v /= *s);
    let [left, right] = if turned { [long, short] } else { [short, long] };
    Triples { sigma, left, right }
}

impl Frame {
    /// `leading`: how many vectors are wanted in f64.
    pub fn of(w0: View, leading: usize) -> Result<Frame, NoConvergence> {
        let svd = thin_svd(w0)?;
        let [left, right] = svd.sides()?;
        let sigma = svd.values().into_iter().map(f64::from).collect();
        Ok(Frame {
            sigma,
            left,
            right,
            leading: svd.triples(leading),
        })
    }

    /// The leading `count` vectors of W0 + `left` `right`^T.
    pub fn plus(&self, left: &DMatrix<f64>, right: &DMatrix<f64>, count: usize) -> Result<Beside, NoConvergence> {
        let turned = left.nrows() > right.nrows();
        let ([short, long], [own, other]) = if turned {
            ([&self.right, &self.left], [right, left])
        } else {
            ([&self.left, &self.right], [left, right])
        };
        let x: DMatrix<f64> = product(View::from(short).t(), own);
        let y: DMatrix<f64> = product(View::from(long).t(), other);
        // Y^T Y of all components, those outside of the base's vectors among them.
        let within: DMatrix<f64> = gram(View::from(other).t());
        let scaled = DMatrix::from_fn(y.nrows(), y.ncols(), |i, j| y[(i, j)] * self.sigma[i]);
        let half = &scaled + &x * (within * 0.5);
        let cross: DMatrix<f64> = product(&x, View::from(&half).t());
        let mut g = &cross + cross.transpose();
        self.sigma.iter().enumerate().for_each(|(i, s)| g[(i, i)] += s * s);
        let spectrum = Spectrum::of(&g)?;
        let sigma = roots(&spectrum.values);
        let z: DMatrix<f64> = spectrum.columns(0..known(&sigma, count));
        let mut image = &y * x.tr_mul(&z);
        for (j, mut column) in image.column_iter_mut().enumerate() {
            column
                .iter_mut()
                .zip(&self.sigma)
                .zip(z.column(j).iter())
                .for_each(|((v, s), z)| *v = (*v + s * z) / sigma[j]);
        }
        let [short, long] = [best(&z), best(&image)];
        let [left, right] = if turned { [long, short] } else { [short, long] };
        Ok(Beside { sigma, left, right })
    }

    /// The best matches of given vectors.
    pub fn beside(&self, w: &Triples) -> Beside {
        let of = |base: &Matrix, own: &DMatrix<f64>| best(&product(View::from(base).t(), own));
        Beside {
            sigma: w.sigma.clone(),
            left: of(&self.left, &w.left),
            right: of(&self.right, &w.right),
        }
    }
}

fn roots(values: &[f64]) -> Vec<f64> {
    values.iter().map(|x| x.max(0.0).sqrt()).collect()
}

/// The number of leading values, `count` at most, that have vectors.
fn known(sigma: &[f64], count: usize) -> usize {
    let largest = sigma.first().copied().unwrap_or(0.0);
    sigma.iter().take(count).take_while(|s| **s > LOST * largest).count()
}

fn best(cosines: &DMatrix<f64>) -> Vec<Place> {
    let one = |column: nalgebra::DVectorView<f64>| {
        let largest = |best: Place, (i, c): (usize, &f64)| if c.abs() > best.0 { (c.abs(), i as u32) } else { best };
        let (cos, place) = column.iter().enumerate().fold((-1.0, 0), largest);
        (cos.clamp(0.0, 1.0), place)
    };
    cosines.column_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    /// Against the decomposition of the whole, on both sides, wide and tall.
    #[test]
    fn a_low_rank_change_is_taken_apart_in_the_bases_own_vectors() {
        for (rows, cols) in [(70, 70), (70, 200), (200, 70), (9, 12), (12, 9)] {
            let w0 = random(rows, cols, 1);
            let (p, q) = (
                random(rows, 3, 2).map(f64::from) * 0.8,
                random(cols, 3, 3).map(f64::from),
            );
            let frame = Frame::of(View::from(&w0), 6).unwrap();
            let found = frame.plus(&p, &q, 6).unwrap();
            let w = w0.map(f64::from) + &p * q.transpose();
            let whole = triples(&w, 6).unwrap();
            let expected = frame.beside(&whole);
            let far = |a: &[Place], b: &[Place]| a.iter().zip(b).map(|(a, b)| (a.0 - b.0).abs()).fold(0.0, f64::max);
            assert!(
                far(&found.left, &expected.left) < 1e-5 && far(&found.right, &expected.right) < 1e-5,
                "{rows} x {cols}"
            );
            let off = found
                .sigma
                .iter()
                .zip(&whole.sigma)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max);
            assert!(off < 1e-5 * whole.sigma[0], "{off}");
            let again = &whole.left * DMatrix::from_fn(6, 6, |i, j| if i == j { whole.sigma[i] } else { 0.0 });
            assert!((&w * &whole.right - again).amax() < 1e-9 * whole.sigma[0]);
        }
    }

    #[test]
    fn nothing_has_no_vectors() {
        let zero = Matrix::zeros(5, 8);
        let frame = Frame::of(View::from(&zero), 6).unwrap();
        let none = frame.plus(&DMatrix::zeros(5, 1), &DMatrix::zeros(8, 1), 3).unwrap();
        assert!(none.left.is_empty() && none.sigma == vec![0.0; 5]);
        assert_eq!(triples(&DMatrix::zeros(5, 8), 3).unwrap().left.ncols(), 0);
    }
}
