//! The best match of every tuned singular vector among all base vectors: c_j = max_i |u0_i . u_j| (arXiv 2410.21228, Fig. 4).

/// For every column of `cosines` (`rows` x any, column-major, base vectors down the rows): the largest value and its row.
///
/// The first row wins a tie. Values are clipped to 1: rounding may push the cosine of two equal unit vectors above it.
pub fn best_match(cosines: &[f32], rows: usize) -> (Vec<f32>, Vec<u32>) {
    if rows == 0 {
        return (Vec::new(), Vec::new());
    }
    cosines
        .chunks_exact(rows)
        .map(|column| {
            let mut best = (-1.0f32, 0u32);
            for (i, c) in column.iter().enumerate() {
                if *c > best.0 {
                    best = (*c, i as u32);
                }
            }
            (best.0.clamp(0.0, 1.0), best.1)
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_maximum_of_each_column_and_clips_rounding() {
        let (c, i) = best_match(&[0.1, 0.9, 0.2, 1.000001, 0.3, 0.3], 3);
        assert_eq!((c, i), (vec![0.9, 1.0], vec![1, 0]));
        assert_eq!(best_match(&[], 0), (vec![], vec![]));
    }
}
