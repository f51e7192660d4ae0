//! The weakest of the best matches that are looked at: below epsilon there is an intruder, and how far below says how new it is.

use super::intruder::Intervals;
use super::{Bound, Measure, Measured, Of, Unit};
use crate::report::{Matrix, Settings};

pub static WEAKEST_MATCH: Measure = Measure {
    id: "weakest-match",
    name: "Weakest match",
    short: "weakest match",
    about: "The smallest best match among the vectors looked at",
    source: "Shuttleworth et al. 2024, Fig. 4",
    unit: Unit::Decimals(2),
    in_table: false,
    rising: true,
    bound: Bound::None,
    of: Of::Matrix(weakest_match),
    python: PYTHON,
};

const PYTHON: &str = "\
def weakest_match(W0, W, k={k}):
    svd0, svd = (torch.linalg.svd(w, full_matrices=False) for w in (W0, W))
    best = {best}
    return best[:k].min().item()
";

fn weakest_match(matrix: &Matrix, settings: &Settings) -> Measured {
    let mut found = None;
    if let Some(all) = Intervals::of(matrix, settings.into()) {
        all.each(settings.k, |own| {
            found = Some(found.map_or(own, |before| weaker(before, own)));
        });
    }
    found.map_or(Measured::Nothing, |(low, high)| {
        Measured::Between(low.into(), high.into())
    })
}

/// The interval of the smallest of some matches; none where there are no matches.
pub fn weakest(window: impl Iterator<Item = (f32, f32)>) -> Option<(f64, f64)> {
    window.reduce(weaker).map(|(low, high)| (low.into(), high.into()))
}

/// The interval of the smaller of two matches.
pub fn weaker(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    let least = |a: f32, b: f32| if b.total_cmp(&a).is_lt() { b } else { a };
    (least(a.0, b.0), least(a.1, b.1))
}
