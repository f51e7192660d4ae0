//! Queries of a report that figures share: its best matches, fast; how many vectors could be counted; the matrix that a request means.

use crate::figures::request::Request;
use crate::metrics::intruder::{self, Intervals, Rule};
use crate::report::{Matrix, Model, Report, Status};
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

    /// The verdict in words; `inside`: within the window.
    pub fn verdict(&self, epsilon: f64, inside: bool) -> &'static str {
        match (self.below(epsilon), self.undecided(epsilon), inside) {
            (true, _, true) => "yes: intruder",
            (true, _, false) => "yes, outside the window",
            (_, true, _) => "undecided",
            _ => "no",
        }
    }
}

impl From<intruder::Best> for BestOne {
    fn from(best: intruder::Best) -> BestOne {
        BestOne {
            cos: best.low.into(),
            upper: (best.high > best.low).then(|| best.high.into()),
            i: best.place,
        }
    }
}

/// The best matches of a matrix by the chosen rule, as figures ask for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Best<'a>(Intervals<'a>);

impl<'a> Best<'a> {
    pub fn of(matrix: &'a Matrix, rule: Rule) -> Option<Best<'a>> {
        Intervals::of(matrix, rule).map(Best)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Every vector is its own best match: nothing changed.
    pub fn is_itself(&self) -> bool {
        self.0.is_itself()
    }

    /// None past the end and for what is not a number.
    pub fn at(&self, j: usize) -> Option<BestOne> {
        self.0.best(j).map(BestOne::from)
    }

    /// The ends that decide of the first k, without what is not a number.
    pub fn each(self, k: u32, mut take: impl FnMut(f64)) {
        self.0.each(k, |(_, high)| {
            if high.is_finite() {
                take(high.into());
            }
        });
    }

    /// Adds one to `counts[j]` for every vector that is certainly below epsilon: all of a large model's within a redraw.
    pub fn tally(&self, epsilon: f64, counts: &mut [u32]) {
        let Some((cosines, least)) = self.0.plain() else {
            return self
                .intruders(counts.len() as u32, epsilon)
                .for_each(|j| counts[j] += 1);
        };
        // The least f32 not below epsilon: compared so, eight at a time, the verdicts are those of f64.
        let nearest = epsilon as f32;
        let bound = if f64::from(nearest) < epsilon {
            nearest.next_up()
        } else {
            nearest
        };
        for (count, cos) in counts.iter_mut().zip(cosines) {
            *count = count.wrapping_add(u32::from(cos.is_finite() && cos.clamp(least, 1.0) < bound));
        }
    }

    /// The intruders among the first k, by j from 0.
    pub fn intruders(self, k: u32, epsilon: f64) -> impl Iterator<Item = usize> + 'a {
        let scores = self.0.scores().take(k as usize).enumerate();
        scores.filter_map(move |(j, score)| (f64::from(score) < epsilon).then_some(j))
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
