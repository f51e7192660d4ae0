//! Norms over the width of a network, column by column; sums in double precision.

use super::network::families::Norm;
use super::vectors::{double_sum_of, in_columns};

/// `columns` numbers after each other; `weight` of their length, `bias` as well where there is one.
pub fn norm(kind: Norm, epsilon: f64, columns: &mut [f32], weight: &[f32], bias: Option<&[f32]>) {
    let n = weight.len().max(1);
    in_columns(columns, n, |x| {
        let mean = match kind {
            Norm::Layer => double_sum_of(x, |x| x) / n as f64,
            Norm::Rms | Norm::RmsPlusOne => 0.0,
        };
        let squares: f64 = double_sum_of(x, |x| (x - mean) * (x - mean));
        let by = 1.0 / (squares / n as f64 + epsilon).sqrt();
        let more = if kind == Norm::RmsPlusOne { 1.0 } else { 0.0 };
        for (x, w) in x.iter_mut().zip(weight) {
            *x = ((f64::from(*x) - mean) * by) as f32 * (w + more);
        }
        for (x, b) in x.iter_mut().zip(bias.into_iter().flatten()) {
            *x += b;
        }
    });
}
