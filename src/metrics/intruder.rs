//! Intruder dimensions (arXiv 2410.21228, section 3 and Fig. 4): tuned singular vectors, among the k strongest, that resemble
//! no pre-trained one.

use crate::report::{Match, Matrix, Settings, Side};

/// The score that decides for every tuned vector; for `Both` the larger of the two sides. None where it was not computed.
pub fn scores(matrix: &Matrix, side: Side) -> Option<Vec<f32>> {
    let of = |m: &Option<Match>| m.as_ref().map(|m| m.max_cos.clone());
    match side {
        Side::Left => of(&matrix.left),
        Side::Right => of(&matrix.right),
        Side::Both => Some(of(&matrix.left)?.iter().zip(of(&matrix.right)?).map(|(l, r)| l.max(r)).collect()),
    }
}

/// How many of the first `k` scores are strictly below `epsilon`.
///
/// Compared in f64, so that a threshold such as 0.3 means the same as in the paper's code.
pub fn count(scores: &[f32], k: u32, epsilon: f64) -> u32 {
    window(scores, k).iter().filter(|c| f64::from(**c) < epsilon).count() as u32
}

/// The scores that are looked at: the first k, or all where there are fewer.
pub fn window(scores: &[f32], k: u32) -> &[f32] {
    &scores[..scores.len().min(k as usize)]
}

/// The count of one matrix under the given settings; none where there are no scores.
pub fn intruders(matrix: &Matrix, settings: &Settings) -> Option<u32> {
    scores(matrix, settings.side).map(|s| count(&s, settings.k, settings.epsilon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_is_strict_and_stops_at_k() {
        let scores = [0.2, 0.5, 0.499, 0.1];
        assert_eq!(count(&scores, 3, 0.5), 2);
        assert_eq!(count(&scores, 10, 0.5), 3);
        assert_eq!(count(&scores, 0, 0.5), 0);
        assert_eq!(count(&[], 10, 1.0), 0);
        assert_eq!(count(&[1.0; 4], 4, 1.0), 0);
    }
}
