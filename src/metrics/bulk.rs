//! The bulk of W0's spectrum, all its singular values behind the window, and what it does to a direction that knows nothing of W0.
//!
//! A change theta u v^T with such u and v moves a singular value z out of the bulk where D(z) = 1 / theta^2 (Benaych-Georges and Nadakuditi 2012),
//! with the rectangular transform of a matrix of M rows and N columns (M <= N),
//!
//! ```text
//! D(z) = phi(z) psi(z),   phi(z) = 1/M sum z / (z^2 - s^2),   psi(z) = 1/N (sum z / (z^2 - s^2) + (N - M) / z)
//! ```
//!
//! The sums are over the bulk, and M and N are whole: a direction that knows nothing of W0 has the window's share of itself inside the window, and with
//! that it reaches nothing behind it. What of the window z has passed stands in the sums as zeros: the direction has that part too, and far outside it
//! is itself. (As poles they would hold z between them, which is the place of a vector among its neighbours and no share of the bulk.)
//!
//! The vectors of the new value have the squared cosines -2 phi / (theta^2 D') with u, on the side of the M, and -2 psi / (theta^2 D') with v, on
//! that of the N (theorem 2.10 there). What is left of them is spread over the base's vectors.
//!
//! Exact mode knows every value. Of certified mode the values behind the leading ones are a [measure](crate::report::Bulk) with a standard error.

use crate::report::{self, Matrix};

/// The bulk behind a window.
pub struct Bulk<'a> {
    /// The weakest singular value of the window.
    weakest: f64,
    window: &'a [f32],
    /// Values that are known one by one.
    known: &'a [f32],
    rest: Option<&'a report::Bulk>,
    /// M and N.
    short: f64,
    long: f64,
    /// The left vectors are those of the short side.
    left_is_short: bool,
}

/// The bulk's transform at one place.
struct Transform {
    phi: f64,
    psi: f64,
    slope: f64,
    /// The relative standard error of D = phi psi.
    error: f64,
}

/// Where a new direction lands, and how much of it is in the vectors there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landing {
    pub sigma: f64,
    /// The cosine of its left vector with the direction's own, and of its right one.
    pub left: f64,
    pub right: f64,
}

/// z / (z^2 - s^2) and its derivative by z; where s is not below z there is no gap, and any direction enters.
fn pole(z: f64, s: f64) -> (f64, f64) {
    let gap = (z - s) * (z + s);
    if gap > 0.0 {
        (z / gap, -(z * z + s * s) / (gap * gap))
    } else {
        (f64::INFINITY, f64::NEG_INFINITY)
    }
}

fn sum(of: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    of.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y))
}

impl<'a> Bulk<'a> {
    /// The bulk of a matrix whose window has `k` vectors. None where the report does not know it, or the window holds all.
    pub fn of(matrix: &'a Matrix, k: u32) -> Option<Bulk<'a>> {
        let all = matrix.rows.min(matrix.cols) as usize;
        let sigma = &matrix.sigma_base;
        if sigma.len() >= all {
            return Bulk::whole(sigma, (matrix.rows, matrix.cols), k);
        }
        let rest = matrix.bulk.as_ref().filter(|rest| rest.probes.len() > 1)?;
        let known = sigma.get(..rest.leading as usize)?;
        Some(Bulk {
            rest: Some(rest),
            ..Bulk::whole(known, (matrix.rows, matrix.cols), k)?
        })
    }

    /// `sigma`: all singular values, descending.
    pub fn whole(sigma: &'a [f32], (rows, cols): (u32, u32), k: u32) -> Option<Bulk<'a>> {
        let (window, known) = sigma.split_at_checked(k as usize)?;
        let weakest = f64::from(*window.last()?);
        (weakest > 0.0 && rows.min(cols) > k).then(|| Bulk {
            weakest,
            window,
            known,
            rest: None,
            short: rows.min(cols).into(),
            long: rows.max(cols).into(),
            left_is_short: rows <= cols,
        })
    }

    fn at(&self, z: f64) -> Transform {
        let known = sum(self.known.iter().map(|s| pole(z, f64::from(*s))));
        let probes = self.rest.iter().flat_map(|rest| &rest.probes).map(|probe| {
            sum(probe.sigma.iter().zip(&probe.count).map(|(s, count)| {
                let (value, slope) = pole(z, f64::from(*s));
                let times = |x: f64| if *count > 0.0 { f64::from(*count) * x } else { 0.0 };
                (times(value), times(slope))
            }))
        });
        let each: Vec<(f64, f64)> = probes.collect();
        let n = each.len().max(1) as f64;
        let mean = sum(each.iter().copied());
        let mean = (mean.0 / n, mean.1 / n);
        let variance = each.iter().map(|(x, _)| (x - mean.0).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let passed = self.window.iter().filter(|s| f64::from(**s) < z).count() as f64 / z;
        let (poles, slopes) = (known.0 + mean.0 + passed, known.1 + mean.1 - passed / z);
        let null = (self.long - self.short) / z;
        let (phi, psi) = (poles / self.short, (poles + null) / self.long);
        let error = (variance / n).sqrt() / poles;
        Transform {
            phi,
            psi,
            slope: slopes / self.short * psi + phi * (slopes - null / z) / self.long,
            error: error * (1.0 + poles / (poles + null)),
        }
    }

    /// theta*_k, the least strength at which a new direction is among the k strongest, and its relative standard error, 0 where every value is known.
    pub fn threshold(&self) -> Option<(f64, f64)> {
        let Transform { phi, psi, error, .. } = self.at(self.weakest);
        let error = if error.is_finite() { 0.5 * error } else { 0.0 };
        Some(((phi * psi).powf(-0.5), error)).filter(|(theta, _)| theta.is_finite())
    }

    /// The place of a direction of strength `theta`; None below the threshold, where it stays behind the window.
    pub fn landing(&self, theta: f64) -> Option<Landing> {
        let (threshold, _) = self.threshold()?;
        if !(theta.is_finite() && theta >= threshold && theta > 0.0) {
            return None;
        }
        let wanted = (theta * theta).recip();
        // D falls, and at a distance of theta from the bulk both its factors are below 1 / theta.
        let (mut low, mut high) = (self.weakest, self.weakest + theta);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let Transform { phi, psi, .. } = self.at(middle);
            if phi * psi > wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        let Transform { phi, psi, slope, .. } = self.at(high);
        let cosine = |factor: f64| (-2.0 * factor * wanted / slope).clamp(0.0, 1.0).sqrt();
        let (short, long) = (cosine(phi), cosine(psi));
        let (left, right) = if self.left_is_short {
            (short, long)
        } else {
            (long, short)
        };
        Some(Landing {
            sigma: high,
            left,
            right,
        })
        .filter(|landing| [landing.sigma, left, right].iter().all(|x| x.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Probe;
    use std::f64::consts::PI;

    /// The singular values of a large matrix of independent numbers of variance 1 / N, M rows and N columns: the quantiles of Marchenko and
    /// Pastur's law with ratio c = M / N, on [1 - sqrt c, 1 + sqrt c].
    pub fn noise(m: usize, c: f64) -> Vec<f32> {
        let (a, b) = ((1.0 - c.sqrt()).max(0.0), 1.0 + c.sqrt());
        let density = |s: f64| ((b * b - s * s) * (s * s - a * a)).max(0.0).sqrt() / (PI * c * s.max(1e-12));
        // By angles, so that the roots at both ends are smooth.
        let (steps, mut below, mut at) = (200_000, 0.0, Vec::new());
        let place = |t: f64| 0.5 * (a + b) - 0.5 * (b - a) * (PI * t).cos();
        let mut wanted = 0.5 / m as f64;
        for i in 0..steps {
            let t = (i as f64 + 0.5) / steps as f64;
            below += density(place(t)) * 0.5 * (b - a) * PI * (PI * t).sin() / steps as f64;
            while below >= wanted && at.len() < m {
                at.push(place(t) as f32);
                wanted += 1.0 / m as f64;
            }
        }
        at.resize(m, b as f32);
        at.reverse();
        at
    }

    /// Where noise ends, and a window of one value just outside.
    fn planted(m: usize, c: f64) -> (Vec<f32>, (u32, u32)) {
        let mut sigma = vec![(1.0 + c.sqrt()) as f32 * 1.02];
        sigma.extend(noise(m, c));
        (sigma, (m as u32 + 1, (m as f64 / c).round() as u32 + 1))
    }

    /// Section 3.1 there: rho = sqrt((1 + t^2)(c + t^2)) / t, and the squared cosines on both sides.
    fn closed(t: f64, c: f64) -> (f64, f64, f64) {
        let t2 = t * t;
        let rho = ((1.0 + t2) * (c + t2)).sqrt() / t;
        let (short, long) = (
            1.0 - c * (1.0 + t2) / (t2 * (t2 + c)),
            1.0 - (c + t2) / (t2 * (t2 + 1.0)),
        );
        (rho, short.sqrt(), long.sqrt())
    }

    fn near(found: f64, wanted: f64, part: f64) -> bool {
        (found / wanted - 1.0).abs() < part
    }

    #[test]
    fn a_spike_in_noise_lands_where_the_closed_form_says() {
        for c in [1.0, 0.5, 0.2] {
            let (sigma, shape) = planted(3000, c);
            for t in [1.4, 2.0, 3.5] {
                let (rho, short, long) = closed(t, c);
                for (rows, cols) in [shape, (shape.1, shape.0)] {
                    let bulk = Bulk::whole(&sigma, (rows, cols), 1).unwrap();
                    let found = bulk.landing(t).unwrap();
                    let (left, right) = if rows <= cols { (short, long) } else { (long, short) };
                    assert!(
                        near(found.sigma, rho, 0.01) && near(found.left, left, 0.01) && near(found.right, right, 0.01),
                        "c = {c}, theta = {t}: {found:?}, not {:?}",
                        (rho, left, right)
                    );
                }
            }
        }
    }

    #[test]
    fn what_lands_at_the_weakest_of_the_window_has_the_strength_of_the_threshold() {
        let (sigma, shape) = planted(500, 0.5);
        let bulk = Bulk::whole(&sigma, shape, 1).unwrap();
        let (theta, error) = bulk.threshold().unwrap();
        assert_eq!(error, 0.0);
        let landing = bulk.landing(theta * (1.0 + 1e-9)).unwrap();
        // Having passed the one value of the window it stands a little higher.
        assert!(landing.sigma >= f64::from(sigma[0]) && near(landing.sigma, f64::from(sigma[0]), 0.01));
        assert_eq!(bulk.landing(theta * 0.999), None);
        assert!(bulk.landing(f64::NAN).is_none() && bulk.landing(f64::INFINITY).is_none());
        // Far outside it is the direction itself.
        let far = bulk.landing(1e4).unwrap();
        assert!(near(far.sigma, 1e4, 1e-6) && far.left > 0.9999 && far.right > 0.9999);
    }

    #[test]
    fn probes_stand_for_the_values_they_were_made_of() {
        let (sigma, (rows, cols)) = planted(400, 0.5);
        let whole = Bulk::whole(&sigma, (rows, cols), 4).unwrap();
        let probe = |off: f32| Probe {
            sigma: sigma[12..].iter().map(|s| s * off).collect(),
            count: vec![1.0; sigma.len() - 12],
        };
        let stored = report::Bulk {
            leading: 12,
            probes: vec![probe(0.99), probe(1.01)],
        };
        let known = Bulk {
            rest: Some(&stored),
            ..Bulk::whole(&sigma[..12], (rows, cols), 4).unwrap()
        };
        let ((all, none), (about, error)) = (whole.threshold().unwrap(), known.threshold().unwrap());
        assert!(
            none == 0.0 && error > 0.0 && near(about, all, 2.0 * error),
            "{about} ± {error}: {all}"
        );
    }

    #[test]
    fn zero_identity_and_rank_one() {
        let of = |sigma: &[f32], k| Bulk::whole(sigma, (4, 4), k).and_then(|bulk| bulk.threshold());
        assert_eq!(of(&[0.0; 4], 2), None);
        assert_eq!(of(&[1.0; 4], 4), None, "the window holds all");
        assert_eq!(of(&[1.0; 4], 9), None);
        assert_eq!(of(&[1.0; 4], 2).map(|t| t.0), Some(0.0), "any direction enters a tie");
        // Beside nothing a direction that has passed the window is itself.
        let alone = Bulk::whole(&[3.0, 0.0, 0.0, 0.0], (4, 4), 1)
            .unwrap()
            .landing(4.0)
            .unwrap();
        assert!(near(alone.sigma, 4.0, 1e-9) && near(alone.left, 1.0, 1e-9), "{alone:?}");
        // A tie, and what a file may hold: no number, and no panic.
        for sigma in [
            [1.0, 1.0, 1.0, 1.0],
            [1.0, 2.0, f32::MAX, 0.0],
            [f32::MIN_POSITIVE, 0.0, 0.0, 0.0],
        ] {
            let bulk = Bulk::whole(&sigma, (4, 4), 1).unwrap();
            for theta in [0.0, 1e-300, 1.0, 1e300] {
                let found = bulk.landing(theta);
                assert!(
                    found.is_none_or(|l| l.sigma.is_finite() && l.left <= 1.0),
                    "{sigma:?} {theta}"
                );
            }
        }
    }
}
