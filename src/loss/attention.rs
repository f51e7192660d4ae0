//! Attention of whole sequences: queries and keys turned by their positions, scores, softmax, values. Exact, without a cache.

use super::network::activation::exp;
use super::network::families::Order;
use super::network::{Block, Network};
use super::vectors::{largest, sum_of};
use crate::linalg::{Matrix, View, product};
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// Queries that are taken at once: of a causal network those behind them are not looked at.
const AT_ONCE: usize = 128;

/// Queries, keys and values of all sequences, `[outputs, columns]`.
pub struct Heads {
    pub query: Matrix,
    pub key: Matrix,
    pub value: Matrix,
}

impl Heads {
    /// The outputs of a joint matrix taken apart.
    pub fn of_joint(network: &Network, order: Order, joint: &Matrix) -> Heads {
        let [queries, keys, values] = network.parts();
        let width = network.head_width;
        let rows = |part: usize, count: usize| -> Vec<usize> {
            match order {
                Order::Blocks => {
                    let first = [0, queries, queries + keys][part];
                    (first..first + count).collect()
                }
                Order::ByHead => (0..count).map(|i| (i / width * 3 + part) * width + i % width).collect(),
            }
        };
        let pick = |part: usize, count: usize| joint.select_rows(&rows(part, count));
        Heads {
            query: pick(0, queries),
            key: pick(1, keys),
            value: pick(2, values),
        }
    }

    /// Turns queries and keys by the positions within each sequence; halves of a head make the pairs.
    pub fn turn(
        &mut self,
        turns: &HashMap<usize, Vec<(f32, f32)>>,
        pairs: usize,
        width: usize,
        sequences: &[Range<usize>],
    ) {
        for side in [&mut self.query, &mut self.key] {
            let rows = side.nrows();
            for range in sequences {
                let Some(turns) = turns.get(&range.len()) else { continue };
                let columns = &mut side.as_mut_slice()[range.start * rows..range.end * rows];
                columns
                    .par_chunks_exact_mut(rows)
                    .zip(turns.par_chunks_exact(pairs))
                    .with_min_len(AT_ONCE)
                    .for_each(|(column, turns)| {
                        for head in column.chunks_exact_mut(width) {
                            let (low, high) = head[..2 * pairs].split_at_mut(pairs);
                            for ((a, b), (cos, sin)) in low.iter_mut().zip(high).zip(turns) {
                                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                            }
                        }
                    });
            }
        }
    }

    /// The values that each token of each sequence gathers, `[heads x width, columns]`.
    pub fn attend(&self, network: &Network, block: &Block, at: usize, sequences: &[Range<usize>]) -> Matrix {
        let width = network.head_width;
        let shared = network.heads / network.key_heads;
        let depth = if network.scaled_by_depth { (at + 1) as f64 } else { 1.0 };
        let scale = (network.scale / depth) as f32;
        let seen = |j: usize, tokens: usize| seen(network.family.masked, block.window, j, tokens);
        let work: Vec<(usize, &Range<usize>, Range<usize>)> = sequences
            .iter()
            .flat_map(|range| some(range.len()).map(move |queries| (range, queries)))
            .flat_map(|(range, queries)| (0..network.heads).map(move |head| (head, range, queries.clone())))
            .collect();
        let gather = |(head, range, queries): &(usize, &Range<usize>, Range<usize>)| -> Matrix {
            let tokens = range.len();
            // What the first and the last of these queries look at, and all between.
            let keys = seen(queries.start, tokens).start..seen(queries.end - 1, tokens).end;
            let key = part(&self.key, range, &keys, head / shared, width);
            // A column per query.
            let mut scores: Matrix = product(key.t(), part(&self.query, range, queries, *head, width));
            let columns = scores.as_mut_slice().chunks_exact_mut(keys.len().max(1));
            for (j, column) in queries.clone().zip(columns) {
                let seen = seen(j, tokens);
                let seen = seen.start - keys.start..seen.end - keys.start;
                softmax(column, seen, scale, network.cap_scores);
            }
            product(part(&self.value, range, &keys, head / shared, width), &scores)
        };
        let parts: Vec<Matrix> = work.par_iter().map(gather).collect();
        let columns = sequences.last().map_or(0, |range| range.end);
        let mut all = Matrix::zeros(network.heads * width, columns);
        for ((head, range, queries), part) in work.iter().zip(&parts) {
            all.view_mut((head * width, range.start + queries.start), (width, queries.len()))
                .copy_from(part);
        }
        all
    }
}

/// Some tokens of a sequence in one head.
fn part<'a>(m: &'a Matrix, sequence: &Range<usize>, tokens: &Range<usize>, head: usize, width: usize) -> View<'a> {
    let columns = sequence.start + tokens.start..sequence.start + tokens.end;
    View::columns(m, columns).lines(head * width..(head + 1) * width)
}

/// Tokens, some at a time.
fn some(tokens: usize) -> impl Iterator<Item = Range<usize>> {
    (0..tokens)
        .step_by(AT_ONCE)
        .map(move |first| first..(first + AT_ONCE).min(tokens))
}

/// The tokens that token j looks at.
fn seen(masked: bool, window: Option<usize>, j: usize, tokens: usize) -> Range<usize> {
    match (masked, window) {
        (false, None) => 0..j + 1,
        (false, Some(window)) => (j + 1).saturating_sub(window)..j + 1,
        (true, None) => 0..tokens,
        (true, Some(side)) => j.saturating_sub(side)..(j + side + 1).min(tokens),
    }
}

/// Scores into weights that sum to 1 over what is seen, 0 elsewhere.
fn softmax(scores: &mut [f32], seen: Range<usize>, scale: f32, cap: Option<f32>) {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    let own = &mut scores[seen];
    own.iter_mut().for_each(|s| *s *= scale);
    if let Some(cap) = cap {
        own.iter_mut().for_each(|s| *s = (*s / cap).tanh() * cap);
    }
    let most = largest(own, f32::NEG_INFINITY);
    own.iter_mut().for_each(|s| *s = exp(*s - most));
    let by = (1.0 / sum_of(own, |s| s)) as f32;
    own.iter_mut().for_each(|s| *s *= by);
}
