//! The figures' queries of a report: one matrix, its best matches, its cosines, the looks of models, the lines of its losses, the rows of its table and
//! the words for a count.

pub(crate) mod best;
pub(crate) mod cosines;
pub(crate) mod layer_axis;
pub(crate) mod looks;
pub(crate) mod losses;
pub(crate) mod nearest;
pub(crate) mod rank_correlation;
pub(crate) mod readings;
pub(crate) mod subject;
pub(crate) mod table;
pub(crate) mod vectors_table;
pub(crate) mod words;
