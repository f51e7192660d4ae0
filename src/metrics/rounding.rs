//! The count under rounding: how many intruders there may be, and how many there are for certain, whatever rounding W to bf16 does to its
//! singular vectors.
//!
//! W + E has vectors u' with sin angle(u, u') <= sqrt(2) ||E|| / (gap - ||E||): Davis and Kahan's sin theta theorem (1970) for the symmetric
//! matrix that holds W and its transpose, as Wedin (1972) reads it, with gap the distance of sigma_j to its neighbours, which Weyl lets E bring
//! nearer by ||E||. A vector that turns by no more than theta against base vectors that stay has a best match between cos(arccos c + theta) and
//! cos(arccos c - theta). The base is taken as it is stored: it is what the fine-tune began with.

use super::intruder::{Interval, Intervals};
use super::{Bound, Measure, Measured, Of, Unit};
use crate::report::{Cosine, Matrix, Mode, Settings, Status};

pub static ROUNDED_COUNT: Measure = Measure {
    id: "rounded-count",
    name: "Intruders under bf16 rounding",
    short: "intruders under rounding",
    about: "Between which numbers the count lies whatever rounding W to bf16 does: its vectors turn by no more than √2 ‖E‖ / (gap − ‖E‖)",
    source: "Davis and Kahan 1970; Wedin 1972",
    unit: Unit::Count,
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(|matrix, settings| match count(matrix, settings) {
        Some((least, most)) => Measured::Between(least.into(), most.into()),
        None if matrix.mode == Some(Mode::Certified) => Measured::NeedsExact,
        None => Measured::Nothing,
    }),
    python: PYTHON,
};

const PYTHON: &str = "\
def rounded_count(W0, W, k={k}, epsilon={epsilon}):
    svd0, svd = (torch.linalg.svd(w, full_matrices=False) for w in (W0, W))
    best, s = {best}, svd.S
    step = torch.where(W == 0, 0.0, 2.0 ** (W.abs().log2().floor() - 7)) / 12**0.5
    E = step.norm(dim=0).max() + step.norm(dim=1).max() + 3 * step.max()
    most = 0
    for j in range(min(k, len(s))):
        gap = min([s[j] if W.shape[0] != W.shape[1] else s[0]] + [(s[j] - s[i]).abs() for i in (j - 1, j + 1) if 0 <= i < len(s)])
        sine = 2**0.5 * E / (gap - E) if gap > 2 * E else torch.tensor(1.0, dtype=s.dtype)
        turn, own = sine.clamp(max=1).asin(), best[j].clamp(0, 1).acos()
        most += int(max((own + turn).cos(), 0) < epsilon if sine < 1 else epsilon > 0)
    return most
";

/// How many intruders there are for certain, and how many at most, under rounding to bf16. None where that is not known: before the rounding was
/// kept, in certified mode, and where the cosine keeps its sign, which rounding may turn.
pub fn count(matrix: &Matrix, settings: &Settings) -> Option<(u32, u32)> {
    let error = f64::from(matrix.rounding?);
    if matrix.status != Status::Analyzed || settings.cosine == Cosine::Signed {
        return None;
    }
    let known = Intervals::of(matrix, settings.into())?;
    let square = matrix.rows == matrix.cols;
    let n = matrix.rows.min(matrix.cols) as usize;
    let (mut least, mut most) = (0, 0);
    for j in 0..n.min(settings.k as usize) {
        let (low, high) = match known.at(j) {
            Some(own) => bar(own, turn(&matrix.sigma_tuned, j, n, square, error)),
            None => (0.0, 1.0),
        };
        least += u32::from(high < settings.epsilon);
        most += u32::from(low < settings.epsilon);
    }
    Some((least, most))
}

/// The angle by which the j-th of n vectors may turn where W changes by a matrix of this norm; a right angle where its neighbours are too near, or
/// not known.
pub fn turn(sigma: &[f32], j: usize, n: usize, square: bool, error: f64) -> f64 {
    const ANY: f64 = std::f64::consts::FRAC_PI_2;
    let value = |j: usize| sigma.get(j).map(|s| f64::from(*s));
    let Some(own) = value(j) else { return ANY };
    let before = j.checked_sub(1).and_then(value).map(|s| s - own);
    let after = match value(j + 1) {
        Some(next) => own - next,
        None if j + 1 < n => return ANY,
        // A matrix that is not square has vectors of no strength beside its last.
        None if square => f64::INFINITY,
        None => own,
    };
    let gap = before.into_iter().fold(after, f64::min);
    let room = gap - error;
    // Where the values may change places the bound says nothing.
    if error == 0.0 && gap > 0.0 {
        0.0
    } else if room > error {
        (std::f64::consts::SQRT_2 * error / room).min(1.0).asin()
    } else {
        ANY
    }
}

/// Where a best match may lie once its vector has turned by no more than this.
pub fn bar((low, high): Interval, turn: f64) -> (f64, f64) {
    if turn >= std::f64::consts::FRAC_PI_2 {
        return (0.0, 1.0);
    }
    let angle = |c: f32| f64::from(c).clamp(0.0, 1.0).acos();
    ((angle(low) + turn).cos().max(0.0), (angle(high) - turn).max(0.0).cos())
}

/// The norm of what rounding these weights to bf16 adds, but for chance: errors of independent entries, uniform over a step, have a norm near the
/// longest row and the longest column of their deviations (Bandeira and van Handel 2016), with three of the largest deviation on top.
pub fn rounding_norm(rows: usize, cols: usize, at: impl Fn(usize, usize) -> f32) -> f64 {
    let mut by_row = vec![0.0; rows];
    let (mut longest, mut largest) = (0.0f64, 0.0f64);
    for j in 0..cols {
        let mut column = 0.0;
        for (i, row) in by_row.iter_mut().enumerate() {
            let variance = step(at(i, j)).powi(2) / 12.0;
            column += variance;
            *row += variance;
            largest = largest.max(variance);
        }
        longest = longest.max(column);
    }
    let row = by_row.into_iter().fold(0.0, f64::max);
    row.sqrt() + longest.sqrt() + 3.0 * largest.sqrt()
}

/// From one number of bf16 to the next: eight bits of a number count, and it has the exponents of f32.
fn step(x: f32) -> f64 {
    const MANTISSA: i32 = 7;
    let exponent = ((x.to_bits() >> 23) & 0xff) as i32;
    if x == 0.0 {
        return 0.0;
    }
    2f64.powi(exponent.max(1) - 127 - MANTISSA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!(rounding_norm(3, 4, |_, _| 0.0), 0.0);
        // One number between 1 and 2: a step of 1/128, once as a row, once as a column, and three times over.
        let one = rounding_norm(1, 1, |_, _| 1.5);
        assert!((one - 5.0 / 128.0 / 12f64.sqrt()).abs() < 1e-12);
        let scaled = rounding_norm(5, 2, |i, j| (1 + i + j) as f32);
        assert!((rounding_norm(5, 2, |i, j| 8.0 * (1 + i + j) as f32) / scaled - 8.0).abs() < 1e-12);
        let ties = [1.0, 1.0, 1.0];
        assert_eq!(
            turn(&ties, 1, 3, true, 1e-9),
            std::f64::consts::FRAC_PI_2,
            "a tie turns at will"
        );
        assert_eq!(turn(&ties, 1, 3, true, 0.0), std::f64::consts::FRAC_PI_2);
        assert_eq!(turn(&[2.0, 1.0], 0, 2, true, 0.0), 0.0);
        assert_eq!(
            turn(&[2.0], 0, 2, true, 0.1),
            std::f64::consts::FRAC_PI_2,
            "its neighbour is not known"
        );
        let alone = |square| turn(&[3.0, 1.0], 1, 2, square, 0.1);
        assert!(
            alone(true) < alone(false),
            "a matrix that is not square has vectors of no strength"
        );
    }

    #[test]
    fn a_bar_holds_its_match_and_grows_with_the_turn() {
        for c in [0.0f32, 0.3, 0.5, 0.999, 1.0] {
            let still = bar((c, c), 0.0);
            assert!((still.0 - f64::from(c)).abs() < 1e-6 && (still.1 - f64::from(c)).abs() < 1e-6);
            let (low, high) = bar((c, c), 0.1);
            assert!(low <= still.0 && high >= still.1 && low >= 0.0 && high <= 1.0);
        }
        assert_eq!(bar((0.4, 0.4), std::f64::consts::FRAC_PI_2), (0.0, 1.0));
    }
}
