//! The effective rank of a large dense change without its spectrum: stochastic Lanczos quadrature (Ubaru, Chen, Saad 2017).

use super::NoConvergence;
use super::lanczos::{Lanczos, Run};
use super::orthonormal::random;
use super::view::View;
use nalgebra::DMatrix;

/// Random probes and Lanczos steps: a relative standard error below 1 % for matrices of thousands.
const PROBES: usize = 12;
const STEPS: usize = 32;

/// The singular values of a matrix as a measure: nodes and how many values each stands for, one list per probe.
pub struct Estimate {
    probes: Vec<Vec<(f64, f64)>>,
}

/// Estimates the singular values of `w`.
pub fn estimate(w: View) -> Result<Estimate, NoConvergence> {
    let w = if w.rows() > w.cols() { w.t() } else { w };
    let none = DMatrix::zeros(w.rows(), 0);
    let mut lanczos: Lanczos<f32> = Lanczos::new(w, &random(w.rows(), PROBES, 3).map(f64::from), &none);
    for _ in 0..STEPS {
        lanczos.step();
    }
    let count = w.rows() as f64;
    let probe = |run: &Run| -> Result<Vec<(f64, f64)>, NoConvergence> {
        Ok(run
            .quadrature()?
            .into_iter()
            .map(|(x, weight)| (x.max(0.0).sqrt(), weight * count))
            .collect())
    };
    Ok(Estimate {
        probes: lanczos.runs.iter().map(probe).collect::<Result<_, _>>()?,
    })
}

impl Estimate {
    /// exp(-sum p ln p) over the values above `floor`, and its relative standard error over the probes.
    pub fn effective_rank(&self, floor: f64) -> (f64, f64) {
        let each: Vec<f64> = self
            .probes
            .iter()
            .map(|p| entropy(std::slice::from_ref(p), floor))
            .collect();
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        let variance = each.iter().map(|h| (h - mean).powi(2)).sum::<f64>() / (each.len().max(2) - 1) as f64;
        (
            entropy(&self.probes, floor).exp(),
            (variance / each.len() as f64).sqrt(),
        )
    }

    /// The number of values above `sigma`.
    pub fn above(&self, sigma: f64) -> f64 {
        let all: f64 = self
            .probes
            .iter()
            .flatten()
            .filter(|(s, _)| *s > sigma)
            .map(|(_, w)| w)
            .sum();
        all / self.probes.len() as f64
    }

    pub fn largest(&self) -> f64 {
        self.probes.iter().flatten().map(|(s, _)| *s).fold(0.0, f64::max)
    }
}

/// -sum p ln p with p = sigma / sum sigma, as ln S - (sum sigma ln sigma) / S.
fn entropy(probes: &[Vec<(f64, f64)>], floor: f64) -> f64 {
    let share = 1.0 / probes.len() as f64;
    let (mut sum, mut logs) = (0.0, 0.0);
    for (s, weight) in probes.iter().flatten().filter(|(s, _)| *s > floor) {
        sum += share * weight * s;
        logs += share * weight * s * s.ln();
    }
    if sum > 0.0 { sum.ln() - logs / sum } else { 0.0 }
}
