//! Null distribution of a best match, for a direction that knows nothing of the base: max over n of |cos| of a random unit vector in R^d.
//!
//! Each |cos|^2 is Beta(1/2, (d-1)/2); the n cosines are taken as independent, so the maximum has distribution F(t)^n. Its mean is about
//! sqrt(2 ln n / d). Only of few dimensions are the cosines with a whole basis far from independent; there the distribution is exact.

use super::intruder::Rule;
use super::sphere::Coordinates;
use crate::report::{Cosine, Matrix, Side};

/// Quantiles of the best match of a random vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NullBand {
    /// 5 %.
    pub low: f64,
    /// 50 %.
    pub middle: f64,
    /// 95 %.
    pub high: f64,
}

/// Below this many dimensions the coordinates of a unit vector are not taken as independent. From here on the median is right to 3 %, and
/// the better the more there are.
const FEW: u32 = 32;

/// The best match of random vectors of a matrix `[rows, cols]`, whose n = min(rows, cols) base vectors live in R^rows (left) or
/// R^cols (right). For both sides, the larger of two independent ones. None for an empty matrix.
pub fn null_band(matrix: &Matrix, rule: Rule) -> Option<NullBand> {
    let dimensions: &[u32] = match rule.side {
        Side::Left => &[matrix.rows],
        Side::Right => &[matrix.cols],
        Side::Both => &[matrix.rows, matrix.cols],
    };
    random_match(matrix.rows.min(matrix.cols), dimensions, rule.cosine)
}

/// The best match of a random vector among n base vectors in R^d; with several `dimensions` the largest of as many independent ones. None
/// where there is no base vector.
pub fn random_match(n: u32, dimensions: &[u32], cosine: Cosine) -> Option<NullBand> {
    if n == 0 {
        return None;
    }
    let whole = |d: &u32| (*d == n && (2..FEW).contains(d)).then(|| Coordinates::new(n, cosine));
    let spaces: Vec<(u32, Option<Coordinates>)> = dimensions.iter().map(|d| (*d, whole(d))).collect();
    let one = |t: f64, d: u32| match cosine {
        Cosine::Absolute => below(t, d),
        // With its sign x is as often below -t as above t.
        Cosine::Signed => 0.5 + 0.5 * below(t.abs(), d).copysign(t),
    };
    let all = |t: f64, (d, few): &(u32, Option<Coordinates>)| match few {
        Some(few) => few.below(t),
        None => one(t, *d).powf(f64::from(n)),
    };
    let cdf = |t: f64| spaces.iter().map(|space| all(t, space)).product::<f64>();
    let quantile = |p: f64| {
        let (mut lo, mut hi) = (if cosine == Cosine::Signed { -1.0 } else { 0.0 }, 1.0);
        for _ in 0..24 {
            let mid = 0.5 * (lo + hi);
            if cdf(mid) < p { lo = mid } else { hi = mid }
        }
        0.5 * (lo + hi)
    };
    Some(NullBand {
        low: quantile(0.05),
        middle: quantile(0.5),
        high: quantile(0.95),
    })
}

/// P(|x| <= t) for one coordinate x of a random unit vector in R^d: the integral of cos^(d-2) over angles up to asin t, by Simpson.
fn below(t: f64, d: u32) -> f64 {
    if d <= 1 || t >= 1.0 {
        return if t >= 1.0 { 1.0 } else { 0.0 };
    }
    let d = f64::from(d);
    // Beyond this angle the density is below e^-40 of its peak.
    let whole = (9.0 / d.sqrt()).min(std::f64::consts::FRAC_PI_2);
    let part = t.asin();
    if part >= whole {
        return 1.0;
    }
    let area = |to: f64| {
        const N: u32 = 64;
        let h = to / f64::from(N);
        let sum: f64 = (0..=N)
            .map(|i| {
                let weight = if i == 0 || i == N {
                    1.0
                } else {
                    f64::from(2 + 2 * (i % 2))
                };
                weight * (f64::from(i) * h).cos().max(0.0).powf(d - 2.0)
            })
            .sum();
        sum * h / 3.0
    };
    // The tail, not the body, decides F(t)^n.
    (area(part) / area(whole)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn agrees_with_the_normal_tail_in_many_dimensions() {
        // x sqrt(d) is nearly normal: P(|z| <= 1.96) = 0.95, P(|z| <= 3.5) = 0.999535.
        assert!((below(1.96 / 4096f64.sqrt(), 4096) - 0.95).abs() < 1e-3);
        assert!((below(3.5 / 4096f64.sqrt(), 4096) - 0.999535).abs() < 2e-5);
    }

    #[test]
    fn exact_on_the_circle_and_the_sphere() {
        assert!(
            (below(0.5, 2) - 1.0 / 3.0).abs() < 1e-6,
            "angle is uniform in the plane"
        );
        assert!((below(0.5, 3) - 0.5).abs() < 1e-6, "height is uniform on the sphere");
    }
}
