//! Counts over the windows of one model: the first k vectors of the chosen side of every matrix, in one pass, since a slider asks with every
//! step.

use crate::metrics::intruder::{Interval, Intervals, undecided};
use crate::metrics::weakest_match::weaker;
use crate::report::{Model, Settings, Status};

/// Epsilon, and what a reading compares it with: as they are printed, with two decimals.
pub(super) fn thresholds(epsilon: f64) -> [f64; 3] {
    let printed = |x: f64| (100.0 * x).round() / 100.0;
    [
        epsilon,
        printed(epsilon - 0.2).max(0.0),
        printed(epsilon + 0.2).min(1.0),
    ]
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The matrices in the counts: analyzed or unchanged.
    pub matrices: u32,
    pub unchanged: u32,
    pub failed: u32,
    pub with_any: u32,
    /// The most that could be counted.
    pub possible: u32,
    /// Strictly below each of the thresholds.
    pub below: [u32; 3],
    /// Vectors whose verdict is open.
    pub undecided: u32,
    /// The smallest of the lower and of the upper ends.
    pub weakest: Option<Interval>,
}

impl Seen {
    pub fn of(model: &Model, settings: &Settings) -> Seen {
        let mut seen = Seen::default();
        let thresholds = thresholds(settings.epsilon);
        for matrix in &model.matrices {
            seen.unchanged += u32::from(matrix.status == Status::Unchanged);
            seen.failed += u32::from(matrix.status == Status::Failed);
            seen.undecided += undecided(matrix, settings.into(), settings.k, settings.epsilon);
            if let Some(window) = Intervals::of(matrix, settings.into()) {
                seen.take(window, settings.k, thresholds);
            }
        }
        seen
    }

    fn take(&mut self, window: Intervals, k: u32, thresholds: [f64; 3]) {
        let before = self.below[0];
        window.each(k, |(low, high)| {
            self.possible += 1;
            for (count, threshold) in self.below.iter_mut().zip(thresholds) {
                *count += u32::from(f64::from(high) < threshold);
            }
            // A value that is not finite is nobody's weakest match.
            if low.is_finite() && high.is_finite() {
                self.weakest = Some(self.weakest.map_or((low, high), |before| weaker(before, (low, high))));
            }
        });
        self.matrices += 1;
        self.with_any += u32::from(self.below[0] > before);
    }
}
