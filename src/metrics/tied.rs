//! Nearly tied base vectors: a small change may turn them among themselves, which scores as if something new had appeared (two
//! tied vectors turned by 45 degrees score 0.707 each). The cosine with the space they span tells a turned tie from a new direction.

use super::intruder::counted;
use super::{Bound, Measure, Of, Unit};
use crate::report::{Match, Matrix, Settings, Side};
use std::ops::Range;

pub static TIED_ANGLE: Measure = Measure {
    id: "tied-angle",
    name: "Angle to tied span",
    short: "angle to tied span",
    about: "Between an intruder and the span of nearly tied pre-trained vectors",
    source: "Davis and Kahan 1970",
    unit: Unit::Degrees,
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(|matrix, settings| of_matrix(matrix, settings).into()),
    python: PYTHON,
};

const PYTHON: &str = "\
def tied_angle(W0, W, k={k}, epsilon={epsilon}, tie=1e-3):
    svd0, svd = (torch.linalg.svd(w, full_matrices=False) for w in (W0, W))
    best = {best}
    cosines, s = {cosines}, svd0.S
    tied = lambda i: s[i] - s[i + 1] < tie * s[i]
    nearest = None
    for j in (best[:k] < epsilon).nonzero().flatten().tolist():
        first = last = cosines[:, j].abs().argmax().item()
        while first > 0 and tied(first - 1):
            first -= 1
        while last + 1 < len(s) and tied(last):
            last += 1
        if last > first:
            nearest = max(nearest or 0.0, cosines[first : last + 1, j].norm().item())
    return None if nearest is None else torch.tensor(min(nearest, 1.0)).acos().rad2deg().item()
";

/// Counted vectors that lie among base vectors of nearly equal strength, by their places from 0, and the smallest cosine with that space:
/// turned, not new. None where there are none.
pub fn tied_vectors(matrix: &Matrix, settings: &Settings) -> Option<(Vec<usize>, f64)> {
    let tied = own_side(matrix, settings)?.tied_cos.as_deref()?;
    let within = |j: usize| tied.get(j).map(|c| f64::from(*c)).filter(|c| *c >= settings.epsilon);
    let found = counted(matrix, settings)?
        .into_iter()
        .filter_map(|j| Some((j, within(j)?)));
    let (places, cosines): (Vec<usize>, Vec<f64>) = found.unzip();
    (!places.is_empty()).then(|| (places, cosines.into_iter().fold(1.0, f64::min)))
}

/// The side whose ties are looked at: for both sides the left one.
fn own_side<'a>(matrix: &'a Matrix, settings: &Settings) -> Option<&'a Match> {
    if settings.side == Side::Right {
        &matrix.right
    } else {
        &matrix.left
    }
    .as_ref()
}

fn of_matrix(matrix: &Matrix, settings: &Settings) -> Option<f64> {
    let own = own_side(matrix, settings)?;
    tied_angle(own.tied_cos.as_deref()?, &own.max_cos, &counted(matrix, settings)?)
}

/// Neighbours whose singular values differ by less than this part are tied.
const TIE: f32 = 1e-3;

/// Whether the i-th value and the next are one, so that a small change may turn their vectors.
fn is_tied(sigma: &[f32], i: usize) -> bool {
    let (Some(own), Some(next)) = (sigma.get(i), sigma.get(i + 1)) else {
        return false;
    };
    *own > 0.0 && own - next < TIE * own
}

/// Runs of tied neighbours, one after the other; a value without any is a run of its own. `sigma` descending.
pub fn blocks(sigma: &[f32]) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for i in 0..sigma.len() {
        match blocks.last_mut() {
            Some(last) if i > 0 && is_tied(sigma, i - 1) => last.end = i + 1,
            _ => blocks.push(i..i + 1),
        }
    }
    blocks
}

/// The cosine of every tuned vector with the space of the base vectors tied with its best match; none where nothing is tied.
///
/// `cosines`: u0_i . u_j, `rows` base vectors down, column after column. `sigma` of the base, descending.
pub fn tied_cosines(cosines: &[f32], rows: usize, sigma: &[f32], argmax: &[u32]) -> Option<Vec<f32>> {
    let sigma = &sigma[..rows.min(sigma.len())];
    let tied = |i: usize| is_tied(sigma, i);
    if rows == 0
        || !argmax
            .iter()
            .any(|i| tied(*i as usize) || i.checked_sub(1).is_some_and(|i| tied(i as usize)))
    {
        return None;
    }
    let of = |(column, best): (&[f32], &u32)| {
        let (mut first, mut last) = (*best as usize, *best as usize);
        while first > 0 && tied(first - 1) {
            first -= 1;
        }
        while tied(last) {
            last += 1;
        }
        column[first..=last].iter().map(|c| c * c).sum::<f32>().sqrt().min(1.0)
    };
    Some(cosines.chunks_exact(rows).zip(argmax).map(of).collect())
}

/// Degrees between the space of tied base vectors and that vector at `places` which lies nearest to one; none where the best match
/// (`max_cos`) of no such vector has tied neighbours. A turned tie is near 0, a new direction near 90.
pub fn tied_angle(tied_cos: &[f32], max_cos: &[f32], places: &[usize]) -> Option<f64> {
    // Without neighbours the space is the best match alone, and holds no more than that.
    let tied = |j: &usize| Some((*tied_cos.get(*j)?, *max_cos.get(*j)?)).filter(|(space, alone)| space > alone);
    let nearest = places
        .iter()
        .filter_map(tied)
        .map(|(space, _)| space)
        .max_by(f32::total_cmp)?;
    Some(f64::from(nearest).clamp(0.0, 1.0).acos().to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_angle_is_that_of_the_vector_nearest_to_a_tie() {
        let (tied, alone) = ([1.0, 0.5, 0.8, 0.4], [0.7, 0.3, 0.6, 0.4]);
        let angle = |places: &[usize]| tied_angle(&tied, &alone, places);
        assert_eq!(angle(&[0, 1]), Some(0.0));
        assert!((angle(&[1, 3]).unwrap() - 60.0).abs() < 1e-6);
        assert_eq!(angle(&[3]), None, "its best match is tied with nothing");
        assert_eq!((angle(&[]), tied_angle(&[], &[], &[0])), (None, None));
    }

    #[test]
    fn a_turned_tie_is_all_there() {
        let half = 0.5f32.sqrt();
        let cosines = [half, half, 0.0, 0.0, 0.1, 0.2, 0.0, 0.0, 0.3, 0.0, 0.3, 0.0];
        let tied = tied_cosines(&cosines, 4, &[2.0, 2.0, 1.0, 0.5], &[0, 1, 2]).unwrap();
        assert!((tied[0] - 1.0).abs() < 1e-6 && (tied[1] - 0.05f32.sqrt()).abs() < 1e-6 && tied[2] == 0.3);
        assert_eq!(tied_cosines(&cosines, 4, &[3.0, 2.0, 1.0, 0.5], &[0, 1, 2]), None);
        assert_eq!(tied_cosines(&[], 0, &[], &[]), None);
    }
}
