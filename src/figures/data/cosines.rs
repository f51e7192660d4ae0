//! The cosine matrix C[i,j] = |u0_i . u_j| of the side that is shown, as far as it is known.

use super::best::thin;
use crate::metrics::vector;
use crate::report::{Cosine, Matrix, Side, Similarity, Status};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Map<'a> {
    Known(&'a Similarity),
    /// Each of n vectors against itself.
    Identity(usize),
    Nothing,
}

impl<'a> Map<'a> {
    /// "Both" shows the left vectors: there is no one map of two sides.
    pub fn of(matrix: Option<&'a Matrix>, side: Side) -> Map<'a> {
        let Some(m) = matrix else { return Map::Nothing };
        let known = match vector::maps(m, side) {
            (Some(own), Some(corner)) if own.rows < corner.rows || own.cols < corner.cols => Some(corner),
            (own, corner) => own.or(corner),
        };
        match (known, m.status) {
            (Some(s), _) => Map::Known(s),
            (None, Status::Unchanged) => Map::Identity(thin(m)),
            (None, _) => Map::Nothing,
        }
    }

    /// The map that knows most of fine-tuned vector j: all of its column, else a part.
    pub fn of_column(matrix: &'a Matrix, side: Side, j: usize) -> Map<'a> {
        if matrix.status == Status::Unchanged {
            return Map::Identity(thin(matrix));
        }
        vector::column(matrix, side, j).map_or(Map::Nothing, Map::Known)
    }

    /// Rows and columns; none where nothing is known.
    pub fn size(&self) -> Option<(usize, usize)> {
        match self {
            Map::Known(s) => Some((s.rows as usize, s.cols as usize)),
            Map::Identity(n) => Some((*n, *n)),
            Map::Nothing => None,
        }
    }

    /// |cos| of row i and column j, both from 0.
    pub fn at(&self, i: usize, j: usize) -> Option<f64> {
        match self {
            Map::Known(s) if j < s.cols as usize => row(s, i).get(j).map(|v| f64::from(*v)).filter(|v| v.is_finite()),
            Map::Identity(n) if i < *n && j < *n => Some(if i == j { 1.0 } else { 0.0 }),
            _ => None,
        }
    }

    /// Raises `cells` to those of row i from column `first` on.
    pub fn raise(&self, i: usize, first: usize, cells: &mut [f32]) {
        match self {
            Map::Known(s) => {
                let values = row(s, i).get(first..).unwrap_or_default();
                cells
                    .iter_mut()
                    .zip(values)
                    .for_each(|(cell, v)| *cell = if *v > *cell { *v } else { *cell });
            }
            Map::Identity(_) => {
                if let Some(cell) = i.checked_sub(first).and_then(|j| cells.get_mut(j)) {
                    *cell = 1.0;
                }
            }
            Map::Nothing => {}
        }
    }
}

/// Row i, as much of it as the report holds.
fn row(s: &Similarity, i: usize) -> &[f32] {
    let from = i.saturating_mul(s.cols as usize).min(s.values.len());
    &s.values[from..from.saturating_add(s.cols as usize).min(s.values.len())]
}

/// The ticks of an axis of cosines: 0 to 1, with signs -1 to 1.
pub fn cos_ticks(cosine: Cosine) -> [f64; 5] {
    match cosine {
        Cosine::Absolute => [0.0, 0.25, 0.5, 0.75, 1.0],
        Cosine::Signed => [-1.0, -0.5, 0.0, 0.5, 1.0],
    }
}
