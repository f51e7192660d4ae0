//! The certified comparison: leading vectors of W and W0, what is proved of them, and intervals for their best matches.

use super::best::{Against, Question, SideMatch, Tuned};
use super::leading::{BEYOND, Leading, Tune, Turned, adapted, base, dense, groups};
use super::operator::Operator;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Base vectors that are settled where fewer leave a verdict open.
const MORE: usize = 128;

/// Leading vectors of one W against the base.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Leading singular values, as many as were settled.
    pub sigma_base: Vec<f32>,
    pub sigma_tuned: Vec<f32>,
    pub left: Option<SideMatch>,
    pub right: Option<SideMatch>,
    /// The leading left vectors of W.
    pub vectors: Matrix,
    /// max_j ||W W^T u_j - s_j^2 u_j|| / (s_j s_1) over the vectors asked for.
    pub residual: f64,
}

/// The leading vectors of a base, found once: later comparisons with it begin there.
pub struct Settled {
    pub(super) base: Leading,
    pub(super) window: usize,
    /// The short side is the right one.
    turned: bool,
}

impl Settled {
    /// For windows of `k` vectors at most.
    pub fn of(w0: View, k: usize) -> Result<Settled, NoConvergence> {
        let turned = w0.rows() > w0.cols();
        let w0 = if turned { w0.t() } else { w0 };
        let window = (k + BEYOND).min(w0.rows());
        Ok(Settled {
            base: base(w0, window)?,
            window,
            turned,
        })
    }

    /// The values that are known, descending: those of the window are settled.
    pub fn values(&self) -> Vec<f32> {
        self.base.sigma.iter().map(|s| *s as f32).collect()
    }

    /// The first vectors, left and right.
    pub fn vectors(&self, count: usize) -> (DMatrix<f64>, DMatrix<f64>) {
        let first = |side: &Matrix| side.columns(0, count.min(side.ncols())).map(f64::from);
        let (short, long) = (first(&self.base.short), first(&self.base.long));
        if self.turned { (long, short) } else { (short, long) }
    }
}

/// Compares every tune with the base.
pub fn compare(w0: View, tunes: &[Tune], question: Question) -> Result<Vec<Compared>, NoConvergence> {
    compare_with(w0, &Settled::of(w0, question.k)?, tunes, question)
}

/// The same where the base is known; `question.k` is at most what it is settled for.
pub fn compare_with(
    w0: View,
    known: &Settled,
    tunes: &[Tune],
    question: Question,
) -> Result<Vec<Compared>, NoConvergence> {
    let turned = w0.rows() > w0.cols();
    let tunes: Vec<Turned> = tunes.iter().map(|t| Turned::new(t, turned)).collect();
    let w0 = if turned { w0.t() } else { w0 };
    // The left side of a turned matrix is its long one.
    let question = if turned {
        Question {
            left: question.right,
            right: question.left,
            ..question
        }
    } else {
        question
    };
    let window = known.window;
    let leading = search(w0, &tunes, &known.base, window, question.k)?;
    let proved = |(tune, found): (&Turned, &Leading)| {
        let operator = match tune {
            Turned::Dense(w) => Operator::from(*w),
            Turned::LowRank { unscaled, a, scale, .. } => Operator::plus(w0, unscaled, a, *scale),
        };
        Tuned::new(operator, found, question)
    };
    let tuned = tunes.iter().zip(&leading).map(proved).collect::<Result<Vec<_>, _>>()?;
    let against = Against::new(w0, &known.base, &tuned, question, window)?;
    let mut sides = against.sides(&tuned, &leading, question)?;
    let mut more = None;
    if sides.iter().any(|s| s.is_open(question)) && window < MORE.min(w0.rows()) {
        // Verdicts depend on base vectors that are not settled yet, perhaps.
        let wider = base(w0, MORE.min(w0.rows()))?;
        let against = Against::new(w0, &wider, &tuned, question, usize::MAX)?;
        let again = against.sides(&tuned, &leading, question)?;
        sides
            .par_iter_mut()
            .zip(again)
            .for_each(|(side, again)| side.narrow(again));
        more = Some(wider);
    }
    let base_vectors = more.as_ref().unwrap_or(&known.base);
    let compared = |((l, sides), tuned): ((Leading, super::best::Sides), &Tuned)| {
        let (left, right) = if turned {
            (sides.long, sides.short)
        } else {
            (sides.short, sides.long)
        };
        Compared {
            sigma_base: base_vectors.sigma.iter().map(|s| *s as f32).collect(),
            sigma_tuned: l.sigma.iter().map(|s| *s as f32).collect(),
            left,
            right,
            residual: tuned.residual(question.k),
            vectors: if turned { l.long } else { l.short },
        }
    };
    Ok(leading.into_iter().zip(sides).zip(&tuned).map(compared).collect())
}

/// The leading triplets of every tune.
fn search(w0: View, tunes: &[Turned], base: &Leading, window: usize, k: usize) -> Result<Vec<Leading>, NoConvergence> {
    let mut leading: Vec<Option<Leading>> = tunes.iter().map(|_| None).collect();
    for group in groups(tunes) {
        let adapters: Vec<&Turned> = group.iter().map(|i| &tunes[*i]).collect();
        for (i, one) in group.into_iter().zip(adapted(w0, base, &adapters, window, k)?) {
            leading[i] = Some(one);
        }
    }
    for (tune, leading) in tunes.iter().zip(&mut leading) {
        if let Turned::Dense(w) = tune {
            *leading = Some(dense(*w, base, window, k)?);
        }
    }
    Ok(leading.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    /// Every shape that leaves little to know: no panic, and intervals that hold what any choice of vectors gives.
    #[test]
    fn bases_of_nothing_or_next_to_nothing_are_compared() {
        let question = Question {
            k: 10,
            epsilon: 0.5,
            left: true,
            right: true,
        };
        for (rows, cols) in [(12, 20), (20, 12), (1, 9), (9, 1), (1, 1), (2, 2), (7, 7)] {
            let zero = Matrix::zeros(rows, cols);
            let one = &random(rows, 1, 1) * random(1, cols, 2);
            let full = random(rows, cols, 3);
            for base in [&zero, &one, &full] {
                for tuned in [&zero, &one, &full] {
                    let found = compare(View::from(base), &[Tune::Dense(View::from(tuned))], question).unwrap();
                    for side in [found[0].left.as_ref().unwrap(), found[0].right.as_ref().unwrap()] {
                        assert!(
                            side.cos
                                .iter()
                                .zip(&side.upper)
                                .all(|(low, high)| (0.0..=1.0).contains(low) && low <= high && *high <= 1.0)
                        );
                    }
                }
            }
            let (b, a) = (random(rows, 2, 4), random(2, cols, 5));
            assert!(
                compare(
                    View::from(&zero),
                    &[Tune::LowRank {
                        b: &b,
                        a: &a,
                        scale: 0.3
                    }],
                    question
                )
                .is_ok()
            );
            // The same matrix: every vector is its own match.
            let same = compare(View::from(&full), &[Tune::Dense(View::from(&full))], question).unwrap();
            let left = same[0].left.as_ref().unwrap();
            assert!(
                left.cos
                    .iter()
                    .zip(&left.upper)
                    .all(|(low, high)| *low > 0.99 && *high > 0.9999),
                "{rows} x {cols}: {left:?}"
            );
        }
    }
}
