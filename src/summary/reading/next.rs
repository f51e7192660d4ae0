//! The next things to look at: the matrix with the weakest match, and the threshold where the count depends on it.

use super::Next;
use super::facts::Facts;
use crate::print::{count, fixed, interval};
use crate::series::place;

pub(super) fn next(facts: &Facts) -> Vec<Next> {
    if facts.empty() || facts.unchanged() {
        return Vec::new();
    }
    let matrix = facts.weakest().map(|(matrix, (low, high))| {
        let [low, high] = [low, high].map(f64::from);
        let positive = low > 0.0 || low == high;
        Next {
            text: format!(
                "The weakest match, {}, is in {}.",
                interval(fixed(low, 2), fixed(high, 2), positive),
                place(matrix)
            ),
            matrix: Some(matrix.name.clone()),
            epsilon: None,
        }
    });
    let [own, low, high] = facts.seen.below;
    let (below, above) = facts.around();
    let words = |n: u32, at: f64| Next {
        text: format!(
            "ε = {at:.2} counts {} instead of {}.",
            count(n.into()),
            count(own.into())
        ),
        matrix: None,
        epsilon: Some(at),
    };
    let slider = match (below, above) {
        (Some(at), _) if facts.hangs_on_epsilon() => Some(words(low, at)),
        // At ε = 1 every vector that moved at all counts.
        (_, Some(at)) if own == 0 && high > 0 && at < 1.0 => Some(words(high, at)),
        _ => None,
    };
    matrix.into_iter().chain(slider).collect()
}
