//! The spread of a tuned vector: over how many base vectors it lies, 1 / sum_i cos^4. A copy of one has 1, an even mixture of m has m.
//!
//! What lies outside of the base vectors' span meets none of them and adds nothing to the sum: a vector half outside, whose inner half is an
//! even mixture of m, has 4 m. The share outside stands beside it.

use super::known::Bounds;
use super::known::Known;
use super::{Vector, VectorMeasure};
use crate::metrics::{Measured, Unit};

pub static SPREAD: VectorMeasure = VectorMeasure {
    name: "spread",
    short: "spread over",
    about: "1 / Σᵢ cos⁴ over all base vectors: 1 for a copy of one, m for an even mixture of m. What lies outside of their span adds nothing to the sum",
    source: "the inverse participation ratio; Bell and Dean 1970",
    unit: Unit::Decimals(1),
    bounded: true,
    tells: |_| true,
    of: |vector| match &vector.known {
        Known::Itself => Measured::Exactly(1.0),
        Known::Whole(cosines) => spread(cosines.iter().copied()).into(),
        Known::Summed(makeup, _) => {
            let kept = makeup.and_then(|makeup| makeup.spread.get(vector.j));
            kept.map(|spread| f64::from(*spread))
                .filter(|spread| *spread <= MOST)
                .into()
        }
        Known::Bounded(bounds) => bounded(vector, bounds),
    },
    // E cos^4 = 3 / d (d + 2) for every one of n.
    random: |vector| {
        let (n, d) = (vector.count() as f64, vector.dimension() as f64);
        (n > 0.0).then(|| d * (d + 2.0) / (3.0 * n))
    },
    place: |_| None,
};

/// Larger ones are the rounding of a vector that meets no base vector.
const MOST: f64 = 1e9;
/// Stands in a report for such a vector.
pub const NONE: f32 = 1e10;

/// None of a vector that is orthogonal to all of them, to rounding.
pub fn spread(cosines: impl Iterator<Item = f64>) -> Option<f64> {
    let fourth: f64 = cosines.map(|c| c.powi(4)).sum();
    Some(1.0 / fourth).filter(|spread| *spread <= MOST)
}

/// The sum of squares of shares that add up to an energy lies between energy^2 / their number and energy times the largest.
fn bounded(vector: &Vector, bounds: &Bounds) -> Measured {
    let (n, largest) = (vector.count(), bounds.most * bounds.most);
    let (mut low, mut high) = (0.0, 0.0);
    for pair in bounds.spans.windows(2) {
        let (from, to) = (pair[0].0, pair[1].0);
        let (least, most) = bounds.between(from, to);
        low += least * least / (to - from) as f64;
        high += most * most.min(largest);
    }
    let (before, after) = bounds.first(bounds.reach());
    let rest = 1.0 - before;
    high += rest * rest.min(largest);
    if vector.is_spanned() {
        let (rest, others) = ((1.0 - after).max(0.0), n.saturating_sub(bounds.reach()));
        if others > 0 {
            low += rest * rest / others as f64;
        }
        low = low.max(1.0 / n.max(1) as f64);
    }
    let low = low.max(bounds.least.powi(4)).min(1.0);
    // All energies together are 1 at most.
    let high = high.min(largest).max(low);
    Measured::Between(1.0 / high, if low > 0.0 { 1.0 / low } else { f64::INFINITY })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{exact, read};
    use super::*;

    #[test]
    fn a_copy_has_one_and_an_even_mixture_as_many() {
        let sigma = [4.0, 3.0, 2.0, 1.0];
        let half = 0.5f32.sqrt();
        let m = exact(
            (4, 4),
            &[&[0.0, 1.0, 0.0, 0.0], &[half, 0.0, half, 0.0], &[0.5; 4]],
            &sigma,
        );
        for (j, wanted) in [1.0, 2.0, 4.0].into_iter().enumerate() {
            assert!((read(&m, 2, j, "spread").value().unwrap() - wanted).abs() < 1e-5);
        }
        // Half of it is outside of the span.
        let m = exact((9, 4), &[&[0.5, 0.5, 0.0, 0.0], &[0.0; 4]], &sigma);
        assert!((read(&m, 2, 0, "spread").value().unwrap() - 8.0).abs() < 1e-5);
        assert_eq!(read(&m, 2, 1, "spread"), Measured::Nothing, "it meets no base vector");
    }

    #[test]
    fn neither_order_nor_sign_matters() {
        let one = spread([0.1, -0.7, 0.3].into_iter()).unwrap();
        assert_eq!(
            spread([0.7, 0.3, 0.1].into_iter()).map(|s| (s - one).abs() < 1e-12),
            Some(true)
        );
    }
}
