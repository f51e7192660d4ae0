//! A cross-check of a certified bound, by base vectors that are known roughly and that the bound made no use of.
//!
//! A Ritz vector x at an angle of at most phi to a base vector says that the tuned vector's cosine with that one is at least
//! cos(angle(y, x) + phi + psi). The angle is an estimate, by the distance to the neighbouring Ritz values, so this proves nothing; but
//! a claim below it contradicts what the same run saw, and is not made.

use super::leading::Leading;

/// Vectors turned further than this say nothing.
const ROUGHLY: f64 = 0.3;

/// True where some roughly known base vector has a larger cosine than `upper`. `cosines` with the base's vectors; `turn` is psi.
pub fn refuted(cosines: &[f32], base: &Leading, turn: f64, upper: f64) -> bool {
    cosines.iter().zip(&base.turn).any(|(cosine, phi)| {
        let away = phi.asin() + turn;
        *phi < ROUGHLY && (f64::from(*cosine).min(1.0).acos() + away).cos() > upper + f64::from(f32::EPSILON) * 8.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;

    #[test]
    fn a_claim_below_what_a_ritz_vector_shows_is_refuted() {
        let base = Leading {
            sigma: vec![1.0, 0.5],
            theta: vec![1.0, 0.25],
            short: Matrix::zeros(0, 0),
            long: Matrix::zeros(0, 0),
            residual: vec![1e-6, 1e-2],
            turn: vec![1e-5, 0.05],
        };
        // The claim on a vector with cosine 0.816 to base vector 30.
        assert!(refuted(&[0.0, 0.816], &base, 1e-4, 0.235));
        assert!(!refuted(&[0.0, 0.816], &base, 1e-4, 0.82));
        assert!(
            !refuted(&[0.0, 0.3], &base, 0.5, 0.235),
            "the tuned vector itself is not known that well"
        );
        let rough = Leading {
            turn: vec![1e-5, 0.5],
            ..base
        };
        assert!(!refuted(&[0.0, 0.816], &rough, 1e-4, 0.235));
    }
}
