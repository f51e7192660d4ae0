//! Report -> the numbers and sentences of the page's tables, for any settings, without computing spectra again.

mod apply;
mod findings;
mod tables;

pub use apply::apply;
pub use findings::{Findings, findings};
pub use tables::{MatrixCell, MatrixRow, ModelSummary, matrices, models};
