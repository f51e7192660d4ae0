//! A base in its own singular vectors, and the leading vectors of what a low-rank change makes of it.
//!
//! With W0 = U0 S0 V0^T and a change P Q^T, W W^T in the basis of the short side's vectors is S0^2 + X H^T + H X^T: a matrix of that side
//! alone, whatever the length of the other, and the components of its eigenvectors are the cosines that are asked for.

use super::exact::thin_svd;
use super::low_rank::Updated;
use super::product::{gram, product};
use super::spectrum::Spectrum;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// Values below this part of the largest have no vectors of their own.
const LOST: f64 = 1e-7;
/// Below this many values the whole decomposition is as fast.
const SHORT: usize = 96;
/// Values whose difference is less than this part of them are one.
const TIED: f64 = 1e-9;
/// The residual of a vector that is found, as a part of the largest eigenvalue.
const SETTLED: f64 = 1e-9;

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
    /// Leading singular values of W, descending.
    pub sigma: Vec<f64>,
    /// The sum of the squares of all of them.
    pub squares: f64,
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
        let squares = self.sigma.iter().map(|s| s * s).sum::<f64>() + 2.0 * x.dot(&half);
        let (theta, z) = self.leading_of(&x, &half, count)?;
        let sigma = roots(&theta);
        let kept = known(&sigma, count);
        let (sigma, z) = (sigma[..kept].to_vec(), z.columns(0, kept).into_owned());
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
        Ok(Beside {
            sigma,
            squares,
            left,
            right,
        })
    }

    /// The leading eigenpairs of S0^2 + X H^T + H X^T. By Lanczos where that is sure to find them all: a single start never sees both of two equal
    /// values, and those of the base stay equal beside a change that does not touch them.
    fn leading_of(
        &self,
        x: &DMatrix<f64>,
        half: &DMatrix<f64>,
        count: usize,
    ) -> Result<(Vec<f64>, DMatrix<f64>), NoConvergence> {
        let theta: Vec<f64> = self.sigma.iter().map(|s| s * s).collect();
        if theta.len() >= SHORT && !self.is_tied() {
            let p = x.ncols();
            let mut s = DMatrix::zeros(2 * p, 2 * p);
            s.view_mut((0, p), (p, p)).fill_with_identity();
            s.view_mut((p, 0), (p, p)).fill_with_identity();
            let mut z = x.clone().resize_horizontally(2 * p, 0.0);
            z.columns_mut(p, p).copy_from(half);
            let updated = Updated { theta: &theta, z, s };
            if let Ok((values, vectors)) = updated.leading(count.min(theta.len()))
                && values.len() >= count.min(theta.len())
                && updated.residual(&values, &vectors) <= SETTLED * values.first().copied().unwrap_or(0.0)
            {
                return Ok((values, vectors));
            }
        }
        let cross: DMatrix<f64> = product(x, View::from(half).t());
        let mut g = &cross + cross.transpose();
        theta.iter().enumerate().for_each(|(i, t)| g[(i, i)] += t);
        let spectrum = Spectrum::of(&g)?;
        let vectors = spectrum.columns(0..count.min(theta.len()));
        Ok((spectrum.values, vectors))
    }

    /// Two base values that are one.
    fn is_tied(&self) -> bool {
        self.sigma.windows(2).any(|pair| pair[0] - pair[1] <= TIED * pair[0])
    }

    /// The best matches of given vectors.
    pub fn beside(&self, w: &Triples) -> Beside {
        let of = |base: &Matrix, own: &DMatrix<f64>| best(&product(View::from(base).t(), own));
        Beside {
            sigma: w.sigma.clone(),
            squares: w.sigma.iter().map(|s| s * s).sum(),
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
        for (rows, cols) in [
            (70, 70),
            (70, 200),
            (200, 70),
            (9, 12),
            (12, 9),
            (150, 150),
            (130, 260),
            (260, 130),
        ] {
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

    /// Equal base values that the change does not touch are all found.
    #[test]
    fn tied_values_are_all_there() {
        let n = 120;
        let base = Matrix::from_fn(n, n, |i, j| match i == j {
            true if i < 4 => 3.0,
            true => 1.0 / (1.0 + i as f32),
            false => 0.0,
        });
        let mut p = DMatrix::zeros(n, 1);
        p[(50, 0)] = 2.0;
        let found = Frame::of(View::from(&base), 6).unwrap().plus(&p, &p, 6).unwrap();
        let expected = [4.02, 3.0, 3.0, 3.0, 3.0, 0.2];
        assert!(
            found.sigma.iter().zip(expected).all(|(s, e)| (s - e).abs() < 0.01),
            "{:?}",
            found.sigma
        );
    }

    #[test]
    fn nothing_has_no_vectors() {
        let zero = Matrix::zeros(5, 8);
        let frame = Frame::of(View::from(&zero), 6).unwrap();
        let none = frame.plus(&DMatrix::zeros(5, 1), &DMatrix::zeros(8, 1), 3).unwrap();
        assert!(none.left.is_empty() && none.sigma.is_empty() && none.squares == 0.0);
        assert_eq!(triples(&DMatrix::zeros(5, 8), 3).unwrap().left.ncols(), 0);
    }
}
