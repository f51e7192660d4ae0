//! From the last block to the loss of every target: the head's logits in slices of the vocabulary, log-softmax summed up slice by slice.

use super::network::activation::exp;
use super::vectors::{largest, sum_of};
use crate::linalg::Matrix;
use rayon::prelude::*;

/// -ln softmax of one token, on the way through the vocabulary.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    most: f32,
    /// Of exp(logit - most).
    sum: f64,
    /// The logit of the token itself.
    own: f32,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally {
            most: f32::NEG_INFINITY,
            sum: 0.0,
            own: f32::NEG_INFINITY,
        }
    }
}

impl Tally {
    /// Takes in the logits of the words from `first` on.
    fn add(&mut self, logits: &mut [f32], first: usize, id: u32, cap: Option<f32>) {
        if let Some(cap) = cap {
            logits.iter_mut().for_each(|x| *x = (*x / cap).tanh() * cap);
        }
        if let Some(own) = (id as usize).checked_sub(first).and_then(|at| logits.get(at)) {
            self.own = *own;
        }
        let most = largest(logits, self.most);
        self.sum *= f64::from(self.most - most).exp();
        self.most = most;
        self.sum += sum_of(logits, |x| exp(x - most));
    }

    /// In nats.
    pub fn loss(&self) -> f64 {
        self.sum.ln() + f64::from(self.most) - f64::from(self.own)
    }
}

/// A slice of the logits, `[words, targets]`, taken into every target's tally. `ids`: of the targets.
pub fn take(tallies: &mut [Tally], logits: &mut Matrix, first: usize, ids: &[u32], cap: Option<f32>) {
    let words = logits.nrows().max(1);
    logits
        .as_mut_slice()
        .par_chunks_exact_mut(words)
        .zip(tallies.par_iter_mut())
        .zip(ids)
        .for_each(|((logits, tally), id)| tally.add(logits, first, *id, cap));
}
