//! Intruder dimensions (arXiv 2410.21228, section 3 and Fig. 4): tuned singular vectors, among the k strongest, that resemble
//! no pre-trained one.

use super::{Bound, Measure, Of, Reading, Unit};
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
        intruders(matrix, settings).map_or(Reading::Nothing, |certain| {
            Reading::Counted(
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

/// Where the best match of a tuned vector lies: `[low, high]`, equal where it is known.
pub type Interval = (f32, f32);

/// Which of a vector's cosines decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub side: Side,
    pub cosine: Cosine,
}

impl Rule {
    /// By |cos|.
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

/// The intervals that decide, one a tuned vector, read where the report has them: a slider asks for those of every matrix within a frame.
#[derive(Debug, Clone, Copy)]
pub struct Intervals<'a> {
    one: Ends<'a>,
    /// For both sides: the larger of the two decides.
    other: Option<Ends<'a>>,
}

/// Lower and upper ends of one side.
type Ends<'a> = (&'a [f32], &'a [f32]);

impl<'a> Intervals<'a> {
    /// None where it was not computed.
    pub fn of(matrix: &'a Matrix, rule: Rule) -> Option<Intervals<'a>> {
        let of = |m: &'a Option<Match>| -> Option<Ends<'a>> {
            let m = m.as_ref()?;
            // An unchanged matrix has the very vectors of the base, signs and all.
            if rule.cosine == Cosine::Signed && matrix.status != Status::Unchanged {
                let signed = m.signed_cos.as_deref()?;
                return Some((signed, signed));
            }
            Some((&m.max_cos, m.max_cos_upper.as_ref().unwrap_or(&m.max_cos)))
        };
        let (one, other) = match rule.side {
            Side::Left => (of(&matrix.left)?, None),
            Side::Right => (of(&matrix.right)?, None),
            Side::Both => (of(&matrix.left)?, Some(of(&matrix.right)?)),
        };
        Some(Intervals { one, other })
    }

    pub fn len(&self) -> usize {
        let len = |(low, high): Ends| low.len().min(high.len());
        self.other.map_or(len(self.one), |other| len(self.one).min(len(other)))
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Interval> + 'a {
        let at = |(low, high): Ends, j: usize| (low[j], high[j]);
        (0..self.len()).map(move |j| {
            let (low, high) = at(self.one, j);
            self.other
                .map_or((low, high), |other| (low.max(at(other, j).0), high.max(at(other, j).1)))
        })
    }

    /// The upper ends: a vector counts only when it certainly is an intruder.
    pub fn scores(self) -> impl Iterator<Item = f32> + 'a {
        self.iter().map(|(_, high)| high)
    }
}

/// What a number of 24 bits and two decompositions may differ by.
const ROUNDING: f32 = 2e-5;

/// How many of a certified matrix's best matches were computed, on both sides, and how many of them lie outside their bounds by an exact
/// result of the same matrix.
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

/// How many of the first `k` vectors may or may not be intruders: their interval holds epsilon, or they were not computed.
pub fn undecided(matrix: &Matrix, rule: Rule, k: u32, epsilon: f64) -> u32 {
    let Some(intervals) = Intervals::of(matrix, rule) else {
        return if matrix.left.is_some() {
            window_length(matrix, k)
        } else {
            0
        };
    };
    let open = intervals
        .iter()
        .take(k as usize)
        .filter(|(low, high)| f64::from(*low) < epsilon && f64::from(*high) >= epsilon)
        .count();
    open as u32 + window_length(matrix, k).saturating_sub(intervals.len() as u32)
}

fn window_length(matrix: &Matrix, k: u32) -> u32 {
    k.min(matrix.rows.min(matrix.cols))
}

/// How many of the first `k` scores are strictly below `epsilon`.
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
    Intervals::of(matrix, settings.into()).map(|i| count(i.scores(), settings.k, settings.epsilon))
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
        assert_eq!(scores(&matrix, signed), Some(vec![0.9, 0.8, 0.2]));
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
