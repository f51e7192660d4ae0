//! What the figures read out of the report: the best match by side, who counts as an intruder, what could be counted.

use super::Request;
use crate::metrics::intruder::Rule;
use crate::report::{Cosine, Match, Matrix, Model, Report, Side, Status};
use std::collections::HashMap;

/// The best match of one tuned vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BestOne {
    /// max_i |cos| in [0, 1], or max_i cos in [-1, 1]; the lower bound where only bounds are known.
    pub cos: f64,
    /// The upper bound where only bounds are known.
    pub upper: Option<f64>,
    /// The i of the best match, from 0.
    pub i: Option<u32>,
}

/// Ends that are nearer than this are one number to the eye. Verdicts ask the ends themselves.
const ONE_NUMBER: f64 = 2e-3;

impl BestOne {
    /// The upper bound where it is told from the lower one.
    pub fn spread(&self) -> Option<f64> {
        self.upper.filter(|upper| upper - self.cos > ONE_NUMBER)
    }

    /// Strictly below epsilon for certain.
    pub fn below(&self, epsilon: f64) -> bool {
        self.upper.unwrap_or(self.cos) < epsilon
    }

    pub fn undecided(&self, epsilon: f64) -> bool {
        self.cos < epsilon && !self.below(epsilon)
    }

    /// In words; `inside`: within the window.
    pub fn verdict(&self, epsilon: f64, inside: bool) -> &'static str {
        match (self.below(epsilon), self.undecided(epsilon), inside) {
            (true, _, true) => "yes: intruder",
            (true, _, false) => "yes, outside the window",
            (_, true, _) => "undecided",
            _ => "no",
        }
    }
}

/// The best matches of one side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scores<'a> {
    known: &'a Match,
    /// What decides: |cos|, or cos with the signs that the decompositions gave.
    cos: &'a [f32],
    upper: Option<&'a [f32]>,
    /// The least that a cosine can be.
    least: f64,
}

impl<'a> Scores<'a> {
    /// None where signs are asked for and not known.
    fn of(known: &'a Match, cosine: Cosine) -> Option<Self> {
        Some(match cosine {
            Cosine::Absolute => Scores {
                known,
                cos: &known.max_cos,
                upper: known.max_cos_upper.as_deref(),
                least: 0.0,
            },
            Cosine::Signed => Scores {
                known,
                cos: known.signed_cos.as_deref()?,
                upper: None,
                least: -1.0,
            },
        })
    }

    fn at(&self, j: usize) -> Option<BestOne> {
        let cos = f64::from(*self.cos.get(j)?);
        let upper = self
            .upper
            .and_then(|u| u.get(j))
            .map(|u| f64::from(*u))
            .filter(|u| *u > cos);
        // Where the best match by |cos| points the other way, it is not known which one is best with its sign.
        let same = self
            .known
            .max_cos
            .get(j)
            .is_some_and(|c| (f64::from(*c) - cos).abs() < 1e-6);
        let i = self.known.argmax.get(j).copied().filter(|_| same);
        cos.is_finite().then(|| BestOne {
            cos: cos.clamp(self.least, 1.0),
            upper: upper.map(|u| u.min(1.0)),
            i,
        })
    }
}

/// The best matches of a matrix by the chosen rule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Best<'a> {
    One(Scores<'a>),
    /// The larger cosine of the two decides.
    Both(Scores<'a>, Scores<'a>),
    /// Every one of n vectors is its own best match.
    Itself(usize),
}

impl<'a> Best<'a> {
    pub fn of(matrix: &'a Matrix, rule: Rule) -> Option<Best<'a>> {
        let scores = |m: &'a Option<Match>| m.as_ref().and_then(|m| Scores::of(m, rule.cosine));
        let found = match rule.side {
            Side::Left => scores(&matrix.left).map(Best::One),
            Side::Right => scores(&matrix.right).map(Best::One),
            Side::Both => scores(&matrix.left)
                .zip(scores(&matrix.right))
                .map(|(l, r)| Best::Both(l, r)),
        };
        match matrix.status {
            Status::Analyzed => found,
            Status::Unchanged => Some(Best::Itself(thin(matrix))),
            Status::Skipped | Status::Failed => None,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Best::One(s) => s.cos.len(),
            Best::Both(l, r) => l.cos.len().min(r.cos.len()),
            Best::Itself(n) => *n,
        }
    }

    /// None past the end and for what is no number.
    pub fn at(&self, j: usize) -> Option<BestOne> {
        match self {
            Best::One(s) => s.at(j),
            Best::Both(l, r) => {
                let (l, r) = (l.at(j)?, r.at(j)?);
                let upper = l
                    .upper
                    .or(r.upper)
                    .map(|_| l.upper.unwrap_or(l.cos).max(r.upper.unwrap_or(r.cos)));
                Some(BestOne {
                    upper,
                    ..if l.cos >= r.cos { l } else { r }
                })
            }
            Best::Itself(n) => (j < *n).then_some(BestOne {
                cos: 1.0,
                upper: None,
                i: Some(j as u32),
            }),
        }
    }

    /// Adds one to `counts[j]` for every vector that is certainly below epsilon: all of a large model's within a redraw.
    pub fn tally(&self, epsilon: f64, counts: &mut [u32]) {
        match self {
            Best::One(Scores {
                cos,
                upper: None,
                least,
                ..
            }) => {
                // The least f32 not below epsilon: compared so, eight at a time, the verdicts are those of f64.
                let nearest = epsilon as f32;
                let bound = if f64::from(nearest) < epsilon {
                    nearest.next_up()
                } else {
                    nearest
                };
                let least = *least as f32;
                for (count, cos) in counts.iter_mut().zip(*cos) {
                    *count = count.wrapping_add(u32::from(cos.is_finite() && cos.clamp(least, 1.0) < bound));
                }
            }
            // Every one matches itself.
            Best::Itself(_) => {}
            _ => self
                .intruders(counts.len() as u32, epsilon)
                .for_each(|j| counts[j] += 1),
        }
    }

    /// The intruders among the first k, by j from 0.
    pub fn intruders(self, k: u32, epsilon: f64) -> impl Iterator<Item = usize> + 'a {
        (0..self.len().min(k as usize)).filter(move |&j| self.at(j).is_some_and(|b| b.below(epsilon)))
    }
}

/// n = min(rows, cols): how many singular vectors the thin SVD has.
pub(crate) fn thin(matrix: &Matrix) -> usize {
    matrix.rows.min(matrix.cols) as usize
}

/// Analyzed or unchanged: in the totals.
pub(crate) fn done(matrix: &Matrix) -> bool {
    matches!(matrix.status, Status::Analyzed | Status::Unchanged)
}

/// The most that one model could count: the sum of min(k, n) over all planned matrices. Those not computed yet are taken to have n >= k.
pub(crate) fn possible(report: &Report, k: u32, planned: u32) -> u64 {
    let mut sizes: HashMap<&str, u64> = HashMap::new();
    for matrix in report
        .models
        .iter()
        .flat_map(|m| &m.matrices)
        .filter(|m| m.status != Status::Skipped)
    {
        sizes
            .entry(&matrix.name)
            .or_insert_with(|| (thin(matrix) as u64).min(u64::from(k)));
    }
    let rest = u64::from(planned).saturating_sub(sizes.len() as u64);
    sizes.values().sum::<u64>() + rest * u64::from(k)
}

/// The model and the matrix asked for; where the request names none, the first that has a similarity map, else the first.
pub(crate) fn one_matrix<'a>(report: &'a Report, request: &Request) -> Option<(usize, &'a Model, Option<&'a Matrix>)> {
    let wanted = |m: &&Matrix| match &request.matrix {
        Some(name) => m.name == *name,
        None => m.similarity.is_some(),
    };
    let model = match request.model {
        Some(n) => n as usize,
        None => report
            .models
            .iter()
            .position(|m| m.matrices.iter().any(|x| wanted(&x)))
            .unwrap_or(0),
    };
    let found = report.models.get(model)?;
    let first = || found.matrices.first().filter(|_| request.matrix.is_none());
    Some((model, found, found.matrices.iter().find(wanted).or_else(first)))
}
