//! Exact comparison of matrices that are in memory already, for the lessons.

use super::change::Change;
use super::weights::Weights;
use super::{Answer, Stop, entry, exact, follows, stopped};
use crate::checkpoint::Dtype;
use crate::linalg::Matrix;
use crate::plan::job::{Job, TensorRef};
use crate::report::{self, Mode};

/// A base matrix, `[out, in]`, to hold tuned ones against.
pub struct Known {
    weights: Weights<'static>,
    job: Job,
    /// The singular values of a base that is seen in its own singular basis.
    axes: Option<Vec<f32>>,
}

/// A tuned matrix, `[out, in]`.
pub enum Tuning {
    Dense(Matrix),
    /// W0 + scale B A.
    LowRank {
        b: Matrix,
        a: Matrix,
        scale: f64,
    },
}

/// The analysis of a tuned matrix: its entry in a report, and its leading left singular vectors, which the next checkpoint of a run is
/// held against.
pub struct Look {
    pub entry: report::Matrix,
    pub vectors: Option<Matrix>,
}

impl Known {
    pub fn new(name: &str, layer: Option<u32>, kind: Option<&str>, w0: &Matrix) -> Known {
        let weights = Weights::of(w0);
        let (rows, cols) = w0.shape();
        let base = TensorRef {
            file: 0,
            name: name.to_owned(),
            dtype: Dtype::F32,
            shape: vec![rows as u64, cols as u64],
            begin: 0,
            end: 4 * (rows * cols) as u64,
            by_columns: false,
            columns: None,
            rows: None,
            packing: None,
        };
        let kind = kind.map(str::to_owned);
        let (rows, cols) = (rows as u32, cols as u32);
        Known {
            weights,
            job: Job {
                base,
                layer,
                kind,
                rows,
                cols,
                transposed: false,
                lines: None,
                tuned: vec![],
                follows: vec![],
            },
            axes: None,
        }
    }

    /// A square base in its own singular basis: diag(sigma), with descending `sigma`. Turning W0 and W alike changes no cosine, so this is
    /// W0 = U0 diag(sigma) V0^T for any U0 and V0, when changes are given as U0^T dW V0. The base costs nothing, and a matrix is
    /// compared even where nothing changed: a dial that passes through zero shows the diagonal.
    pub fn along_axes(name: &str, layer: Option<u32>, kind: Option<&str>, sigma: &[f32]) -> Known {
        let mut w0 = Matrix::zeros(sigma.len(), sigma.len());
        w0.iter_mut()
            .step_by(sigma.len() + 1)
            .zip(sigma)
            .for_each(|(entry, sigma)| *entry = *sigma);
        Known {
            axes: Some(sigma.to_vec()),
            ..Known::new(name, layer, kind, &w0)
        }
    }

    /// Every tuned matrix against the base, which is decomposed once. `before`: the same model's look at the checkpoint before, where there
    /// is one.
    pub fn looks(&self, tunings: Vec<(Tuning, Option<&Look>)>) -> Vec<Look> {
        let (changes, before): (Vec<_>, Vec<_>) =
            tunings.into_iter().map(|(t, before)| (self.change(t), before)).unzip();
        let answers = match &self.axes {
            Some(sigma) => exact::along_axes(sigma, &self.weights, &changes),
            None => exact::compute(&self.weights, &changes, |_| true),
        };
        let look = |((change, mut answer), before): ((&Result<Change, Stop>, Answer), Option<&Look>)| {
            let vectors = answer.as_mut().ok().and_then(|a| a.as_mut()?.vectors.take());
            let entry = entry(&self.job, &self.weights, change, answer, Mode::Exact, true);
            let mut look = Look {
                entry: entry.unwrap_or_else(|stop| stopped(&self.job, &stop)),
                vectors,
            };
            look.entry.follows =
                before.and_then(|before| follows::follows([before, &look].map(|l| (&l.entry, &l.vectors))));
            look
        };
        changes.iter().zip(answers).zip(before).map(look).collect()
    }

    fn change(&self, tuning: Tuning) -> Result<Change<'static>, Stop> {
        match tuning {
            Tuning::Dense(w) if self.axes.is_some() => Ok(Change::Dense(Weights::of(&w))),
            Tuning::LowRank { b, a, scale } if self.axes.is_some() => Ok(Change::LowRank { b, a, scale }),
            Tuning::Dense(w) => {
                let tuned = Weights::of(&w);
                Ok(if tuned.equals(&self.weights) {
                    Change::Unchanged(None)
                } else {
                    Change::Dense(tuned)
                })
            }
            Tuning::LowRank { b, .. } if b.iter().all(|x| *x == 0.0) => Ok(Change::Unchanged(None)),
            Tuning::LowRank { b, a, scale } => Ok(Change::LowRank { b, a, scale }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;
    use crate::report::Status;

    #[test]
    fn a_low_rank_change_is_the_same_whether_merged_or_not_and_vectors_are_followed() {
        let (w0, b, a) = (random(40, 30, 1), random(40, 2, 2), random(2, 30, 3));
        let known = Known::new("w", Some(0), Some("q"), &w0);
        let merged = &w0 + &b * &a * 0.5;
        let low = || Tuning::LowRank {
            b: b.clone(),
            a: a.clone(),
            scale: 0.5,
        };
        let first = known.looks(vec![
            (Tuning::Dense(merged), None),
            (low(), None),
            (Tuning::Dense(w0.clone()), None),
        ]);
        let cosines = |look: &Look| look.entry.left.clone().unwrap().max_cos;
        assert!(
            cosines(&first[0])
                .iter()
                .zip(cosines(&first[1]))
                .all(|(x, y)| (x - y).abs() < 1e-4)
        );
        assert_eq!(first[2].entry.status, Status::Unchanged);
        assert_eq!(first[1].entry.delta.as_ref().unwrap().sigma.len(), 2);
        let same = known.looks(vec![(low(), Some(&first[0]))]);
        let follows = same[0].entry.follows.as_ref().unwrap();
        assert!((0..10).all(|j| follows.at(j, j) > 0.999));
    }
}
