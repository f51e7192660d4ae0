//! The best match of every tuned singular vector among all base vectors: c_j = max_i |u0_i . u_j| (arXiv 2410.21228, Fig. 4), and what
//! the figure says exactly, max_i u0_i . u_j with the signs that a decomposition happens to give.

/// One entry per column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Best {
    /// The largest absolute value, in [0, 1].
    pub cos: Vec<f32>,
    /// Its row.
    pub row: Vec<u32>,
    /// The largest value, in [-1, 1].
    pub signed: Vec<f32>,
}

/// The best match of every column of `cosines` (`rows` x any, column-major, base vectors down the rows).
///
/// The first row wins a tie. Values are clipped to 1: rounding may push the cosine of two equal unit vectors above it.
pub fn best_match(cosines: &[f32], rows: usize) -> Best {
    let mut best = Best::default();
    if rows == 0 {
        return best;
    }
    for column in cosines.chunks_exact(rows) {
        let (mut cos, mut row, mut signed) = (-1.0f32, 0u32, -1.0f32);
        for (i, c) in column.iter().enumerate() {
            if c.abs() > cos {
                (cos, row) = (c.abs(), i as u32);
            }
            signed = signed.max(*c);
        }
        best.cos.push(cos.clamp(0.0, 1.0));
        best.row.push(row);
        best.signed.push(signed.min(1.0));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_maximum_of_each_column_and_clips_rounding() {
        let best = best_match(&[0.1, 0.9, 0.2, 1.000001, 0.3, 0.3], 3);
        assert_eq!(
            best,
            Best {
                cos: vec![0.9, 1.0],
                row: vec![1, 0],
                signed: vec![0.9, 1.0]
            }
        );
        assert_eq!(best_match(&[], 0), Best::default());
    }

    #[test]
    fn a_turned_vector_is_its_own_best_match_but_for_its_sign() {
        let best = best_match(&[0.1, -0.98, 0.2, -0.3, -0.4, -0.5], 3);
        assert_eq!(
            best,
            Best {
                cos: vec![0.98, 0.5],
                row: vec![1, 2],
                signed: vec![0.2, -0.3]
            }
        );
    }
}
