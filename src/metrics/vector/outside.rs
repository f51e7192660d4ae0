//! The share of a tuned vector outside of the span of the base's thin vectors, 1 - sum of cos^2: no base vector can resemble it. On the side where
//! the n vectors are a basis it is zero.

use super::known::Known;
use super::{Vector, VectorMeasure};
use crate::metrics::{Measured, Unit};

pub static OUTSIDE: VectorMeasure = VectorMeasure {
    name: "outside span",
    short: "outside the base’s span",
    about: "1 − Σ cos² over all base vectors: zero where they are a basis (a square matrix, or the short side)",
    source: "the definition",
    unit: Unit::Percent,
    bounded: true,
    tells: |vector| !vector.is_spanned(),
    of: |vector| match &vector.known {
        Known::Bounded(bounds) if !vector.is_spanned() => Measured::Between(0.0, 1.0 - bounds.first(bounds.reach()).0),
        _ => share(vector).into(),
    },
    random: |vector| {
        let d = vector.dimension();
        (d > 0 && !vector.is_spanned()).then(|| 1.0 - vector.count() as f64 / d as f64)
    },
    place: |_| None,
};

/// None where it is not known exactly.
pub(super) fn share(vector: &Vector) -> Option<f64> {
    match &vector.known {
        Known::Itself => Some(0.0),
        _ if vector.is_spanned() => Some(0.0),
        Known::Whole(cosines) => Some((1.0 - cosines.iter().map(|c| c * c).sum::<f64>()).clamp(0.0, 1.0)),
        Known::Summed(makeup, _) => (*makeup)?.outside.get(vector.j).map(|share| f64::from(*share)),
        Known::Bounded(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{exact, read};
    use super::*;

    #[test]
    fn a_basis_leaves_nothing_outside() {
        let (sigma, columns): ([f32; 2], [&[f32]; 3]) = ([2.0, 1.0], [&[0.6, 0.0], &[0.0, 0.0], &[0.8, 0.6]]);
        let tall = exact((5, 2), &columns, &sigma);
        let of = |j| read(&tall, 1, j, "outside span").value();
        assert!((of(0).unwrap() - 0.64).abs() < 1e-6 && of(1) == Some(1.0));
        // The tall one has two vectors on either side.
        assert_eq!(of(2), None);
        assert_eq!(
            read(&exact((2, 5), &columns, &sigma), 1, 0, "outside span"),
            Measured::Exactly(0.0)
        );
    }
}
