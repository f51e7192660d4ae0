//! |cos| of one fine-tuned vector with every pre-trained one, as stems: one per vector, or the largest of those that share a pixel.

use crate::figures::data::best::thin;
use crate::figures::data::cosines::Map;
use crate::report::{Matrix, Side};

pub(super) struct Column<'a> {
    map: Map<'a>,
    j: usize,
    /// The pre-trained vector at a stem's top and its |cos|; None where it is not known.
    peaks: Vec<Option<(usize, f64)>>,
    /// The number of pre-trained vectors.
    n: usize,
    /// The number of leading ones that are known.
    known: usize,
}

impl<'a> Column<'a> {
    /// `best`: the best match and its |cos|, which is known where the others are not.
    pub fn of(matrix: &'a Matrix, side: Side, j: usize, best: Option<(usize, f64)>, pixels: usize) -> Self {
        let n = thin(matrix);
        let map = Map::of_column(matrix, side, j);
        let known = map.size().map_or(0, |(rows, _)| rows.min(n));
        let mut peaks: Vec<Option<(usize, f64)>> = vec![None; n.min(pixels.max(1))];
        let stems = peaks.len();
        let cosines = (0..known).filter_map(|i| Some((i, map.at(i, j)?)));
        for (i, cos) in cosines.chain(best.filter(|(i, _)| (known..n).contains(i))) {
            let Some(peak) = peaks.get_mut(i * stems / n) else {
                continue;
            };
            if peak.is_none_or(|(_, most)| cos > most) {
                *peak = Some((i, cos.clamp(0.0, 1.0)));
            }
        }
        Column {
            map,
            j,
            peaks,
            n,
            known,
        }
    }

    /// |cos| with pre-trained vector i.
    pub fn cos(&self, i: usize) -> Option<f64> {
        self.map.at(i, self.j)
    }

    pub fn stems(&self) -> usize {
        self.peaks.len()
    }

    /// The stem that a pre-trained vector stands in.
    pub fn stem_of(&self, i: usize) -> usize {
        i.min(self.n.saturating_sub(1)) * self.peaks.len() / self.n.max(1)
    }

    pub fn peak(&self, stem: usize) -> Option<(usize, f64)> {
        self.peaks.get(stem).copied().flatten()
    }

    /// The highest of all: stem and |cos|.
    pub fn highest(&self) -> Option<(usize, f64)> {
        let peaks = self
            .peaks
            .iter()
            .enumerate()
            .filter_map(|(stem, peak)| Some((stem, (*peak)?.1)));
        peaks.reduce(|most, next| if next.1 > most.1 { next } else { most })
    }

    pub fn known(&self) -> usize {
        self.known
    }

    pub fn whole(&self) -> bool {
        self.known == self.n
    }
}
