//! The null distribution: what a direction that knows nothing of a matrix's base would score.

use crate::metrics::intruder::Rule;
use crate::metrics::random_match::{NullBand, random_match};
use crate::report::{Matrix, Side};

/// The best match of random vectors of a matrix `[rows, cols]`, whose n = min(rows, cols) base vectors live in R^rows (left) or
/// R^cols (right). For both sides, the larger of two independent ones. None for an empty matrix.
pub fn null_band(matrix: &Matrix, rule: Rule) -> Option<NullBand> {
    let dimensions: &[u32] = match rule.side {
        Side::Left => &[matrix.rows],
        Side::Right => &[matrix.cols],
        Side::Both => &[matrix.rows, matrix.cols],
    };
    random_match(matrix.rows.min(matrix.cols), dimensions, rule.cosine)
}
