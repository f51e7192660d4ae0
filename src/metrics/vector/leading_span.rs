//! The energy of a tuned vector inside the span of the base's k strongest: sum of cos^2 over the first k. It does not change when those turn
//! among themselves.

use super::VectorMeasure;
use super::known::Known;
use super::outside;
use crate::metrics::{Measured, Unit};

pub static LEADING_SPAN: VectorMeasure = VectorMeasure {
    name: "in leading span",
    short: "in the base’s k strongest",
    about: "Σ cos² over the base’s k strongest vectors: invariant under rotations within their span",
    source: "the definition",
    unit: Unit::Percent,
    bounded: true,
    tells: |_| true,
    of: |vector| {
        let (k, n) = (vector.settings.k as usize, vector.count());
        match &vector.known {
            Known::Itself => Measured::Exactly(f64::from(vector.j < k)),
            // All base vectors: what is not outside.
            Known::Summed(..) if k >= n => outside::share(vector).map(|out| 1.0 - out).into(),
            Known::Whole(cosines) | Known::Summed(_, cosines) => {
                let first = cosines.get(..k.min(n));
                first
                    .map(|first| first.iter().map(|c| c * c).sum::<f64>().min(1.0))
                    .into()
            }
            Known::Bounded(_) if k >= n && vector.is_spanned() => Measured::Exactly(1.0),
            Known::Bounded(bounds) => {
                let (low, high) = bounds.first(k);
                Measured::Between(low, high)
            }
        }
    },
    random: |vector| {
        let d = vector.dimension();
        (d > 0).then(|| vector.count().min(vector.settings.k as usize) as f64 / d as f64)
    },
    place: |_| None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::{exact, read};
    use super::*;

    #[test]
    fn shares_add_up_and_do_not_change_when_the_base_turns() {
        let c = [0.5f32, 0.5, 0.1, 0.7];
        // The first two turned by 0.6 radians.
        let (sin, cos) = 0.6f32.sin_cos();
        let turned = [cos * c[0] - sin * c[1], sin * c[0] + cos * c[1], c[2], c[3]];
        let m = exact((4, 4), &[&c, &turned], &[2.0, 2.0, 1.0, 0.5]);
        let of = |k, j| read(&m, k, j, "in leading span").value().unwrap();
        assert!((of(2, 0) - 0.5).abs() < 1e-6 && (of(2, 0) - of(2, 1)).abs() < 1e-6);
        assert!((of(1, 0) - 0.25).abs() < 1e-6 && (of(9, 0) - 1.0).abs() < 1e-6);
        let mut m = exact((40, 40), &[&[0.158_113_88; 40]], &[1.0; 40]);
        assert!((read(&m, 32, 0, "in leading span").value().unwrap() - 0.8).abs() < 1e-5);
        assert_eq!(
            read(&m, 33, 0, "in leading span"),
            Measured::Nothing,
            "past the corner that is kept"
        );
        m.similarity = None;
        assert_eq!(read(&m, 1, 0, "in leading span"), Measured::Nothing);
    }
}
