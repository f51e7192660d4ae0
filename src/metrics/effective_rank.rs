//! Effective rank (Roy and Vetterli 2007): exp of the entropy of the singular values' shares.

use super::{Bound, Measure, Measured, Of, Spectrum, Unit};

pub static EFFECTIVE_RANK: Measure = Measure {
    id: "effective-rank",
    name: "Effective rank of ΔW",
    short: "effective rank",
    about: "exp of the entropy of the singular values of ΔW",
    source: "Roy and Vetterli 2007; Shuttleworth et al. 2024, Fig. 6",
    unit: Unit::Decimals(1),
    in_table: true,
    rising: false,
    bound: Bound::Rank,
    of: Of::Change(|spectrum| match *spectrum {
        Spectrum::Whole(sigma) => Measured::Exactly(effective_rank(sigma)),
        Spectrum::Estimated {
            effective_rank: (rank, error),
            ..
        } => Measured::About(rank, error),
    }),
    python: PYTHON,
};

const PYTHON: &str = "\
def effective_rank(W0, W):
    sigma = torch.linalg.svdvals(W - W0)
    p = sigma / sigma.sum()
    p = p[p > 0]
    return torch.exp(-(p * p.log()).sum()).item()
";

/// exp(-sum p ln p) with p = sigma / sum sigma (the values themselves, not their squares); 0 for a zero matrix.
pub fn effective_rank(sigma: &[f32]) -> f64 {
    let total: f64 = sigma.iter().map(|s| f64::from(*s)).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let entropy: f64 = sigma
        .iter()
        .map(|s| f64::from(*s) / total)
        .filter(|p| *p > 0.0)
        .map(|p| -p * p.ln())
        .sum();
    entropy.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!(effective_rank(&[]), 0.0);
        assert_eq!(effective_rank(&[0.0, 0.0]), 0.0);
        assert!((effective_rank(&[2.0; 7]) - 7.0).abs() < 1e-12);
        assert!((effective_rank(&[3.0, 0.0, 0.0]) - 1.0).abs() < 1e-12);
        let spectrum = [5.0, 2.0, 1.0, 0.5];
        let scaled = spectrum.map(|s| s * 1e-20);
        assert!((effective_rank(&spectrum) - effective_rank(&scaled)).abs() < 1e-5);
    }

    #[test]
    fn shares_are_of_the_values_not_of_their_squares() {
        let p = [0.75f64, 0.25];
        let expected = (-p[0] * p[0].ln() - p[1] * p[1].ln()).exp();
        assert!((effective_rank(&[3.0, 1.0]) - expected).abs() < 1e-12);
    }
}
