//! The change ratio, sigma_1(dW) / sigma_1(W0): how strong a change is beside its base. Where it is below the gaps of the base's spectrum,
//! nothing can turn far (Wedin 1972).

use super::stable_rank::largest;
use super::{Bound, Measure, Of, Unit};
use crate::report::{Delta, Matrix};

pub static CHANGE_RATIO: Measure = Measure {
    id: "change-ratio",
    name: "σ₁(ΔW) / σ₁(W₀)",
    short: "σ1 of ΔW / σ1 of W0",
    about: "The largest singular value of the change against that of the base",
    source: "Wedin 1972",
    unit: Unit::Decimals(3),
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(|matrix, _| {
        let delta = matrix.delta.as_ref();
        delta.and_then(|delta| change_ratio(delta, &matrix.sigma_base)).into()
    }),
    python: PYTHON,
};

const PYTHON: &str = "\
def change_ratio(W0, W):
    return (torch.linalg.svdvals(W - W0)[0] / torch.linalg.svdvals(W0)[0]).item()
";

/// `base`: the singular values of W0, descending. None where they are not known or zero.
pub fn change_ratio(delta: &Delta, base: &[f32]) -> Option<f64> {
    let base = base.first().copied().map(f64::from).filter(|s| *s > 0.0)?;
    Some(strength(delta) / base)
}

/// sigma_1(dW). Where only estimates were made, they hold it.
pub fn strength(delta: &Delta) -> f64 {
    let known = delta.sigma.first().map(|s| f64::from(*s));
    known.unwrap_or_else(|| largest(delta.frobenius, delta.stable_rank))
}

/// The mean over matrices that were changed; none where there are none.
pub fn mean(matrices: &[Matrix]) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for matrix in matrices {
        let own = matrix
            .delta
            .as_ref()
            .and_then(|delta| change_ratio(delta, &matrix.sigma_base));
        if let Some(own) = own.filter(|own| own.is_finite()) {
            sum += own;
            n += 1.0;
        }
    }
    (n > 0.0).then(|| sum / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Spectrum;
    use crate::metrics::measure::of_change;

    fn delta(sigma: &[f32]) -> Delta {
        Delta {
            sigma: sigma.to_vec(),
            ..of_change(&Spectrum::Whole(sigma))
        }
    }

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!(change_ratio(&delta(&[0.0, 0.0]), &[2.0, 1.0]), Some(0.0));
        assert_eq!(change_ratio(&delta(&[]), &[2.0]), Some(0.0));
        assert_eq!(change_ratio(&delta(&[1.0; 3]), &[1.0; 3]), Some(1.0));
        assert_eq!(change_ratio(&delta(&[3.0, 0.0]), &[6.0, 5.0]), Some(0.5));
        assert_eq!(
            (change_ratio(&delta(&[1.0]), &[0.0]), change_ratio(&delta(&[1.0]), &[])),
            (None, None)
        );
    }

    #[test]
    fn estimates_give_what_the_values_give() {
        let known = delta(&[3.0, 2.0, 0.5]);
        let estimated = Delta {
            sigma: Vec::new(),
            ..known.clone()
        };
        let [known, estimated] = [known, estimated].map(|d| change_ratio(&d, &[12.0]).unwrap());
        assert!((known - 0.25).abs() < 1e-12 && (estimated - known).abs() < 1e-12);
    }
}
