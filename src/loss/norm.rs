//! Norms over the width of a network, column by column; sums in double precision.

use super::network::families::Norm;

/// `columns` numbers after each other; `weight` of their length, `bias` as well where there is one.
pub fn norm(kind: Norm, epsilon: f64, columns: &mut [f32], weight: &[f32], bias: Option<&[f32]>) {
    let n = weight.len().max(1);
    for x in columns.chunks_exact_mut(n) {
        let mean = match kind {
            Norm::Layer => x.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64,
            Norm::Rms | Norm::RmsPlusOne => 0.0,
        };
        let squares: f64 = x.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum();
        let by = 1.0 / (squares / n as f64 + epsilon).sqrt();
        let more = if kind == Norm::RmsPlusOne { 1.0 } else { 0.0 };
        for (x, w) in x.iter_mut().zip(weight) {
            *x = ((f64::from(*x) - mean) * by) as f32 * (w + more);
        }
        for (x, b) in x.iter_mut().zip(bias.into_iter().flatten()) {
            *x += b;
        }
    }
}
