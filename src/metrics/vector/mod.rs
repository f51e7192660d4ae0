//! Measures of one tuned vector, beside its best match: one number per vector, with all that cards, tables and files say of it.

mod known;
mod leading_span;
mod neighbours;
mod outside;
mod spread;
mod tied_block;

pub use known::{column, maps, side_of};
pub use spread::SPREAD;
pub use tied_block::makeup;

use super::{Measured, Unit};
use crate::report::{Matrix, Settings, Side};
use known::Known;
use std::ops::Range;

/// A new one is a static in a file of its own and a line in [`OF_VECTORS`].
#[derive(Debug, Clone, Copy)]
pub struct VectorMeasure {
    /// Its name in the heads of tables and files.
    pub name: &'static str,
    /// Its name on a card, before the value.
    pub short: &'static str,
    /// Its definition.
    pub about: &'static str,
    /// The source of its definition.
    pub source: &'static str,
    pub unit: Unit,
    /// Certified mode may know no more than bounds.
    pub bounded: bool,
    /// Where it stands on a card: not where it says nothing that the best match does not say.
    pub tells: fn(&Vector) -> bool,
    pub of: fn(&Vector) -> Measured,
    /// Its value for a direction that knows nothing of the base; none where that depends on more than the shape.
    pub random: fn(&Vector) -> Option<f64>,
    /// The base vectors that it is about, from 0; none where it is about all of them, and where they are not known.
    pub place: fn(&Vector) -> Option<Range<usize>>,
}

/// Every measure of a vector, in the order of cards and tables. Cards of the figures of single vectors, their tables and CSV read this list.
pub static OF_VECTORS: &[&VectorMeasure] = &[
    &SPREAD,
    &leading_span::LEADING_SPAN,
    &tied_block::TIED_BLOCK,
    &outside::OUTSIDE,
    &neighbours::NEIGHBOUR,
    &neighbours::ROUNDING_TURN,
];

/// One tuned vector under the rule in force, with what is known of its cosines.
#[derive(Debug, Clone)]
pub struct Vector<'a> {
    pub matrix: &'a Matrix,
    pub settings: &'a Settings,
    /// Its place, from 0.
    pub j: usize,
    /// The side that is looked at; of both the one that decides.
    pub side: Side,
    known: Known<'a>,
}

impl<'a> Vector<'a> {
    /// None past the last vector, and where nothing was computed.
    pub fn of(matrix: &'a Matrix, settings: &'a Settings, j: usize) -> Option<Vector<'a>> {
        let side = side_of(matrix, settings.side, j);
        let inside = j < matrix.rows.min(matrix.cols) as usize;
        let known = Known::of(matrix, side, j).filter(|_| inside)?;
        Some(Vector {
            matrix,
            settings,
            j,
            side,
            known,
        })
    }

    /// The base vectors of a side: n = min(rows, cols).
    pub fn count(&self) -> usize {
        self.matrix.rows.min(self.matrix.cols) as usize
    }

    /// The dimension of the space that they lie in.
    pub fn dimension(&self) -> usize {
        match self.side {
            Side::Right => self.matrix.cols as usize,
            _ => self.matrix.rows as usize,
        }
    }

    /// Whether they span that space: nothing lies outside.
    pub fn is_spanned(&self) -> bool {
        self.dimension() == self.count()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::report::{Makeup, Match, Mode, Similarity, Turns};
    use crate::summary::tests::matrix;

    /// A matrix `[rows, cols]` in exact mode whose left side has these columns of cosines.
    pub fn exact(shape: (u32, u32), columns: &[&[f32]], sigma: &[f32]) -> Matrix {
        let n = shape.0.min(shape.1) as usize;
        let all: Vec<f32> = columns.iter().flat_map(|c| c.iter().copied()).collect();
        let makeup = makeup(&all, n, sigma);
        let best = crate::metrics::best_match::best_match(&all, n);
        let left = Match {
            max_cos: best.cos,
            argmax: best.row,
            makeup: Some(makeup),
            ..Match::default()
        };
        Matrix {
            rows: shape.0,
            cols: shape.1,
            mode: Some(Mode::Exact),
            sigma_base: sigma.to_vec(),
            similarity: Some(Similarity::corner(n, columns.len(), |i, j| columns[j][i])),
            ..matrix("w", n as u32, left, Match::default())
        }
    }

    pub fn read(m: &Matrix, k: u32, j: usize, name: &str) -> Measured {
        let settings = Settings {
            k,
            ..Settings::default()
        };
        let measure = OF_VECTORS.iter().find(|v| v.name == name).unwrap();
        Vector::of(m, &settings, j).map_or(Measured::Nothing, |v| (measure.of)(&v))
    }

    /// Without what a version before kept.
    fn old(m: &Matrix) -> Matrix {
        let mut m = m.clone();
        m.left.as_mut().unwrap().makeup = None;
        m.similarity = None;
        m
    }

    #[test]
    fn a_report_of_before_has_none_of_them_and_an_unchanged_matrix_all() {
        let m = exact((3, 3), &[&[1.0, 0.0, 0.0]], &[3.0, 2.0, 1.0]);
        for name in ["spread", "in leading span", "in tied block"] {
            assert_ne!(read(&m, 1, 0, name), Measured::Nothing, "{name}");
            assert_eq!(read(&old(&m), 1, 0, name), Measured::Nothing, "{name}");
            assert_eq!(read(&m, 1, 7, name), Measured::Nothing, "there is no such vector");
        }
        let mut same = old(&m);
        same.status = crate::report::Status::Unchanged;
        let of = |name| read(&same, 1, 1, name).value();
        assert_eq!(
            [
                of("spread"),
                of("in leading span"),
                of("in tied block"),
                of("outside span")
            ],
            [Some(1.0), Some(0.0), Some(1.0), Some(0.0)]
        );
    }

    #[test]
    fn bounds_hold_what_turned_vectors_would_give() {
        // Two known base vectors of six, each off by some hundredths, and a tuned vector as well.
        let truth = [0.6f64, 0.2, 0.5, 0.4, 0.3, 0.1];
        let norm = truth.iter().map(|c| c * c).sum::<f64>().sqrt();
        let unit: Vec<f32> = truth.iter().map(|c| (c / norm) as f32).collect();
        let whole = exact((6, 6), &[&unit], &[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
        let mut m = whole.clone();
        m.mode = Some(Mode::Certified);
        m.sigma_base.truncate(2);
        m.similarity = Some(Similarity::of(2, 1, |i, _| unit[i] + 0.01));
        let left = m.left.as_mut().unwrap();
        left.max_cos_upper = Some(vec![left.max_cos[0] + 0.02]);
        left.max_cos[0] -= 0.02;
        left.makeup = None;
        left.turns = Some(Turns {
            tuned: vec![0.02],
            base: vec![0.02, 0.02],
        });
        for name in ["spread", "in leading span", "in tied block", "outside span"] {
            for k in [1, 2, 3, 6] {
                let exact = read(&whole, k, 0, name).value().unwrap();
                let (low, high) = match read(&m, k, 0, name) {
                    Measured::Between(low, high) => (low, high),
                    Measured::Exactly(x) => (x, x),
                    other => panic!("{name}: {other:?}"),
                };
                assert!(
                    low <= exact + 1e-6 && exact <= high + 1e-6,
                    "{name} {k}: {exact} in {low}..{high}"
                );
            }
        }
        // Nothing is claimed of a vector that is not known.
        m.left.as_mut().unwrap().turns.as_mut().unwrap().tuned[0] = std::f32::consts::FRAC_PI_2;
        m.left.as_mut().unwrap().max_cos[0] = 0.0;
        m.left.as_mut().unwrap().max_cos_upper = Some(vec![1.0]);
        assert_eq!(read(&m, 2, 0, "in leading span"), Measured::Between(0.0, 1.0));
        assert_eq!(read(&m, 2, 0, "spread"), Measured::Between(1.0, 6.0));
    }

    #[test]
    fn a_makeup_shorter_than_its_vectors_is_read_as_far_as_it_goes() {
        let mut m = exact((40, 40), &[&[1.0; 40]], &[1.0; 40]);
        m.similarity = None;
        m.left.as_mut().unwrap().makeup = Some(Makeup::default());
        assert_eq!(read(&m, 1, 0, "spread"), Measured::Nothing);
        assert_eq!(read(&m, 1, 0, "in tied block"), Measured::Nothing);
    }
}
