//! The whole thin SVD, by way of the Gram matrix of the short side.
//!
//! Products of f32 numbers are exact in f64 and their sums nearly so, so a singular value is off by some 1e-15 (sigma_1 / sigma)^2
//! of itself: better than an f32 SVD for everything above 1e-7 sigma_1, and with half the operations, most of them products.
//! The long side's vectors are only formed where that is more precise: V0^T V = S0^-1 U0^T (W0 W^T) U S^-1.

use super::frame::{Triples, leading};
use super::orthonormal::{orthonormal, project_out, random};
use super::product::{gram, product};
use super::spectrum::{Spectrum, values};
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;
use std::ops::Range;

/// W = U diag(s) V^T with n = min(rows, cols) columns in U and V; s descends. The components of a vector of the short side sum to a
/// positive number.
pub struct Svd<'a> {
    /// Turned, where need be, so that the short side lies down the rows.
    w: View<'a>,
    turned: bool,
    spectrum: Spectrum,
    sigma: Vec<f64>,
    /// The short side's vectors.
    short: Matrix,
    /// max_j ||W W^T u_j - s_j^2 u_j|| / (s_j s_1) over the leading vectors.
    pub residual: f64,
}

/// Cosines with the signs that the decompositions gave: base vectors down the rows, tuned vectors across. The two vectors of a pair
/// turn together.
pub struct Cosines {
    pub left: Matrix,
    pub right: Matrix,
}

impl Cosines {
    /// All of |u0_i . u_j| of both sides, row by row, in the memory that they have.
    pub fn into_rows(self) -> [Vec<f32>; 2] {
        [self.left, self.right].map(|mut side| {
            side.transpose_mut();
            side.apply(|c| *c = c.abs().min(1.0));
            side.data.into()
        })
    }
}

/// Leading vectors whose residual is measured.
const CHECKED: usize = 16;
/// Products of two vectors by way of W0 W^T in f32 are right to 1e-4 where their values' squares are above this part of the mean square.
const STRONG: f64 = 4e-3;
/// Below this part of sigma_1 the long side's vectors are products in f64.
const WEAK: f64 = 1e-3;
/// Below this they are rounding and are replaced by any orthonormal ones.
const LOST: f64 = 1e-6;

/// The thin SVD of a finite matrix.
pub fn thin_svd(w: View) -> Result<Svd, NoConvergence> {
    let turned = w.rows() > w.cols();
    let w = if turned { w.t() } else { w };
    let g: DMatrix<f64> = gram(w);
    let mut spectrum = Spectrum::of(&g)?;
    let sigma: Vec<f64> = spectrum.values.iter().map(|x| x.max(0.0).sqrt()).collect();
    let mut short: Matrix = spectrum.columns(0..sigma.len());
    // A pair has no sign of its own, and inverse iteration leaves one to chance. Whoever looks at signs sees the same ones every time,
    // and mostly the same in a matrix that differs little.
    for (j, mut column) in short
        .column_iter_mut()
        .enumerate()
        .filter(|(_, column)| column.sum() < 0.0)
    {
        column.neg_mut();
        spectrum.turn(j);
    }
    let residual = residual(&g, &sigma, &short);
    Ok(Svd {
        w,
        turned,
        spectrum,
        sigma,
        short,
        residual,
    })
}

/// The singular values alone, descending.
pub fn singular_values(w: View) -> Result<Vec<f32>, NoConvergence> {
    let squares = values(gram(if w.rows() > w.cols() { w.t() } else { w }))?;
    Ok(squares.into_iter().map(|x| x.max(0.0).sqrt() as f32).collect())
}

/// Every base vector against every tuned vector, on both sides; the matrices have the same shape.
pub fn cosines(base: &Svd, tuned: &Svd) -> Result<Cosines, NoConvergence> {
    let short = || product(View::from(&base.short).t(), &tuned.short);
    let (short, long): (Matrix, _) = rayon::join(short, || long_cosines(base, tuned));
    let mut cosines = Cosines {
        left: short,
        right: long?,
    };
    if base.turned {
        std::mem::swap(&mut cosines.left, &mut cosines.right);
    }
    Ok(cosines)
}

fn long_cosines(base: &Svd, tuned: &Svd) -> Result<Matrix, NoConvergence> {
    let n = base.sigma.len();
    let (known, own) = (base.strong(), tuned.strong());
    // The way around costs more where much is weak; vectors that are lost have no product with W.
    if 4 * known.min(own) < 3 * n || base.lost() || tuned.lost() {
        return Ok(product(View::from(&base.long(0..n)?).t(), &tuned.long(0..n)?));
    }
    let (weak_known, weak_own) = (base.long(known..n)?, tuned.long(own..n)?);
    let (strong_known, strong_own) = (
        View::columns(&base.short, 0..known),
        View::columns(&tuned.short, 0..own),
    );
    let cross: Matrix = product(base.w, tuned.w.t());
    let to_own: Matrix = product(&cross, strong_own);
    let mut strong: Matrix = product(strong_known.t(), &to_own);
    let mut beside: Matrix = product(strong_known.t(), &product::<f32>(base.w, &weak_own));
    let mut below: Matrix = product(View::from(&product::<f32>(tuned.w, &weak_known)).t(), strong_own);
    for block in [&mut strong, &mut beside] {
        block
            .row_iter_mut()
            .zip(&base.sigma)
            .for_each(|(mut row, sigma)| row /= *sigma as f32);
    }
    for block in [&mut strong, &mut below] {
        block
            .column_iter_mut()
            .zip(&tuned.sigma)
            .for_each(|(mut column, sigma)| column /= *sigma as f32);
    }
    let corner: Matrix = product(View::from(&weak_known).t(), &weak_own);
    let mut all = Matrix::zeros(n, n);
    for (row, column, block) in [
        (0, 0, strong),
        (0, own, beside),
        (known, 0, below),
        (known, own, corner),
    ] {
        all.view_mut((row, column), block.shape()).copy_from(&block);
    }
    Ok(all)
}

impl Svd<'_> {
    pub fn values(&self) -> Vec<f32> {
        self.sigma.iter().map(|s| *s as f32).collect()
    }

    /// The leading triples in f64.
    pub fn triples(&self, count: usize) -> Triples {
        leading(self.w, self.turned, &self.spectrum, count)
    }

    /// The first vectors of the short side.
    pub fn short_vectors(&self, count: usize) -> Matrix {
        self.short.columns(0, count.min(self.short.ncols())).into_owned()
    }

    /// The first vectors of the left side, or all where there are fewer.
    pub fn left_vectors(&self, count: usize) -> Result<Matrix, NoConvergence> {
        if self.turned {
            self.long(0..count.min(self.sigma.len()))
        } else {
            Ok(self.short_vectors(count))
        }
    }

    /// All vectors of both sides, `[left, right]`, as columns; a pair has the signs that belong together.
    pub fn sides(&self) -> Result<[Matrix; 2], NoConvergence> {
        let (short, long) = (self.short.clone(), self.long(0..self.sigma.len())?);
        Ok(if self.turned { [long, short] } else { [short, long] })
    }

    fn largest(&self) -> f64 {
        self.sigma.first().copied().unwrap_or(0.0)
    }

    /// The number of values above this part of the largest.
    fn above(&self, part: f64) -> usize {
        self.sigma.iter().take_while(|s| **s > part * self.largest()).count()
    }

    /// Products of very large or very small numbers leave the range of f32.
    fn in_range(&self) -> bool {
        (1e-12..1e12).contains(&self.largest())
    }

    fn strong(&self) -> usize {
        let square = self.sigma.iter().map(|s| s * s).sum::<f64>() / self.sigma.len() as f64;
        if self.in_range() {
            self.sigma.iter().take_while(|s| *s * *s > STRONG * square).count()
        } else {
            0
        }
    }

    fn lost(&self) -> bool {
        self.above(LOST) < self.sigma.len()
    }

    /// Some vectors of the long side, v_j = W^T u_j / sigma_j. Where any is lost, all are to be asked for.
    fn long(&self, columns: Range<usize>) -> Result<Matrix, NoConvergence> {
        let first = columns.start;
        let strong = if self.in_range() { self.above(WEAK) } else { 0 }.clamp(first, columns.end);
        let kept = self.above(LOST).clamp(first, columns.end);
        let mut v = Matrix::zeros(self.w.cols(), columns.len());
        if strong > first {
            v.columns_mut(0, strong - first)
                .copy_from(&product::<f32>(self.w.t(), View::columns(&self.short, first..strong)));
        }
        if kept > strong {
            let weak: DMatrix<f64> = self.spectrum.columns(strong..kept);
            let long: DMatrix<f64> = product(self.w.t(), &weak);
            for (j, (from, sigma)) in long.column_iter().zip(&self.sigma[strong..kept]).enumerate() {
                v.column_mut(strong - first + j)
                    .zip_apply(&from, |out, x| *out = (x / sigma) as f32);
            }
        }
        for mut column in v.column_iter_mut().take(kept - first) {
            let norm = column.norm();
            if norm > 0.0 {
                column /= norm;
            }
        }
        if kept < columns.end {
            let own = v.columns(0, kept - first).into_owned();
            let mut rest = random(self.w.cols(), columns.end - kept, 1);
            project_out(&mut rest, &own);
            let mut rest = orthonormal(&rest)?;
            project_out(&mut rest, &own);
            v.columns_mut(kept - first, rest.ncols()).copy_from(&rest);
        }
        Ok(v)
    }
}

fn residual(g: &DMatrix<f64>, sigma: &[f64], u: &Matrix) -> f64 {
    if sigma.first().is_none_or(|largest| *largest == 0.0) {
        return 0.0;
    }
    let some = View::columns(u, 0..CHECKED.min(sigma.len()));
    let image: DMatrix<f64> = product(g, some);
    let error = |j: usize| {
        (image.column(j) - u.column(j).map(f64::from) * sigma[j].powi(2)).norm()
            / (sigma[j].max(1e-3 * sigma[0]) * sigma[0])
    };
    (0..image.ncols()).map(error).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::orthonormal::random;

    /// Every cosine against nalgebra's SVD in f64, where a value has a vector of its own.
    fn check(rows: usize, cols: usize, value: impl Fn(usize) -> f32) {
        let n = rows.min(cols);
        let (u, v) = (
            orthonormal(&random(rows, n, 1)).unwrap(),
            orthonormal(&random(cols, n, 2)).unwrap(),
        );
        let w0 = &u * Matrix::from_diagonal(&nalgebra::DVector::from_fn(n, |i, _| value(i))) * v.transpose();
        let w = &w0 + random(rows, 2, 3) * random(2, cols, 4) * (0.3 / rows as f32);
        let (base, tuned) = (thin_svd(View::from(&w0)).unwrap(), thin_svd(View::from(&w)).unwrap());
        let found = cosines(&base, &tuned).unwrap();
        let exact = |w: &Matrix| {
            let mut svd = w.map(f64::from).svd(true, true);
            svd.sort_by_singular_values();
            (svd.u.unwrap(), svd.v_t.unwrap())
        };
        let ((u0, v0), (u, v)) = (exact(&w0), exact(&w));
        for (found, expected) in [(&found.left, u0.transpose() * u), (&found.right, v0 * v.transpose())] {
            let error = (found.map(f64::from).abs() - expected.abs()).amax();
            assert!(error < 3e-4, "{rows} x {cols}: {error}");
        }
    }

    #[test]
    fn cosines_of_both_sides_are_those_of_the_whole_decomposition() {
        for (rows, cols) in [(40, 40), (90, 30), (30, 90), (80, 70)] {
            check(rows, cols, |i| (1.0 + i as f32).powf(-0.5));
            // Weak ones, a quarter of them and most of them.
            check(
                rows,
                cols,
                |i| if 4 * i > 3 * rows.min(cols) { 0.02 } else { 1.0 } - 1e-4 * i as f32,
            );
            check(rows, cols, |i| 0.88f32.powi(i as i32));
        }
    }

    /// u_j^T W v_j = s_j > 0 ties the signs of both sides together, whatever the decomposition chose.
    #[test]
    fn signs_of_both_sides_belong_together() {
        for (rows, cols) in [(50, 30), (30, 50)] {
            let w0 = random(rows, cols, 5);
            let negated = -&w0;
            let (base, tuned) = (
                thin_svd(View::from(&w0)).unwrap(),
                thin_svd(View::from(&negated)).unwrap(),
            );
            let found = cosines(&base, &tuned).unwrap();
            for j in 0..30 {
                assert!(
                    (found.left[(j, j)] * found.right[(j, j)] + 1.0).abs() < 1e-3,
                    "{rows} x {cols}, {j}"
                );
            }
        }
    }

    #[test]
    fn leading_left_vectors_are_those_of_w_on_either_side() {
        for (rows, cols) in [(50, 30), (30, 50)] {
            let w = random(rows, cols, 6);
            let svd = thin_svd(View::from(&w)).unwrap();
            let u = svd.left_vectors(8).unwrap();
            assert_eq!(u.shape(), (rows, 8));
            let image = w.transpose() * &u;
            for j in 0..8 {
                assert!(
                    (u.column(j).norm() - 1.0).abs() < 1e-5 && (image.column(j).norm() - svd.values()[j]).abs() < 1e-4
                );
            }
            assert_eq!(svd.left_vectors(99).unwrap().ncols(), 30);
        }
    }

    #[test]
    fn a_matrix_of_zeros_has_vectors_all_the_same() {
        let zeros = Matrix::zeros(5, 8);
        let svd = thin_svd(View::from(&zeros)).unwrap();
        assert_eq!(svd.values(), vec![0.0; 5]);
        assert!(cosines(&svd, &svd).unwrap().left.iter().all(|c| c.is_finite()));
    }
}
