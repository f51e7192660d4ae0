//! Pen and paper of all figures: marks, axes, colours and the placement of labels. It knows no report, but the look of a model's line.

pub(crate) mod cells;
pub(crate) mod color;
pub(crate) mod empty;
pub(crate) mod frame;
pub(crate) mod labels;
pub(crate) mod legend;
pub(crate) mod pen;
pub(crate) mod raster;
pub(crate) mod scale;
pub(crate) mod spread;
pub mod style;
pub(crate) mod surface;
#[cfg(feature = "page")]
pub(crate) mod svg_image;
pub(crate) mod variable;
