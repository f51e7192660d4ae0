//! Lanczos on W W^T from many start vectors at once, so that each step is two products of matrices, in f32 or in f64.
//!
//! Every run keeps its whole basis, orthogonal to rounding (two passes of Gram and Schmidt: Giraud, Langou, Rozloznik 2005), and
//! what a proof needs of it: W W^T v_k = X c_k + beta_{k-1} v_{k-1} + alpha_k v_k + beta_k v_{k+1} + s_k, where X are the vectors
//! kept out. The norms of c_k and of s_k, what the three terms leave over, are measured at every step, not assumed.

use super::NoConvergence;
use super::kernel::Scalar;
use super::operator::Operator;
use super::product::product;
use super::symmetric::eigen;
use super::view::View;
use nalgebra::{DMatrix, DMatrixView, DVector, DVectorView, DVectorViewMut};
use rayon::prelude::*;
use std::marker::PhantomData;

/// A run closes where a step leaves less than so many roundings of its largest number: nothing but rounding would follow.
const CLOSED: f64 = 160.0;

/// The rounding that is left of a start vector which lies wholly in the space kept out.
const NOTHING: f64 = 1e-12;

/// The symmetric tridiagonal matrix of Lanczos.
pub fn jacobi(alpha: &[f64], beta: &[f64]) -> DMatrix<f64> {
    let n = alpha.len();
    let mut t = DMatrix::zeros(n, n);
    for (i, a) in alpha.iter().enumerate() {
        t[(i, i)] = *a;
        if i + 1 < n {
            t[(i, i + 1)] = beta[i];
            t[(i + 1, i)] = beta[i];
        }
    }
    t
}

/// Runs in lockstep; `T` is the precision of the products.
pub struct Lanczos<'a, T> {
    w: Operator<'a>,
    /// Orthonormal columns that are kept out.
    known: &'a DMatrix<f64>,
    pub runs: Vec<Run>,
    precision: PhantomData<T>,
}

/// One start vector's run.
pub struct Run {
    /// The length of the start vector.
    pub length: f64,
    /// Lanczos vectors, one after the other.
    basis: Vec<f64>,
    pub alpha: Vec<f64>,
    /// As many as `alpha`: the last is the length of what leaves the basis.
    pub beta: Vec<f64>,
    /// c_k: what of each image lies in the space kept out.
    pub inside: Vec<DVector<f64>>,
    /// ||s_k||: what the three terms leave over.
    pub over: Vec<f64>,
    next: DVector<f64>,
    /// The components of the last image along every vector of the basis.
    parts: DVector<f64>,
    closed: bool,
}

impl<'a, T: Scalar> Lanczos<'a, T> {
    /// `starts`: one column per run, orthogonal to the orthonormal `known`, as long as `w` has rows.
    pub fn new(w: impl Into<Operator<'a>>, starts: &DMatrix<f64>, known: &'a DMatrix<f64>) -> Self {
        let runs = starts.column_iter().map(|c| Run::new(c.into_owned())).collect();
        Lanczos {
            w: w.into(),
            known,
            runs,
            precision: PhantomData,
        }
    }

    /// One more step of every run that `wanted` names.
    pub fn step_some(&mut self, wanted: impl Fn(usize) -> bool) {
        let mut open: Vec<&mut Run> = self
            .runs
            .iter_mut()
            .enumerate()
            .filter(|(i, run)| !run.closed && wanted(*i))
            .map(|(_, run)| run)
            .collect();
        if open.is_empty() {
            return;
        }
        let n = self.w.rows();
        let block = DMatrix::from_fn(n, open.len(), |i, j| T::of_f64(open[j].next[i]));
        let image = self.w.times(&self.w.t().times(&block));
        let mut images = DMatrix::from_iterator(n, open.len(), image.iter().map(|x| x.double()));
        open.iter_mut().for_each(|run| run.keep_last());
        // One pass after the other, each out of both spaces: a vector of the basis that holds a trace of the known space would bring it
        // back, and larger at every step.
        for _ in 0..2 {
            if self.known.ncols() > 0 {
                let inside: DMatrix<f64> = product(View::from(self.known).t(), &images);
                images -= product::<f64>(self.known, &inside);
                open.iter_mut()
                    .zip(inside.column_iter())
                    .for_each(|(run, c)| run.add_inside(c));
            }
            let columns = images.as_mut_slice().par_chunks_mut(n);
            open.par_iter_mut()
                .zip(columns)
                .for_each(|(run, image)| run.project_out(image));
        }
        let columns = images.as_slice().par_chunks(n);
        open.par_iter_mut()
            .zip(columns)
            .for_each(|(run, image)| run.take(image, CLOSED * T::ROUNDING));
    }

    /// A bound for |D| in W W^T V = X C + V J + beta v_{m+1} e_m^T + D, over all runs together, whatever precision they ran in: the difference
    /// of both sides on random combinations of all the vectors, computed in f64. For a matrix D and p normal vectors w_i,
    /// |D| <= a sqrt(2 / pi) max_i |D w_i| but for a chance of a^-p (Halko, Martinsson, Tropp 2011, lemma 4.1): 1.5e-11 here.
    /// `rounding`: what a product in f64 can be off by, for a vector of length 1.
    pub fn measured_rounding(&self, seed: u64, rounding: f64) -> f64 {
        const PROBES: usize = 12;
        const FACTOR: f64 = 8.0;
        let n = self.w.rows();
        let active: Vec<&Run> = self.runs.iter().filter(|run| !run.alpha.is_empty()).collect();
        let weights =
            super::orthonormal::random(active.iter().map(|run| run.alpha.len()).sum(), PROBES, seed).map(f64::from);
        let mut starts = Vec::new();
        let mut at = 0;
        for run in &active {
            starts.push(at);
            at += run.alpha.len();
        }
        let sums: Vec<(DVector<f64>, DVector<f64>)> = (0..PROBES)
            .into_par_iter()
            .map(|probe| {
                let mut sum = (DVector::zeros(n), DVector::zeros(n));
                for (run, first) in active.iter().zip(&starts) {
                    let own = weights.column(probe).rows(*first, run.alpha.len()).into_owned();
                    let (vector, image) = run.combination(self.known, &own);
                    sum.0 += vector;
                    sum.1 += image;
                }
                sum
            })
            .collect();
        let vectors = DMatrix::from_fn(n, PROBES, |i, j| sums[j].0[i]);
        let images: DMatrix<f64> = self.w.times(&self.w.t().times(&vectors));
        let most = images
            .column_iter()
            .zip(&sums)
            .map(|(image, (vector, said))| (image - said).norm() + rounding * vector.norm())
            .fold(0.0, f64::max);
        FACTOR * (2.0 / std::f64::consts::PI).sqrt() * most
    }

    /// The dimension of the space beside what is kept out.
    pub fn room(&self) -> usize {
        self.w.rows() - self.known.ncols()
    }

    /// One more step of every run.
    pub fn step(&mut self) {
        self.step_some(|_| true);
    }
}

impl Run {
    fn new(start: DVector<f64>) -> Run {
        let norm = start.norm();
        let length = if norm > NOTHING { norm } else { 0.0 };
        Run {
            length,
            basis: Vec::new(),
            alpha: Vec::new(),
            beta: Vec::new(),
            inside: Vec::new(),
            over: Vec::new(),
            next: start / length.max(f64::MIN_POSITIVE),
            parts: DVector::zeros(0),
            closed: length == 0.0,
        }
    }

    /// The last vector joins the basis; what its image holds of every vector is to be found.
    fn keep_last(&mut self) {
        self.basis.extend_from_slice(self.next.as_slice());
        self.parts = DVector::zeros(self.alpha.len() + 1);
    }

    /// Called once per pass, if at all.
    fn add_inside(&mut self, c: DVectorView<f64>) {
        match self.inside.get_mut(self.alpha.len()) {
            Some(inside) => *inside += c,
            None => self.inside.push(c.into_owned()),
        }
    }

    /// Takes the basis out of the image of its last vector.
    fn project_out(&mut self, image: &mut [f64]) {
        let n = image.len();
        let basis = DMatrixView::from_slice(&self.basis, n, self.parts.len());
        let mut image = DVectorViewMut::from_slice(image, n);
        let part = basis.tr_mul(&image);
        image.gemv(-1.0, &basis, &part, 1.0);
        self.parts += part;
    }

    /// Goes on from the image of the last vector, out of which both spaces are taken.
    fn take(&mut self, image: &[f64], closed: f64) {
        let k = self.alpha.len();
        let image = DVector::from_column_slice(image);
        let norm = image.norm();
        let mut parts = std::mem::take(&mut self.parts);
        self.alpha.push(parts[k]);
        // In exact arithmetic only the two last parts differ from zero.
        if k > 0 {
            parts[k - 1] -= self.beta[k - 1];
        }
        parts[k] = 0.0;
        self.over.push(parts.norm());
        let scale = self.alpha.iter().fold(f64::MIN_POSITIVE, |m, a| m.max(a.abs()));
        self.closed = norm <= closed * scale || k + 1 == image.len();
        self.beta.push(norm);
        self.next = image / norm.max(f64::MIN_POSITIVE);
    }

    /// V w for the weights w of the vectors so far, and what the recurrence says of W W^T V w.
    fn combination(&self, known: &DMatrix<f64>, weights: &DVector<f64>) -> (DVector<f64>, DVector<f64>) {
        let (n, m) = (self.next.len(), self.alpha.len());
        let basis = DMatrixView::from_slice(&self.basis, n, m);
        // J w, and what leaves the basis.
        let mut along = DVector::zeros(m);
        for k in 0..m {
            along[k] += self.alpha[k] * weights[k];
            if k + 1 < m {
                along[k + 1] += self.beta[k] * weights[k];
                along[k] += self.beta[k] * weights[k + 1];
            }
        }
        let mut image = basis * along + &self.next * (self.beta[m - 1] * weights[m - 1]);
        if known.ncols() > 0 {
            let inside = self
                .inside
                .iter()
                .zip(weights.iter())
                .fold(DVector::zeros(known.ncols()), |sum, (c, w)| sum + c * *w);
            image += known * inside;
        }
        (basis * weights, image)
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Nodes and weights of the Gauss quadrature of the start's spectral measure; the weights sum up to 1.
    pub fn quadrature(&self) -> Result<Vec<(f64, f64)>, NoConvergence> {
        if self.alpha.is_empty() {
            return Ok(Vec::new());
        }
        let (nodes, y) = eigen(&jacobi(&self.alpha, &self.beta))?;
        Ok(nodes
            .into_iter()
            .enumerate()
            .map(|(j, x)| (x, y[(0, j)].powi(2)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{Matrix, random};

    /// The relation that the proofs rest on, against the product itself.
    #[test]
    fn what_is_measured_is_all_that_the_three_terms_leave_over() {
        let w = random(60, 90, 1);
        let x = random(60, 5, 2).map(f64::from).qr().q();
        let mut starts = random(60, 3, 3).map(f64::from);
        starts -= &x * x.tr_mul(&starts);
        let mut lanczos: Lanczos<f64> = Lanczos::new(View::from(&w), &starts, &x);
        for _ in 0..12 {
            lanczos.step();
        }
        let double = w.map(f64::from);
        for run in &lanczos.runs {
            let v = DMatrix::from_column_slice(60, 12, &run.basis);
            assert!((v.tr_mul(&v) - DMatrix::identity(12, 12)).amax() < 1e-13 && x.tr_mul(&v).amax() < 1e-13);
            let image = &double * double.tr_mul(&v);
            for k in 0..11 {
                let mut left = image.column(k) - v.column(k) * run.alpha[k] - v.column(k + 1) * run.beta[k];
                if k > 0 {
                    left -= v.column(k - 1) * run.beta[k - 1];
                }
                let inside = x.tr_mul(&left);
                assert!((&inside - &run.inside[k]).norm() < 1e-9 * inside.norm());
                assert!((left - &x * inside).norm() < run.over[k] + 1e-10);
            }
        }
        assert!(lanczos.measured_rounding(9, 1e-13) < 1e-9);
        let mut single: Lanczos<f32> = Lanczos::new(View::from(&w), &starts, &x);
        for _ in 0..12 {
            single.step();
        }
        // Off by the rounding of f32 products, the measure by some times that.
        let largest = single.runs.iter().map(|run| {
            let v = DMatrix::from_column_slice(60, 12, &run.basis);
            let said: Vec<_> = (0..12)
                .map(|k| run.combination(&x, &DVector::from_fn(12, |i, _| f64::from(i == k))).1)
                .collect();
            (&double * double.tr_mul(&v) - DMatrix::from_columns(&said)).norm()
        });
        let (largest, measured) = (largest.fold(0.0, f64::max), single.measured_rounding(9, 1e-13));
        assert!(
            largest > 1e-7 && largest < measured && measured < 40.0 * largest,
            "{largest} {measured}"
        );
        let none = DMatrix::zeros(60, 0);
        let mut single: Lanczos<f32> = Lanczos::new(View::from(&w), &starts, &none);
        (0..6).for_each(|_| single.step());
        let sum: f64 = single.runs[0].quadrature().unwrap().iter().map(|n| n.1).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_run_closes_with_its_space() {
        let mut w = Matrix::zeros(20, 20);
        (0..4).for_each(|i| w[(i, i)] = 1.0 + i as f32);
        let none = DMatrix::zeros(20, 0);
        let mut lanczos: Lanczos<f64> = Lanczos::new(View::from(&w), &random(20, 2, 1).map(f64::from), &none);
        (0..20).for_each(|_| lanczos.step());
        assert!(
            lanczos.runs.iter().all(|run| run.is_closed() && run.alpha.len() == 5),
            "four values and the null space"
        );
    }
}
