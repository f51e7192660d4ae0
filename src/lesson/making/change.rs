//! The change of W0 in this lesson, in W0's singular basis, where W0 = diag(sigma).

use super::super::drawn::unit;
use crate::linalg::Matrix;
use std::ops::Range;

pub enum Change {
    /// + lambda u v^T; `u` is `[n, 1]`, `v` `[1, n]`.
    Planted { u: Matrix, v: Matrix },
    /// The singular vectors of `group`, on both sides alike, are turned among themselves.
    Turned { group: Range<usize> },
}

/// The first of the tied vectors: the strongest of all stays as it is.
const FIRST: usize = 1;
/// By how much of itself a tied value differs from the next: a tie is below 1e-3, and what rounding to f32 turns is 1e-7 over this.
const STEP: f64 = 4e-4;

impl Change {
    pub fn planted(n: usize, seed: u32) -> Change {
        Change::Planted {
            u: unit(n, seed, 0),
            v: unit(n, seed, 1).transpose(),
        }
    }

    /// Makes the values of the group nearly equal; `size` is a power of two.
    pub fn turned(sigma: &mut [f32], size: usize) -> Change {
        let group = FIRST..FIRST + size;
        let tie = f64::from(sigma[group.start]);
        for (step, value) in sigma[group.clone()].iter_mut().enumerate() {
            *value = (tie * (1.0 - STEP * step as f64)) as f32;
        }
        Change::Turned { group }
    }

    /// dW = b a as `[b, a]`, at lambda in units of sigma_1 or at an angle in degrees.
    pub fn factors(&self, at: f64, sigma: &[f32]) -> [Matrix; 2] {
        match self {
            Change::Planted { u, v } => [u * (at * f64::from(sigma[0])) as f32, v.clone()],
            Change::Turned { group } => {
                let turn = |i: usize, j: usize| rotation(i, j, group.len(), at.to_radians());
                let (size, n) = (group.len(), sigma.len());
                let mut b = Matrix::zeros(n, size);
                let mut a = Matrix::zeros(size, n);
                for i in 0..size {
                    a[(i, group.start + i)] = 1.0;
                    for j in 0..size {
                        // R D R^T - D is the same for D less a multiple of the identity, and so little is left that rounding does no harm.
                        let over = |l: usize| f64::from(sigma[group.start + l]) - f64::from(sigma[group.start]);
                        let turned: f64 = (0..size).map(|l| turn(i, l) * over(l) * turn(j, l)).sum();
                        b[(group.start + i, j)] = (turned - if i == j { over(i) } else { 0.0 }) as f32;
                    }
                }
                [b, a]
            }
        }
    }
}

/// An entry of the Kronecker power of a plane rotation: a rotation in 2^p dimensions that takes every axis, at 45 degrees, equally far
/// from all of them, to a best match of 1/sqrt(2^p).
fn rotation(i: usize, j: usize, size: usize, angle: f64) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let bit = |of: usize, p: u32| of >> p & 1;
    let plane = |p: u32| match (bit(i, p), bit(j, p)) {
        (0, 1) => -sin,
        (1, 0) => sin,
        _ => cos,
    };
    (0..size.ilog2()).map(plane).product()
}

#[cfg(test)]
mod tests {
    use super::rotation;

    #[test]
    fn the_rotation_is_one_and_spreads_evenly_at_45_degrees() {
        for size in [2, 4, 8] {
            for (i, j) in (0..size).flat_map(|i| (0..size).map(move |j| (i, j))) {
                let dot: f64 = (0..size)
                    .map(|l| rotation(i, l, size, 0.3) * rotation(j, l, size, 0.3))
                    .sum();
                assert!((dot - if i == j { 1.0 } else { 0.0 }).abs() < 1e-12);
                assert!((rotation(i, j, size, 45f64.to_radians()).abs() - (size as f64).sqrt().recip()).abs() < 1e-12);
            }
        }
    }
}
