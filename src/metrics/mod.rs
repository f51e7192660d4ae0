//! Numbers over spectra: one idea per file, pure functions, each with its source; and the list of those that are measures of a matrix.

pub mod best_match;
pub mod bulk;
pub mod change_ratio;
pub mod effective_rank;
pub mod frobenius;
pub mod intruder;
pub mod intruder_energy;
pub mod largest;
pub mod measure;
pub mod participation_ratio;
pub mod random_match;
pub mod rounding;
pub mod sphere;
pub mod stable_rank;
pub mod threshold_margin;
pub mod tied;
pub mod tracks;
pub mod vector;
pub mod weakest_match;

pub use measure::{Bound, Measure, Measured, Of, Spectrum, Unit};

/// Every measure of a matrix, in the order of the page's tables. The tables, their files, the sort keys, the numbers that a report keeps
/// of a change and the key of stored results read this list.
pub static MEASURES: &[&Measure] = &[
    &intruder::INTRUDERS,
    &rounding::ROUNDED_COUNT,
    &weakest_match::WEAKEST_MATCH,
    &effective_rank::EFFECTIVE_RANK,
    &stable_rank::STABLE_RANK,
    &participation_ratio::PARTICIPATION_RATIO,
    &frobenius::FROBENIUS,
    &largest::LARGEST_BEFORE,
    &largest::LARGEST_AFTER,
    &change_ratio::CHANGE_RATIO,
    &threshold_margin::THRESHOLD_MARGIN,
    &intruder_energy::INTRUDER_ENERGY,
    &tied::TIED_ANGLE,
    #[cfg(all(test, feature = "engine"))]
    &crate::recipes::TOY_MEASURE,
];

/// The measures in force.
pub fn measures() -> impl Iterator<Item = &'static Measure> {
    MEASURES.iter().copied()
}

/// The measure of that id.
pub fn measure(id: &str) -> Option<&'static Measure> {
    measures().find(|m| m.id == id)
}
