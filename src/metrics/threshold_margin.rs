//! The margin to the threshold: the strength of a change against the least at which a generic new direction would be among the k strongest.
//!
//! A direction of strength theta lands where D(z) = 1 / theta^2, by the transform D of the [bulk](super::bulk). It is among the k strongest from
//! z = sigma_k on, so theta*_k = D(sigma_k)^(-1/2), with the k strongest left out of the sums: they are no part of the bulk.
//!
//! A yardstick, necessary and not sufficient: below 1 a generic direction makes no intruder; a trained change leans on the directions of W0 and
//! may make none above it.

use super::bulk::Bulk;
use super::change_ratio::strength;
use super::{Bound, Measure, Measured, Of, Unit};
use crate::report::{Matrix, Mode};

pub static THRESHOLD_MARGIN: Measure = Measure {
    id: "threshold-margin",
    name: "Margin to the threshold",
    short: "σ1 of ΔW / θ*",
    about: "σ₁(ΔW) / θ*ₖ: the strongest direction of the change against the strength at which a generic one enters the k strongest. A yardstick: \
            below 1 a generic direction makes no intruder, above 1 it may",
    source: "Benaych-Georges and Nadakuditi 2012",
    unit: Unit::Decimals(2),
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(|matrix, settings| margin(matrix, settings.k)),
    python: PYTHON,
};

const PYTHON: &str = "\
def threshold_margin(W0, W):
    k, (m, n) = {k}, sorted(W0.shape)
    sigma = torch.linalg.svdvals(W0)
    if k >= m or sigma[k - 1] == 0:
        return None
    z, bulk = sigma[k - 1], sigma[k:]
    total = (z / (z**2 - bulk**2)).sum()
    D = total / m * (total + (n - m) / z) / n
    return (torch.linalg.svdvals(W - W0)[0] * D**0.5).item()
";

fn margin(matrix: &Matrix, k: u32) -> Measured {
    let Some(delta) = &matrix.delta else {
        return Measured::Nothing;
    };
    let Some(bulk) = Bulk::of(matrix, k) else {
        // Certified mode of before it kept the bulk, or a window longer than what it settled.
        let is_whole = matrix.sigma_base.len() >= matrix.rows.min(matrix.cols) as usize;
        return if matrix.mode == Some(Mode::Certified) && !is_whole {
            Measured::NeedsExact
        } else {
            Measured::Nothing
        };
    };
    match bulk.threshold() {
        None => Measured::Nothing,
        Some((theta, 0.0)) => Measured::Exactly(strength(delta) / theta),
        Some((theta, error)) => Measured::About(strength(delta) / theta, error),
    }
}

/// theta*_k of a matrix with these singular values, descending. None where the window holds all of them, or the k-th is zero.
pub fn threshold(sigma: &[f32], shape: (u32, u32), k: u32) -> Option<f64> {
    Some(Bulk::whole(sigma, shape, k)?.threshold()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The singular values of a large square matrix of independent numbers of variance 1/n: the quantiles of the quarter circle on [0, 2].
    fn quarter_circle(n: usize) -> Vec<f32> {
        let below = |x: f64| (0.5 * x * (4.0 - x * x).sqrt() + 2.0 * (0.5 * x).asin()) / std::f64::consts::PI;
        let quantile = |p: f64| {
            let (mut low, mut high) = (0.0, 2.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if below(middle) < p {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            low
        };
        (0..n)
            .rev()
            .map(|i| quantile((i as f64 + 0.5) / n as f64) as f32)
            .collect()
    }

    #[test]
    fn a_spike_in_noise_is_where_theory_says() {
        // Square noise: a spike of strength theta stands at (1 + theta^2) / theta, so it reaches z from theta = (z + sqrt(z^2 - 4)) / 2 on.
        let noise = quarter_circle(2000);
        for z in [2.1f32, 2.6, 4.0] {
            let mut sigma = vec![z];
            sigma.extend(&noise);
            let found = threshold(&sigma, (2001, 2001), 1).unwrap();
            let z = f64::from(z);
            let closed = 0.5 * (z + (z * z - 4.0).sqrt());
            assert!((found / closed - 1.0).abs() < 0.01, "z = {z}: {found} against {closed}");
        }
    }

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!(threshold(&[0.0; 4], (4, 4), 2), None);
        assert_eq!(threshold(&[1.0; 4], (4, 4), 4), None, "the window holds all");
        assert_eq!(threshold(&[1.0; 4], (4, 4), 9), None);
        // Ties at the window's end: any direction enters.
        assert_eq!(threshold(&[1.0; 4], (4, 4), 2), Some(0.0));
        // Rank one beside nothing: three quarters of a direction lie outside the window, on both sides.
        let alone = threshold(&[3.0, 0.0, 0.0, 0.0], (4, 4), 1).unwrap();
        assert!((alone - 4.0).abs() < 1e-9);
        let [one, ten] = [1.0, 10.0].map(|c| threshold(&[5.0, 4.0, 2.0, 1.0].map(|s: f32| s * c), (4, 6), 2).unwrap());
        assert!((ten / one - 10.0).abs() < 1e-6);
    }
}
