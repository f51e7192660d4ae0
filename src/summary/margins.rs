//! The matrices on either side of the threshold, and how many of them have an intruder: a prediction held against the truth.

use crate::metrics::Measured;
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::threshold_margin::THRESHOLD_MARGIN;
use crate::report::{Matrix, Settings};

/// Matrices on one side of the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Side {
    pub all: u32,
    /// With a certain intruder.
    pub new: u32,
    /// Without a certain one, but with undecided vectors.
    pub open: u32,
}

/// Both sides of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sides {
    pub below: Side,
    pub above: Side,
}

impl Sides {
    /// Those that were changed and compared, and whose margin is known.
    pub fn of<'a>(matrices: impl Iterator<Item = &'a Matrix>, settings: &Settings) -> Sides {
        let mut sides = Sides::default();
        for matrix in matrices {
            let margin = known(matrix, settings);
            let (Some(margin), Measured::Counted(new, open)) = (margin, INTRUDERS.read(matrix, settings)) else {
                continue;
            };
            let side = if margin < 1.0 {
                &mut sides.below
            } else {
                &mut sides.above
            };
            side.all += 1;
            side.new += u32::from(new > 0);
            side.open += u32::from(new == 0 && open > 0);
        }
        sides
    }
}

/// The margin of a matrix that was changed; None where nothing changed or it is not known.
pub fn known(matrix: &Matrix, settings: &Settings) -> Option<f64> {
    THRESHOLD_MARGIN
        .read(matrix, settings)
        .value()
        .filter(|margin| *margin > 0.0)
}
