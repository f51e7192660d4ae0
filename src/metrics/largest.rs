//! The largest singular value, before and after: the scale against which changes are held.

use super::{Bound, Measure, Of, Unit};

pub static LARGEST_BEFORE: Measure = Measure {
    id: "sigma-before",
    name: "σ₁ before",
    short: "σ1 before",
    about: "The largest singular value of the pre-trained matrix",
    source: "singular value decomposition",
    unit: Unit::Decimals(2),
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(|matrix, _| first(&matrix.sigma_base).into()),
    python: "def sigma_before(W0, W):\n    return torch.linalg.svdvals(W0)[0].item()\n",
};

pub static LARGEST_AFTER: Measure = Measure {
    id: "sigma-after",
    name: "σ₁ after",
    short: "σ1 after",
    about: "The largest singular value of the fine-tuned matrix",
    of: Of::Matrix(|matrix, _| first(&matrix.sigma_tuned).into()),
    python: "def sigma_after(W0, W):\n    return torch.linalg.svdvals(W)[0].item()\n",
    ..LARGEST_BEFORE
};

/// The first of a descending list.
pub fn first(sigma: &[f32]) -> Option<f64> {
    sigma.first().map(|s| f64::from(*s))
}
