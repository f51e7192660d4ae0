//! One of the two fine-tunes of a training, with its numbers at every look.

use super::task::Examples;
use super::tune::{Tune, score};
use super::world::World;
use crate::analyze::{Known, Look, Tuning};
use crate::lesson::held;
use crate::linalg::Matrix;
use crate::metrics::intruder::{Intervals, Rule, count};
use crate::report::{self, Side as Vectors, Status};

/// The numbers of one look.
pub struct Seen {
    /// The step, counted over all tasks.
    pub step: u32,
    /// Held-out loss and accuracy of the task in hand.
    pub loss: f64,
    pub accuracy: f64,
    /// Task-1 loss, with the head of pre-training.
    pub forgetting: f64,
    /// The entries of the four matrices, against the pre-trained ones.
    pub matrices: Vec<report::Matrix>,
}

impl Seen {
    /// Intruders in all matrices.
    pub fn count(&self, k: u32, epsilon: f64) -> u32 {
        let rule = Rule::absolute(Vectors::Left);
        self.matrices
            .iter()
            .filter_map(|m| Intervals::of(m, rule))
            .map(|i| count(i.scores(), k, epsilon))
            .sum()
    }

    /// The mean over the matrices of what is known of their changes.
    pub fn mean(&self, of: impl Fn(&report::Delta) -> f64) -> f64 {
        let known: Vec<f64> = self.matrices.iter().filter_map(|m| m.delta.as_ref()).map(of).collect();
        known.iter().sum::<f64>() / known.len().max(1) as f64
    }
}

pub struct Side {
    pub tune: Tune,
    pub looks: Vec<Seen>,
    /// The analysis of the last look.
    last: Vec<Look>,
    /// Whether it ended at the target or gave up; None while it goes on with its task.
    pub reached: Option<bool>,
    /// The heads of the tasks learnt before, in order.
    pub heads: Vec<Matrix>,
    /// Steps of the tasks before.
    before: u32,
    /// Weights at some looks, to be saved: step, and the tune's own A and B where it has them.
    pub saved: Vec<(u32, Vec<Tuning>)>,
}

impl Side {
    pub fn new(tune: Tune) -> Side {
        Side {
            tune,
            looks: vec![],
            last: vec![],
            reached: None,
            heads: vec![],
            before: 0,
            saved: vec![],
        }
    }

    /// Steps over all tasks.
    pub fn step(&self) -> u32 {
        self.before + self.tune.step
    }

    /// Goes on with another task from where it is.
    pub fn next(&mut self, tune: Tune) {
        self.before = self.step();
        self.heads.push(std::mem::replace(&mut self.tune, tune).head);
        self.reached = None;
    }

    /// Matrix n as a change of the pre-trained one.
    pub fn tuning(&self, n: usize) -> Tuning {
        if self.heads.is_empty() {
            self.tune.tuning(n)
        } else {
            Tuning::Dense(self.tune.weights[n].clone())
        }
    }

    /// Looks at the network as it is. `keep`: the weights of this step are saved.
    pub fn look(&mut self, world: &World, held_out: &Examples, known: &[Known], keep: bool) {
        let (loss, accuracy) = score(&world.embedding, &self.tune.weights, &self.tune.head, held_out);
        let forgetting = world.forgetting(&self.tune.weights);
        let look = |(n, known): (usize, &Known)| known.looks(vec![(self.tuning(n), self.last.get(n))]).remove(0);
        let looks: Vec<Look> = known.iter().enumerate().map(look).collect();
        // The maps of the look before are not shown any more.
        self.looks
            .iter_mut()
            .rev()
            .take(1)
            .flat_map(|seen| &mut seen.matrices)
            .for_each(|m| m.similarity = None);
        let matrices = looks.iter().map(|l| held::leading(l.entry.clone())).collect();
        self.looks.push(Seen {
            step: self.step(),
            loss,
            accuracy,
            forgetting,
            matrices,
        });
        self.last = looks;
        if keep {
            self.saved
                .push((self.step(), (0..known.len()).map(|n| self.tuning(n)).collect()));
        }
    }

    /// The weights with the singular values of the intruders times `factor`: W + (factor - 1) u (uᵀ W) for every intruder's u.
    pub fn shrunk(&self, factor: f64, k: u32, epsilon: f64) -> Vec<Matrix> {
        let shrink = |(w, look): (&Matrix, &Look)| {
            let mut out = w.clone();
            let scores = Intervals::of(&look.entry, Rule::absolute(Vectors::Left))
                .into_iter()
                .flat_map(Intervals::scores);
            let places = scores
                .take(k as usize)
                .enumerate()
                .filter(|(_, c)| f64::from(*c) < epsilon)
                .map(|(j, _)| j);
            if let Some(vectors) = look.vectors.as_ref().filter(|_| look.entry.status == Status::Analyzed) {
                for u in places.filter(|j| *j < vectors.ncols()).map(|j| vectors.column(j)) {
                    out += u * (u.transpose() * w) * (factor - 1.0) as f32;
                }
            }
            out
        };
        self.tune.weights.iter().zip(&self.last).map(shrink).collect()
    }
}
