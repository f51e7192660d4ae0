//! Intruder dimensions (arXiv 2410.21228, section 3 and Fig. 4): tuned singular vectors, among the k strongest, that resemble
//! no pre-trained one.

use super::{Bound, Measure, Measured, Of, Unit};
use crate::report::{Cosine, Match, Matrix, Settings, Side, Status};

pub static INTRUDERS: Measure = Measure {
    id: "intruders",
    name: "Intruders",
    short: "intruders",
    about: "Vectors among the k strongest whose best match is strictly below ε",
    source: "Shuttleworth et al. 2024, section 3",
    unit: Unit::Count,
    in_table: true,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(|matrix, settings| {
        intruders(matrix, settings).map_or(Measured::Nothing, |certain| {
            Measured::Counted(
                certain,
                undecided(matrix, settings.into(), settings.k, settings.epsilon),
            )
        })
    }),
    python: PYTHON,
};

const PYTHON: &str = "\
def intruders(W0, W, k={k}, epsilon={epsilon}):
    svd0, svd = (torch.linalg.svd(w, full_matrices=False) for w in (W0, W))
    best = {best}
    return (best[:k] < epsilon).sum().item()
";

/// An interval that holds the best match of a tuned vector: `[low, high]`, equal where it is known.
pub type Interval = (f32, f32);

/// The rule by which a vector's cosines decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub side: Side,
    pub cosine: Cosine,
}

impl Rule {
    /// The rule by |cos|.
    pub fn absolute(side: Side) -> Rule {
        Rule {
            side,
            cosine: Cosine::Absolute,
        }
    }
}

impl From<&Settings> for Rule {
    fn from(s: &Settings) -> Rule {
        Rule {
            side: s.side,
            cosine: s.cosine,
        }
    }
}

/// The best match of one tuned vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    pub low: f32,
    pub high: f32,
    /// The base vector that it is, from 0, where that is known.
    pub place: Option<u32>,
}

/// The best matches that decide, a tuned vector each: the one place that reads them. A slider asks for those of every matrix within a
/// frame, so they are read where the report has them.
#[derive(Debug, Clone, Copy)]
pub struct Intervals<'a>(Known<'a>);

#[derive(Debug, Clone, Copy)]
enum Known<'a> {
    One(Ends<'a>),
    /// The larger of the two decides.
    Both(Ends<'a>, Ends<'a>),
    /// An unchanged matrix has the very vectors of the base, signs and all: every one of n is its own best match.
    Itself(usize),
}

/// One side.
#[derive(Debug, Clone, Copy)]
struct Ends<'a> {
    known: &'a Match,
    /// The deciding cosines: |cos|, or cos with the signs that the decompositions gave.
    low: &'a [f32],
    high: Option<&'a [f32]>,
    /// The least that a cosine can be.
    least: f32,
}

impl<'a> Ends<'a> {
    /// None where signs are asked for and not known.
    fn of(known: &'a Option<Match>, cosine: Cosine) -> Option<Ends<'a>> {
        let known = known.as_ref()?;
        Some(match cosine {
            Cosine::Absolute => Ends {
                known,
                low: &known.max_cos,
                high: known.max_cos_upper.as_deref(),
                least: 0.0,
            },
            Cosine::Signed => Ends {
                known,
                low: known.signed_cos.as_deref()?,
                high: None,
                least: -1.0,
            },
        })
    }

    fn len(&self) -> usize {
        self.high.map_or(self.low.len(), |high| high.len().min(self.low.len()))
    }

    /// None past the end and for what is not a number; rounding may push a cosine out of its range.
    fn at(&self, j: usize) -> Option<Interval> {
        let low = self.low.get(j).copied().filter(|low| low.is_finite())?;
        let high = match self.high {
            None => low,
            // A bound that is not a number bounds nothing.
            Some(high) => Some(*high.get(j)?)
                .filter(|high| high.is_finite())
                .unwrap_or(1.0)
                .max(low),
        };
        Some((low.clamp(self.least, 1.0), high.clamp(self.least, 1.0)))
    }

    /// The place of the best match; where the best one by |cos| points the other way, it is not known which one is best with its sign.
    fn place(&self, j: usize) -> Option<u32> {
        let (absolute, own) = (self.known.max_cos.get(j)?, self.low.get(j)?);
        ((absolute - own).abs() < 1e-6).then(|| self.known.argmax.get(j).copied())?
    }
}

impl<'a> Intervals<'a> {
    /// None where they were not computed.
    pub fn of(matrix: &'a Matrix, rule: Rule) -> Option<Intervals<'a>> {
        let side = |known: &'a Option<Match>| Ends::of(known, rule.cosine);
        Some(Intervals(match (matrix.status, rule.side) {
            (Status::Skipped | Status::Failed, _) => return None,
            (Status::Unchanged, _) => Known::Itself(matrix.rows.min(matrix.cols) as usize),
            (Status::Analyzed, Side::Left) => Known::One(side(&matrix.left)?),
            (Status::Analyzed, Side::Right) => Known::One(side(&matrix.right)?),
            (Status::Analyzed, Side::Both) => Known::Both(side(&matrix.left)?, side(&matrix.right)?),
        }))
    }

    pub fn len(&self) -> usize {
        match self.0 {
            Known::One(one) => one.len(),
            Known::Both(one, other) => one.len().min(other.len()),
            Known::Itself(n) => n,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nothing changed: no vector is an intruder, whatever the threshold.
    pub fn is_itself(&self) -> bool {
        matches!(self.0, Known::Itself(_))
    }

    /// None past the end and for what is not a number.
    pub fn at(&self, j: usize) -> Option<Interval> {
        match self.0 {
            Known::One(one) => one.at(j),
            Known::Both(one, other) => {
                let (one, other) = (one.at(j)?, other.at(j)?);
                Some((one.0.max(other.0), one.1.max(other.1)))
            }
            Known::Itself(n) => (j < n).then_some((1.0, 1.0)),
        }
    }

    /// The best match of vector j, with the base vector that it is.
    pub fn best(&self, j: usize) -> Option<Best> {
        let (low, high) = self.at(j)?;
        let place = match self.0 {
            Known::One(one) => one.place(j),
            Known::Both(one, other) if one.at(j)?.0 >= other.at(j)?.0 => one.place(j),
            Known::Both(_, other) => other.place(j),
            Known::Itself(_) => Some(j as u32),
        };
        Some(Best { low, high, place })
    }

    /// The scores of one side where all of them are points, as they lie in the report, and their lower limit: for reading eight at a time.
    pub fn plain(&self) -> Option<(&'a [f32], f32)> {
        match self.0 {
            Known::One(Ends {
                low, high: None, least, ..
            }) => Some((low, least)),
            _ => None,
        }
    }

    /// The same as they are read: what is not a number is NaN.
    fn points(&self) -> Option<impl Iterator<Item = f32> + 'a> {
        let (scores, least) = self.plain()?;
        let known = move |score: &f32| {
            if score.is_finite() {
                score.clamp(least, 1.0)
            } else {
                f32::NAN
            }
        };
        Some(scores.iter().map(known))
    }

    /// How many of the first `k` are certainly strictly below `epsilon`.
    pub fn below(self, k: u32, epsilon: f64) -> u32 {
        match self.points() {
            Some(points) => count(points, k, epsilon),
            None => count(self.scores(), k, epsilon),
        }
    }

    /// The first `k` one after the other, as [`Intervals::iter`] has them: a slider asks for those of all matrices with every step.
    pub fn each(self, k: u32, mut take: impl FnMut(Interval)) {
        match self.points() {
            Some(points) => points.take(k as usize).for_each(|cos| take((cos, cos))),
            None => self.iter().take(k as usize).for_each(take),
        }
    }

    /// In their order; what is not a number is below and above nothing.
    pub fn iter(self) -> impl Iterator<Item = Interval> + 'a {
        (0..self.len()).map(move |j| self.at(j).unwrap_or((f32::NAN, f32::NAN)))
    }

    /// The upper ends: a vector counts only when it certainly is an intruder.
    pub fn scores(self) -> impl Iterator<Item = f32> + 'a {
        self.iter().map(|(_, high)| high)
    }
}

/// The most by which a number of 24 bits and two decompositions may differ.
const ROUNDING: f32 = 2e-5;

/// The check of a certified matrix by an exact result of the same matrix: the number of its best matches that were computed, on both sides,
/// and of those that lie outside their bounds.
pub fn outside(claimed: &Matrix, exact: &Matrix) -> (u32, u32) {
    let (mut all, mut outside) = (0, 0);
    for rule in [Side::Left, Side::Right].map(Rule::absolute) {
        let Some(claims) = Intervals::of(claimed, rule) else {
            continue;
        };
        let mut truth = Intervals::of(exact, rule).into_iter().flat_map(Intervals::iter);
        for (low, high) in claims.iter() {
            let value = truth.next().map_or(0.0, |(low, _)| low);
            all += 1;
            outside += u32::from(value < low - ROUNDING || value > high + ROUNDING);
        }
    }
    (all, outside)
}

/// The number of undecided vectors among the first `k`: their interval holds epsilon, or they were not computed.
pub fn undecided(matrix: &Matrix, rule: Rule, k: u32, epsilon: f64) -> u32 {
    let Some(intervals) = Intervals::of(matrix, rule) else {
        return if matrix.left.is_some() {
            window_length(matrix, k)
        } else {
            0
        };
    };
    let open = match intervals.plain() {
        Some(_) => 0,
        None => intervals
            .iter()
            .take(k as usize)
            .filter(|(low, high)| f64::from(*low) < epsilon && f64::from(*high) >= epsilon)
            .count(),
    };
    open as u32 + window_length(matrix, k).saturating_sub(intervals.len() as u32)
}

fn window_length(matrix: &Matrix, k: u32) -> u32 {
    k.min(matrix.rows.min(matrix.cols))
}

/// The number of scores strictly below `epsilon` among the first `k`.
///
/// Compared in f64, so that a threshold such as 0.3 means the same as in the paper's code.
pub fn count(scores: impl IntoIterator<Item = f32>, k: u32, epsilon: f64) -> u32 {
    scores
        .into_iter()
        .take(k as usize)
        .filter(|c| f64::from(*c) < epsilon)
        .count() as u32
}

/// The counted vectors by their places from 0; none where there are no scores.
pub fn counted(matrix: &Matrix, settings: &Settings) -> Option<Vec<usize>> {
    let known = Intervals::of(matrix, settings.into())?.scores();
    let below = |(j, score): (usize, f32)| (f64::from(score) < settings.epsilon).then_some(j);
    Some(known.take(settings.k as usize).enumerate().filter_map(below).collect())
}

/// The count of one matrix under the given settings; none where there are no scores.
pub fn intruders(matrix: &Matrix, settings: &Settings) -> Option<u32> {
    Intervals::of(matrix, settings.into()).map(|i| i.below(settings.k, settings.epsilon))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(left: Match) -> Matrix {
        serde_json::from_value(serde_json::json!({
            "name": "w", "layer": null, "type": null, "rows": 6, "cols": 6, "status": "analyzed", "reason": null,
            "sigmaBase": [], "sigmaTuned": [], "left": serde_json::to_value(left).unwrap(), "right": null, "intruders": null,
            "delta": null, "similarity": null, "residual": null, "certified": true, "seconds": 0.0
        }))
        .unwrap()
    }

    fn scores(matrix: &Matrix, rule: Rule) -> Option<Vec<f32>> {
        Intervals::of(matrix, rule).map(|i| i.scores().collect())
    }

    #[test]
    fn only_what_is_certain_counts() {
        let side = Match {
            max_cos: vec![0.9, 0.1, 0.3, 0.5],
            max_cos_upper: Some(vec![0.9, 0.4, 0.6, 0.7]),
            argmax: vec![0; 4],
            ..Match::default()
        };
        let matrix = matrix(side);
        let left = Rule::absolute(Side::Left);
        let counted = |k, epsilon| {
            (
                count(scores(&matrix, left).unwrap(), k, epsilon),
                undecided(&matrix, left, k, epsilon),
            )
        };
        assert_eq!(counted(4, 0.5), (1, 1));
        assert_eq!(counted(4, 0.65), (2, 1));
        assert_eq!(counted(10, 0.5), (1, 3));
        assert_eq!(undecided(&matrix, Rule::absolute(Side::Right), 4, 0.5), 4);
    }

    #[test]
    fn what_lies_outside_its_bounds_is_counted() {
        let side = |low: &[f32], high: Option<&[f32]>| {
            matrix(Match {
                max_cos: low.to_vec(),
                max_cos_upper: high.map(<[f32]>::to_vec),
                argmax: vec![0; low.len()],
                ..Match::default()
            })
        };
        let exact = side(&[0.816, 0.5, 0.9], None);
        assert_eq!(outside(&side(&[0.8, 0.4], Some(&[0.82, 0.6])), &exact), (2, 0));
        assert_eq!(outside(&side(&[0.055, 0.5], Some(&[0.235, 0.5])), &exact), (2, 1));
    }

    #[test]
    fn signs_decide_only_where_they_are_asked_for_and_known() {
        let side = Match {
            max_cos: vec![0.9, 0.8, 0.2],
            signed_cos: Some(vec![0.9, 0.1, -0.1]),
            argmax: vec![0; 3],
            ..Match::default()
        };
        let mut matrix = matrix(side);
        let signed = Rule {
            side: Side::Left,
            cosine: Cosine::Signed,
        };
        assert_eq!(count(scores(&matrix, Rule::absolute(Side::Left)).unwrap(), 3, 0.5), 1);
        assert_eq!(count(scores(&matrix, signed).unwrap(), 3, 0.5), 2);
        let settings = Settings {
            k: 3,
            cosine: Cosine::Signed,
            ..Settings::default()
        };
        assert_eq!(intruders(&matrix, &settings), Some(2));
        matrix.left.as_mut().unwrap().signed_cos = None;
        assert_eq!(
            (
                scores(&matrix, signed),
                intruders(&matrix, &settings),
                undecided(&matrix, signed, 3, 0.5)
            ),
            (None, None, 3)
        );
        matrix.status = Status::Unchanged;
        assert_eq!(scores(&matrix, signed), Some(vec![1.0; 6]));
        matrix.status = Status::Failed;
        assert_eq!(scores(&matrix, signed), None);
    }

    #[test]
    fn the_larger_side_decides_and_names_its_place() {
        let side = |cos: &[f32], argmax: &[u32]| Match {
            max_cos: cos.to_vec(),
            argmax: argmax.to_vec(),
            ..Match::default()
        };
        let mut matrix = matrix(Match::default());
        matrix.left = Some(side(&[0.9, 0.2, f32::NAN, 1.00001], &[3, 1, 0, 2]));
        matrix.right = Some(side(&[0.1, 0.4, 0.5, 0.5], &[0, 5, 0, 0]));
        let both = Intervals::of(&matrix, Rule::absolute(Side::Both)).unwrap();
        let best = |j| both.best(j).map(|b| (b.low, b.high, b.place));
        assert_eq!(
            [best(0), best(1)],
            [Some((0.9, 0.9, Some(3))), Some((0.4, 0.4, Some(5)))]
        );
        assert_eq!([best(2), best(3), best(4)], [None, Some((1.0, 1.0, Some(2))), None]);
        assert_eq!(count(both.scores(), 10, 1.0), 2, "what is no number does not count");
        // Its best match by |cos| points the other way: with its sign another vector is the best.
        let left = matrix.left.as_mut().unwrap();
        left.signed_cos = Some(vec![0.9, -0.1, 0.0, 1.0]);
        let signed = Rule {
            side: Side::Left,
            cosine: Cosine::Signed,
        };
        let signed = Intervals::of(&matrix, signed).unwrap();
        assert_eq!(
            [signed.best(0), signed.best(1)].map(|b| b.unwrap().place),
            [Some(3), None]
        );
    }

    #[test]
    fn the_comparison_is_strict_and_stops_at_k() {
        let scores = [0.2, 0.5, 0.499, 0.1];
        assert_eq!(count(scores, 3, 0.5), 2);
        assert_eq!(count(scores, 10, 0.5), 3);
        assert_eq!(count(scores, 0, 0.5), 0);
        assert_eq!(count([], 10, 1.0), 0);
        assert_eq!(count([1.0; 4], 4, 1.0), 0);
    }
}
