//! Stable rank (Rudelson and Vershynin 2007), ||dW||_F^2 / sigma_1^2: how many directions of the largest size would make the norm.

use super::{Bound, Measure, Measured, Of, Spectrum, Unit};

pub static STABLE_RANK: Measure = Measure {
    id: "stable-rank",
    name: "Stable rank of ΔW",
    short: "stable rank",
    about: "‖ΔW‖² / σ₁², how many directions of the largest size would make its norm",
    source: "Rudelson and Vershynin 2007",
    unit: Unit::Decimals(1),
    in_table: false,
    rising: false,
    bound: Bound::Rank,
    of: Of::Change(|spectrum| {
        Measured::Exactly(match *spectrum {
            Spectrum::Whole(sigma) => stable_rank(sigma),
            Spectrum::Estimated { squares, largest, .. } => squares / largest.powi(2).max(f64::MIN_POSITIVE),
        })
    }),
    python: PYTHON,
};

const PYTHON: &str = "\
def stable_rank(W0, W):
    sigma = torch.linalg.svdvals(W - W0)
    return (sigma**2).sum().div(sigma[0] ** 2).item()
";

/// ||M||_F^2 / sigma_1^2; 0 for a zero matrix. `sigma` descends.
pub fn stable_rank(sigma: &[f32]) -> f64 {
    match sigma.first() {
        Some(first) if *first > 0.0 => sigma.iter().map(|s| (f64::from(*s) / f64::from(*first)).powi(2)).sum(),
        _ => 0.0,
    }
}

/// The largest singular value from the other two numbers: sigma_1 = ||M||_F / sqrt(stable rank); 0 for a zero matrix.
pub fn largest(frobenius: f64, stable_rank: f64) -> f64 {
    if stable_rank > 0.0 {
        frobenius / stable_rank.sqrt()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::frobenius::frobenius;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!((stable_rank(&[]), stable_rank(&[0.0])), (0.0, 0.0));
        assert!((stable_rank(&[1e-30; 5]) - 5.0).abs() < 1e-9);
        assert_eq!(stable_rank(&[4.0, 0.0]), 1.0);
        assert_eq!(largest(0.0, 0.0), 0.0);
        assert!((largest(frobenius(&[4.0, 3.0]), stable_rank(&[4.0, 3.0])) - 4.0).abs() < 1e-12);
    }
}
