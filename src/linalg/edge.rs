//! An upper edge of the spectrum of B = P A P, where A = W W^T and P takes known vectors out.
//!
//! Let (x, u) be B's largest eigenpair and omega a start that is normal and independent of B: <omega, u> is standard normal, so the
//! chance that |<omega, u>| <= s is below 0.8 s, and for four independent starts below (0.8 s)^4 = 4.1e-13 with s = 1e-3. Lanczos from omega
//! on the other hand bounds |<omega, u>| for every x above its largest Ritz value nu: there inequality (1) of the
//! [certificate](super::certificate) with the least z is, by (2),
//!
//! ```text
//! |<omega, u>| <= rho / sqrt(p_0(x)^2 + ... + p_m(x)^2) + (|s| + sqrt(m) e) rho / (x - nu)                                            (3)
//! ```
//!
//! (the residual of the least z is rho p_0 p(x) / |p(x)|^2, so that |zeta| <= rho / (x - nu)). Both terms fall with x, since no p_k has a
//! zero above nu. So where (3) is below s for all four starts at one x, B's largest eigenvalue is below that x, but for one chance
//! in 2.4e12. (Kuczynski and Wozniakowski, 1992, bound the same chance before the run; this is what the run itself says.)
//!
//! With q vectors taken out, the q + 1st eigenvalue of A is at most B's largest (Courant and Fischer).

use super::NoConvergence;
use super::lanczos::{Lanczos, Run};
use super::operator::Operator;
use super::orthonormal::random;
use super::tridiagonal::eigenvalues;
use nalgebra::DMatrix;

/// Independent starts, and the overlap s that all four miss once in 2.4e12.
const STARTS: usize = 4;
const OVERLAP: f64 = 1e-3;
/// The edge is given to this part of itself.
const FINE: f64 = 1e-3;

/// Runs from random starts beside known vectors.
pub struct Edge<'a> {
    lanczos: Lanczos<'a, f64>,
    rounding: f64,
}

impl<'a> Edge<'a> {
    /// `known`: orthonormal. `seed` must be one that the known vectors do not depend on. `rounding` of the operator's products.
    pub fn new(w: Operator<'a>, known: &'a DMatrix<f64>, seed: u64, rounding: f64) -> Edge<'a> {
        let mut starts = random(w.rows(), STARTS, seed).map(f64::from);
        for _ in 0..2 {
            starts -= known * known.tr_mul(&starts);
        }
        Edge {
            lanczos: Lanczos::new(w, &starts, known),
            rounding,
        }
    }

    pub fn step(&mut self) {
        self.lanczos.step();
    }

    /// The steps after which every run has closed.
    pub fn room(&self) -> usize {
        self.lanczos.room()
    }

    pub fn is_closed(&self) -> bool {
        self.lanczos.runs.iter().all(Run::is_closed)
    }

    /// The least Ritz value seen, infinity where there is none: no proof, but where the smallest eigenvalue may be.
    pub fn least(&self) -> Result<f64, NoConvergence> {
        let mut least = f64::INFINITY;
        for run in &self.lanczos.runs {
            // A node without weight is rounding.
            least = run
                .quadrature()?
                .iter()
                .filter(|n| n.1 > 1e-12)
                .map(|n| n.0)
                .fold(least, f64::min);
        }
        Ok(least.max(0.0))
    }

    /// No eigenvalue of B lies above the second number; the first is the largest Ritz value, below which it cannot come.
    pub fn above(&self) -> Result<(f64, f64), NoConvergence> {
        let mut both = (0.0f64, 0.0f64);
        for run in &self.lanczos.runs {
            let (largest, edge) = self.of(run)?;
            both = (both.0.max(largest), both.1.max(edge));
        }
        Ok(both)
    }

    fn of(&self, run: &Run) -> Result<(f64, f64), NoConvergence> {
        if run.length == 0.0 {
            return Ok((0.0, 0.0));
        }
        let m = run.alpha.len();
        if m == 0 {
            return Ok((0.0, f64::INFINITY));
        }
        let largest = eigenvalues(&run.alpha, &run.beta[..m - 1])?[0].max(f64::MIN_POSITIVE);
        let noise = run.over.iter().map(|s| s * s).sum::<f64>().sqrt() + (m as f64).sqrt() * self.rounding;
        let small = |x: f64| {
            run.length * (1.0 / inverse_christoffel(run, x)).sqrt() + noise * run.length / (x - largest) <= OVERLAP
        };
        let (mut low, mut high) = (largest * (1.0 + 1e-12), largest * 2.0);
        let mut tries = 0;
        while !small(high) {
            high *= 2.0;
            tries += 1;
            if tries > 60 {
                return Ok((largest, f64::INFINITY));
            }
        }
        while high - low > FINE * low {
            let middle = 0.5 * (low + high);
            if small(middle) { high = middle } else { low = middle }
        }
        Ok((largest, high))
    }
}

/// sum_{k <= m} p_k(x)^2, above the largest Ritz value, where all terms grow.
fn inverse_christoffel(run: &Run, x: f64) -> f64 {
    let (mut before, mut p, mut sum) = (0.0, 1.0, 1.0);
    for k in 0..run.alpha.len() {
        let lower = if k == 0 { 0.0 } else { run.beta[k - 1] * before };
        let next = ((x - run.alpha[k]) * p - lower) / run.beta[k].max(f64::MIN_POSITIVE);
        (before, p) = (p, next);
        sum += p * p;
        if !sum.is_finite() {
            return f64::MAX;
        }
    }
    sum
}
