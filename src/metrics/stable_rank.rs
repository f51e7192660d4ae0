//! Frobenius norm and stable rank (Rudelson and Vershynin 2007), from singular values.

/// sqrt(sum sigma^2), summed in f64.
pub fn frobenius(sigma: &[f32]) -> f64 {
    sigma.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt()
}

/// ||M||_F^2 / sigma_1^2; 0 for a zero matrix. `sigma` descends.
pub fn stable_rank(sigma: &[f32]) -> f64 {
    match sigma.first() {
        Some(first) if *first > 0.0 => sigma.iter().map(|s| (f64::from(*s) / f64::from(*first)).powi(2)).sum(),
        _ => 0.0,
    }
}

/// The largest singular value from the other two numbers: sigma_1 = ||M||_F / sqrt(stable rank); 0 for a zero matrix.
pub fn largest(frobenius: f64, stable_rank: f64) -> f64 {
    if stable_rank > 0.0 {
        frobenius / stable_rank.sqrt()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!((stable_rank(&[]), stable_rank(&[0.0])), (0.0, 0.0));
        assert!((stable_rank(&[1e-30; 5]) - 5.0).abs() < 1e-9);
        assert_eq!(stable_rank(&[4.0, 0.0]), 1.0);
        assert!((frobenius(&[3.0, 4.0]) - 5.0).abs() < 1e-12);
        assert_eq!(largest(0.0, 0.0), 0.0);
        assert!((largest(frobenius(&[4.0, 3.0]), stable_rank(&[4.0, 3.0])) - 4.0).abs() < 1e-12);
    }
}
