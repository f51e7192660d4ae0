//! The exact distribution of the largest coordinate of a random unit vector, for few dimensions. Coordinates there are far from independent:
//! in the plane the largest |x_i| is never below 0.71, where independent ones would be below 0.34 once in twenty.

use crate::report::Cosine;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// Steps of the table, and of the integral over one angle.
const POINTS: usize = 128;
const ANGLES: usize = 48;

/// P(all coordinates <= t) of a random unit vector in R^d, or of their absolute values, as a table over t.
///
/// With x_1 = sin(phi) the other coordinates are cos(phi) times a random unit vector in R^(d-1), and phi has density cos^(d-2):
/// P_d(t) is the mean of P_(d-1)(t / cos(phi)) over the angles with x_1 <= t.
pub struct Coordinates {
    cosine: Cosine,
    table: Vec<f64>,
}

impl Coordinates {
    /// For d >= 2.
    pub fn new(d: u32, cosine: Cosine) -> Coordinates {
        let mut table = Coordinates {
            cosine,
            table: Vec::new(),
        };
        table.table = table.each(|t| table.in_the_plane(t));
        for d in 3..=d {
            let power = d as i32 - 2;
            let whole = 2.0 * over(0.0, FRAC_PI_2, |phi| phi.cos().powi(power));
            table.table = table.each(|t| {
                let share = |phi: f64| phi.cos().powi(power) * table.below(t / phi.cos());
                let inside = match cosine {
                    Cosine::Absolute => 2.0 * over(0.0, t.asin(), share),
                    Cosine::Signed => over(-FRAC_PI_2, t.asin(), share),
                };
                (inside / whole).min(1.0)
            });
        }
        table
    }

    fn least(&self) -> f64 {
        if self.cosine == Cosine::Signed { -1.0 } else { 0.0 }
    }

    fn each(&self, f: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..=POINTS)
            .map(|i| f(self.least() + (1.0 - self.least()) * i as f64 / POINTS as f64))
            .collect()
    }

    fn in_the_plane(&self, t: f64) -> f64 {
        // The arcs that are too near an axis have this half width.
        let arc = t.clamp(-1.0, 1.0).acos();
        let outside = match self.cosine {
            Cosine::Absolute => 4.0 * arc / PI,
            Cosine::Signed if arc <= FRAC_PI_4 => 2.0 * arc / PI,
            Cosine::Signed => 0.25 + arc / PI,
        };
        (1.0 - outside).max(0.0)
    }

    /// P_d(t).
    pub fn below(&self, t: f64) -> f64 {
        let place = (t - self.least()) / (1.0 - self.least()) * POINTS as f64;
        if place <= 0.0 {
            return 0.0;
        }
        let i = place as usize;
        match (self.table.get(i), self.table.get(i + 1)) {
            (Some(here), Some(next)) => here + (next - here) * (place - i as f64),
            _ => 1.0,
        }
    }
}

/// The integral by the midpoint rule.
fn over(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let step = (to - from) / ANGLES as f64;
    (0..ANGLES).map(|i| f(from + (i as f64 + 0.5) * step)).sum::<f64>() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_where_it_is_known() {
        // Caps that do not meet, of height 1 - t, three or six of them: what is left of the sphere.
        let (absolute, signed) = (
            Coordinates::new(3, Cosine::Absolute),
            Coordinates::new(3, Cosine::Signed),
        );
        for t in [0.75, 0.85, 0.95] {
            assert!(
                (absolute.below(t) - (1.0 - 3.0 * (1.0 - t))).abs() < 2e-3,
                "{}",
                absolute.below(t)
            );
            assert!(
                (signed.below(t) - (1.0 - 1.5 * (1.0 - t))).abs() < 2e-3,
                "{}",
                signed.below(t)
            );
        }
        for d in 2..8 {
            let floor = f64::from(d).sqrt().recip();
            assert!(
                Coordinates::new(d, Cosine::Absolute).below(floor - 0.01) < 2e-3,
                "no vector is more alone than 1/sqrt(d)"
            );
            let orthant = 0.5f64.powi(d as i32);
            assert!(
                (Coordinates::new(d, Cosine::Signed).below(0.0) - orthant).abs() < 5e-3,
                "an orthant in 2^d"
            );
        }
    }
}
