//! How much of a vector any single base vector can hold, without knowing that base vector.
//!
//! The squares <y, u_i>^2 are the masses of the spectral measure of W W^T at y. With p_k the orthonormal polynomials of that
//! measure, which m steps of Lanczos give, no mass at x can exceed the Christoffel function lambda_m(x) = 1 / sum_k p_k(x)^2
//! (Akhiezer, The Classical Moment Problem, 1965; Golub and Meurant, Matrices, Moments and Quadrature, 2010). Its supremum over
//! the part of the spectrum that is not known otherwise bounds every cosine there.

use super::orthonormal::project_out;
use super::product::product;
use super::symmetric::eigen;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Safety on a supremum that is taken on a grid, and on products in f32.
const SAFETY: f64 = 1.01;
/// How far a point mass may seem to lie outside the spectrum, as a part of its upper end.
const EDGE: f64 = 1e-4;
/// Grid points between two neighbouring Ritz values.
const FINE: usize = 24;

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

/// Lanczos on W W^T from many vectors at once, so that each step is two products of matrices.
pub struct Lanczos<'a> {
    w: View<'a>,
    /// Known eigenvectors, kept out: in f32 they would come back within a few steps and use up the rest. What they are off by
    /// moves the others by its square only.
    known: Matrix,
    runs: Vec<Run>,
}

struct Run {
    /// The squared length of the start vector.
    mass: f64,
    /// Lanczos vectors, one after the other.
    basis: Vec<f64>,
    alpha: Vec<f64>,
    beta: Vec<f64>,
    next: DVector<f64>,
    closed: bool,
}

impl<'a> Lanczos<'a> {
    /// `starts`: one column a run, on the short side of `w` `[short, long]`.
    pub fn new(w: View<'a>, starts: &DMatrix<f64>, known: Matrix) -> Lanczos<'a> {
        let run = |y: DVector<f64>| {
            let norm = y.norm();
            let closed = norm == 0.0;
            Run { mass: norm * norm, basis: Vec::new(), alpha: Vec::new(), beta: Vec::new(), next: y / norm.max(f64::MIN_POSITIVE), closed }
        };
        Lanczos { w, known, runs: starts.column_iter().map(|c| run(c.into_owned())).collect() }
    }

    /// One more step of every run.
    pub fn step(&mut self) {
        let open: Vec<&mut Run> = self.runs.iter_mut().filter(|r| !r.closed).collect();
        if open.is_empty() {
            return;
        }
        let n = self.w.rows();
        let block = Matrix::from_fn(n, open.len(), |i, j| open[j].next[i] as f32);
        let half: Matrix = product(self.w.t(), &block);
        let mut image: Matrix = product(self.w, &half);
        project_out(&mut image, &self.known);
        open.into_par_iter().enumerate().for_each(|(j, run)| run.take(image.column(j).map(f64::from)));
    }

    /// The spectral measures so far, one a run.
    pub fn measures(&self) -> Vec<Measure<'_>> {
        self.runs.iter().map(|r| Measure { mass: r.mass, alpha: &r.alpha, beta: &r.beta }).collect()
    }
}

impl Run {
    fn take(&mut self, mut image: DVector<f64>) {
        let n = image.len();
        self.alpha.push(image.dot(&self.next));
        self.basis.extend_from_slice(self.next.as_slice());
        let basis = nalgebra::DMatrixView::from_slice(&self.basis, n, self.alpha.len());
        for _ in 0..2 {
            let inside = basis.tr_mul(&image);
            image -= basis * inside;
        }
        let norm = image.norm();
        // Below the rounding of the products nothing new is left.
        let scale = self.alpha.iter().fold(f64::MIN_POSITIVE, |m, a| m.max(a.abs()));
        self.closed = norm <= 1e-5 * scale || self.alpha.len() == n;
        self.beta.push(norm);
        self.next = image / norm.max(f64::MIN_POSITIVE);
    }
}

/// The measure of one vector y: sum_i <y, u_i>^2 at sigma_i^2, known through the recurrence of its orthonormal polynomials.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'a> {
    pub mass: f64,
    alpha: &'a [f64],
    beta: &'a [f64],
}

impl Measure<'_> {
    /// Nodes and weights of the Gauss quadrature; the weights sum up to 1.
    pub fn quadrature(&self) -> Result<Vec<(f64, f64)>, NoConvergence> {
        if self.alpha.is_empty() {
            return Ok(Vec::new());
        }
        let (nodes, y) = eigen(&jacobi(self.alpha, self.beta))?;
        Ok(nodes.into_iter().enumerate().map(|(j, x)| (x, y[(0, j)].powi(2))).collect())
    }

    /// The largest mass that a single point x of [low, high] can hold, times `weight(x)`.
    pub fn largest_mass(&self, low: f64, high: f64, weight: impl Fn(f64) -> f64) -> Result<f64, NoConvergence> {
        if self.mass == 0.0 || self.alpha.is_empty() {
            return Ok(self.mass * weight(high).max(weight(low)));
        }
        // Products in f32 move a point mass by a little, over the edge of the range perhaps.
        let slack = EDGE * high;
        let mut marks: Vec<f64> =
            self.quadrature()?.into_iter().map(|n| n.0).filter(|x| (low - slack..=high + slack).contains(x)).collect();
        marks.extend([low, high]);
        // Where the spectrum falls by orders of magnitude, so do the distances of its values.
        marks.extend((1..24).map(|i| low.max(high * 1e-7) * (high / low.max(high * 1e-7)).powf(f64::from(i) / 24.0)));
        marks.sort_by(f64::total_cmp);
        let between = |pair: &[f64]| {
            let (a, b) = (pair[0], pair[1]);
            (0..=FINE)
                .map(move |i| a + (b - a) * i as f64 / FINE as f64)
                .map(|x| self.christoffel(x) * weight(x.clamp(low, high)))
                .fold(0.0, f64::max)
        };
        Ok(self.mass * SAFETY * SAFETY * marks.windows(2).map(between).fold(0.0, f64::max))
    }

    /// 1 / sum p_k(x)^2.
    fn christoffel(&self, x: f64) -> f64 {
        let (mut before, mut p, mut sum) = (0.0, 1.0, 1.0);
        for k in 0..self.alpha.len() - 1 {
            let lower = if k == 0 { 0.0 } else { self.beta[k - 1] * before };
            (before, p) = (p, ((x - self.alpha[k]) * p - lower) / self.beta[k]);
            sum += p * p;
        }
        1.0 / sum
    }
}
