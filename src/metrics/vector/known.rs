//! The energy of a tuned vector along the base vectors: sum of cos^2 over the first b of them, exactly or between bounds.
//!
//! Certified mode computes a vector y and leading base vectors X that are off by angles that it states ([`Turns`]): the true tuned vector lies
//! within psi of y, and the true span of the first b base vectors within phi_b of that of X_b. With alpha the angle between y and span X_b, the
//! true energy lies between cos^2(alpha + phi_b + psi) and cos^2(alpha - phi_b - psi), as angles of subspaces obey the triangle inequality.

use crate::report::{CORNER, Makeup, Match, Matrix, Mode, Side, Similarity, Status};
use std::f64::consts::FRAC_PI_2;

/// What a report knows of one tuned vector.
#[derive(Debug, Clone)]
pub(super) enum Known<'a> {
    /// Nothing changed: it is the base vector of its own place.
    Itself,
    /// Its cosine with every base vector.
    Whole(Vec<f64>),
    /// Sums over all of them, where they were kept, and the cosines with the leading ones.
    Summed(Option<&'a Makeup>, Vec<f64>),
    Bounded(Bounds),
}

/// Bounds of certified mode.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// How many base vectors, and the bounds of the energy in their span, from (0, (0, 0)) on; ascending.
    pub spans: Vec<(usize, (f64, f64))>,
    /// The cosine with any base vector, at most.
    pub most: f64,
    /// The best match, at least.
    pub least: f64,
}

/// Cosines have 24 bits: what sums of their squares may be off by.
const ROUNDING: f64 = 1e-6;

impl<'a> Known<'a> {
    pub fn of(matrix: &'a Matrix, side: Side, j: usize) -> Option<Known<'a>> {
        match matrix.status {
            Status::Unchanged => return Some(Known::Itself),
            Status::Skipped | Status::Failed => return None,
            Status::Analyzed => {}
        }
        let own = match_of(matrix, side).as_ref()?;
        let n = matrix.rows.min(matrix.cols) as usize;
        let map = column(matrix, side, j);
        let cosines: Vec<f64> = map.map_or(Vec::new(), |map| {
            let all = (0..(map.rows as usize).min(n)).map(|i| f64::from(map.at(i, j)).clamp(0.0, 1.0));
            all.collect()
        });
        if cosines.iter().any(|c| c.is_nan()) {
            return None;
        }
        Some(match (cosines.len() == n, matrix.mode) {
            // Of a certified matrix all are there where they were computed on demand.
            (true, _) if own.turns.is_none() || n > CORNER => Known::Whole(cosines),
            (_, Some(Mode::Certified)) => Known::Bounded(Bounds::of(own, &cosines, j)?),
            _ => Known::Summed(own.makeup.as_ref(), cosines),
        })
    }
}

impl Bounds {
    /// None where the angles are not known: reports of before they were kept.
    fn of(own: &Match, cosines: &[f64], j: usize) -> Option<Bounds> {
        let turns = own.turns.as_ref()?;
        let psi = f64::from(*turns.tuned.get(j)?);
        let mut spans = vec![(0, (0.0, 0.0))];
        let mut energy = 0.0;
        for (i, (c, phi)) in cosines.iter().zip(&turns.base).enumerate() {
            energy += c * c;
            let away = f64::from(*phi) + psi;
            if away < FRAC_PI_2 {
                spans.push((i + 1, within(energy, away)));
            }
        }
        let most = own.max_cos_upper.as_ref().and_then(|upper| upper.get(j)).copied();
        Some(Bounds {
            spans,
            most: most.map_or(1.0, f64::from).clamp(0.0, 1.0),
            least: own.max_cos.get(j).copied().map_or(0.0, f64::from).clamp(0.0, 1.0),
        })
    }

    /// The energy in the span of the first b base vectors.
    pub fn first(&self, b: usize) -> (f64, f64) {
        let low = self.spans.iter().filter(|(end, _)| *end <= b).map(|(_, (low, _))| *low);
        let high = self
            .spans
            .iter()
            .filter(|(end, _)| *end >= b)
            .map(|(_, (_, high))| *high);
        // No b base vectors hold more than b times the largest.
        let most = (b as f64 * self.most * self.most).min(1.0);
        let high = high.fold(most, f64::min);
        (low.fold(0.0, f64::max).min(high), high)
    }

    /// The energy in the span of some neighbours.
    pub fn between(&self, from: usize, to: usize) -> (f64, f64) {
        let (before, after) = (self.first(from), self.first(to));
        let most = (to.saturating_sub(from) as f64 * self.most * self.most).min(1.0);
        let high = (after.1 - before.0).clamp(0.0, most);
        ((after.0 - before.1).clamp(0.0, high), high)
    }

    /// The number of leading base vectors of which anything is known.
    pub fn reach(&self) -> usize {
        self.spans.last().map_or(0, |(end, _)| *end)
    }
}

/// The bounds of an energy whose angle may be off by this much.
fn within(energy: f64, away: f64) -> (f64, f64) {
    let angle = |energy: f64| energy.clamp(0.0, 1.0).sqrt().acos();
    let low = (angle(energy - ROUNDING) + away).min(FRAC_PI_2).cos();
    let high = (angle(energy + ROUNDING) - away).max(0.0).cos();
    (low * low, high * high)
}

fn match_of(matrix: &Matrix, side: Side) -> &Option<Match> {
    if side == Side::Right {
        &matrix.right
    } else {
        &matrix.left
    }
}

/// The side that decides over vector j: of both the one with the larger best match.
pub fn side_of(matrix: &Matrix, side: Side, j: usize) -> Side {
    let best = |own: &Option<Match>| own.as_ref().and_then(|m| m.max_cos.get(j)).copied();
    match (side, best(&matrix.left), best(&matrix.right)) {
        (Side::Both, Some(left), Some(right)) if right > left => Side::Right,
        (Side::Both, ..) => Side::Left,
        (side, ..) => side,
    }
}

/// The map of cosines that knows most of tuned vector j: all of its column, else a part.
pub fn column(matrix: &Matrix, side: Side, j: usize) -> Option<&Similarity> {
    let (own, corner) = maps(matrix, side);
    let having = [own, corner].into_iter().flatten().filter(|s| j < s.cols as usize);
    having.max_by_key(|s| s.rows)
}

/// The report's cosines of a side: its own map, and the corner of the left vectors.
pub fn maps(matrix: &Matrix, side: Side) -> (Option<&Similarity>, Option<&Similarity>) {
    (
        match_of(matrix, side).as_ref().and_then(|own| own.vectors.as_ref()),
        matrix.similarity.as_ref().filter(|_| side != Side::Right),
    )
}
