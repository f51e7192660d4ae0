//! Spearman's rank correlation (1904): Pearson's of the ranks, equal values sharing the mean of theirs.

/// None for fewer than four pairs, which say nothing, or where one side is all equal.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 4 {
        return None;
    }
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let rank = |x: &f64| {
            let below = values.iter().filter(|y| *y < x).count() as f64;
            let equal = values.iter().filter(|y| *y == x).count() as f64;
            below + 0.5 * (equal - 1.0)
        };
        values.iter().map(rank).collect()
    };
    let a = ranks(pairs.iter().map(|p| p.0).collect());
    let b = ranks(pairs.iter().map(|p| p.1).collect());
    let middle = 0.5 * (pairs.len() - 1) as f64;
    let sum = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum() };
    let found = sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt();
    found.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are those of `scipy.stats.spearmanr`.
    #[test]
    fn ranks_decide_and_ties_share_theirs() {
        let of = |a: &[f64], b: &[f64]| spearman(&a.iter().copied().zip(b.iter().copied()).collect::<Vec<_>>());
        assert_eq!(of(&[1.0, 2.0, 30.0, 400.0], &[1.0, 4.0, 9.0, 16.0]), Some(1.0));
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0], &[8.0, 6.0, 4.0, 2.0]), Some(-1.0));
        let tied = of(&[0.0, 2.0, 2.0, 5.0, 1.0], &[0.1, 0.7, 0.3, 0.4, 0.4]).unwrap();
        assert!((tied - 0.526_315_789_474).abs() < 1e-9, "{tied}");
        assert_eq!(of(&[1.0, 1.0, 1.0, 1.0], &[1.0, 2.0, 3.0, 4.0]), None);
        assert_eq!(of(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), None);
    }
}
