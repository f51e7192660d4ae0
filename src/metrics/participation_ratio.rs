//! The participation ratio of the change: over how many directions its energy is spread, (Σ σ²)² / Σ σ⁴ of ΔW = W − W₀.
//!
//! The number of participating modes of a vector of energies (Bell and Dean 1970): n for n equal singular values, 1 for rank one. Energies weigh
//! the strongest directions more than the entropy of the effective rank does.

use super::{Bound, Measure, Of, Unit};

pub static PARTICIPATION_RATIO: Measure = Measure {
    id: "participation-ratio",
    name: "Participation ratio of ΔW",
    short: "participation ratio",
    about: "(Σ σ²)² / Σ σ⁴ of the change: over how many directions its energy is spread",
    source: "Bell and Dean 1970",
    unit: Unit::Decimals(1),
    in_table: false,
    rising: false,
    bound: Bound::Rank,
    of: Of::Change(|spectrum| spectrum.of_all(participation_ratio)),
    python: PYTHON,
};

const PYTHON: &str = "\
def participation_ratio(W0, W):
    energy = torch.linalg.svdvals(W - W0) ** 2
    return (energy.sum() ** 2 / (energy ** 2).sum()).item() if energy.sum() > 0 else 0.0
";

/// `sigma`: the singular values of the change. 0 where nothing changed.
pub fn participation_ratio(sigma: &[f32]) -> f64 {
    let largest = sigma.iter().fold(0.0f64, |most, s| most.max(f64::from(*s)));
    if largest <= 0.0 {
        return 0.0;
    }
    // Against the largest: fourth powers of small values would vanish.
    let energies = sigma.iter().map(|s| (f64::from(*s) / largest).powi(2));
    let (sum, squares) = energies.fold((0.0, 0.0), |(sum, squares), e| (sum + e, squares + e * e));
    sum * sum / squares
}

#[cfg(test)]
mod tests {
    use super::participation_ratio;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!(participation_ratio(&[]), 0.0);
        assert_eq!(participation_ratio(&[0.0, 0.0]), 0.0);
        assert_eq!(participation_ratio(&[1.0; 7]), 7.0);
        assert_eq!(participation_ratio(&[5.0, 0.0, 0.0]), 1.0);
        let some = [3.0f32, 2.0, 0.5];
        let scaled = some.map(|s| s * 1e-12);
        assert!((participation_ratio(&some) - participation_ratio(&scaled)).abs() < 1e-6);
        // (9 + 4 + 1/4)^2 / (81 + 16 + 1/16)
        assert!((participation_ratio(&some) - 13.25f64.powi(2) / 97.0625).abs() < 1e-12);
    }
}
