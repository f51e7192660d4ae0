//! The eigenvalues of a symmetric tridiagonal matrix by QL without square roots (Pal, Walker and Kahan; Parlett, The Symmetric
//! Eigenvalue Problem, 1980, section 8.15).

use super::NoConvergence;
use std::ops::Range;

/// Steps for each eigenvalue, on average, at most.
const PATIENCE: usize = 30;
/// Relative to the norm; smaller numbers may be left out: they change no value by more than a thousandth of the rounding.
const NOTHING: f64 = 1e-3 * f64::EPSILON;

/// The values of the matrix with this diagonal and, below it, these numbers (one fewer), descending. Their error is some rounding
/// of the largest.
pub fn eigenvalues(diagonal: &[f64], beside: &[f64]) -> Result<Vec<f64>, NoConvergence> {
    let norm = diagonal
        .iter()
        .chain(beside)
        .fold(0.0, |norm: f64, x| norm.max(x.abs()));
    if norm == 0.0 {
        return Ok(diagonal.to_vec());
    }
    let mut d: Vec<f64> = diagonal.iter().map(|x| x / norm).collect();
    let mut squares: Vec<f64> = beside.iter().map(|x| (x / norm).powi(2)).collect();
    let mut steps = PATIENCE * d.len();
    let mut first = 0;
    while first < d.len() {
        let last = split(&d, &squares, first..d.len() - 1);
        let block = first..last + 1;
        // QL works up from small values: they are to come first.
        if d[last].abs() < d[first].abs() {
            d[block.clone()].reverse();
            squares[first..last].reverse();
        }
        settle(&mut d[block], &mut squares[first..last], &mut steps)?;
        first = last + 1;
    }
    d.sort_by(|a, b| b.total_cmp(a));
    Ok(d.into_iter().map(|x| x * norm).collect())
}

/// The first place of some where the matrix falls apart, or their end.
fn split(d: &[f64], squares: &[f64], mut places: Range<usize>) -> usize {
    let end = places.end;
    let small =
        |i: &usize| squares[*i] <= NOTHING * NOTHING || squares[*i] <= f64::EPSILON.powi(2) * (d[*i] * d[i + 1]).abs();
    places.find(small).unwrap_or(end)
}

/// Leaves the values of one block in `d`.
fn settle(d: &mut [f64], squares: &mut [f64], steps: &mut usize) -> Result<(), NoConvergence> {
    let mut l = 0;
    while l < d.len() {
        let m = split(d, squares, l..d.len() - 1);
        if m == l {
            l += 1;
            continue;
        }
        *steps = steps.checked_sub(1).ok_or(NoConvergence)?;
        let root = squares[l].sqrt();
        let half = (d[l + 1] - d[l]) / (2.0 * root);
        let shift = d[l] - root / (half + half.hypot(1.0).copysign(half));
        let (mut c, mut s) = (1.0, 0.0);
        let mut gamma = d[m] - shift;
        let mut p = gamma * gamma;
        for i in (l..m).rev() {
            let square = squares[i];
            let r = p + square;
            if i + 1 < m {
                squares[i + 1] = s * r;
            }
            let (before, c_before) = (gamma, c);
            // 1 / c, which the division below does not have to wait for.
            let stretch = r / p;
            c = p / r;
            s = square / r;
            gamma = c * (d[i] - shift) - s * before;
            d[i + 1] = before + (d[i] - gamma);
            p = if stretch.is_finite() {
                gamma * gamma * stretch
            } else {
                c_before * square
            };
        }
        squares[l] = s * p;
        d[l] = shift + gamma;
        if m < squares.len() {
            squares[m] = 0.0;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(diagonal: &[f64], beside: &[f64]) {
        let n = diagonal.len();
        let t = super::super::lanczos::jacobi(diagonal, beside);
        let mut expected: Vec<f64> = t.clone().symmetric_eigenvalues().iter().copied().collect();
        expected.sort_by(|a, b| b.total_cmp(a));
        let norm = t.amax().max(f64::MIN_POSITIVE);
        let found = eigenvalues(diagonal, beside).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-14 * n as f64 * norm, "{found} {expected}");
        }
    }

    #[test]
    fn values_are_those_of_the_dense_matrix() {
        check(&[3.0], &[]);
        check(&[1.0, 1.0], &[0.5]);
        check(&[0.0; 4], &[0.0; 3]);
        check(&[0.0; 5], &[1.0; 4]);
        for n in [2, 3, 10, 101] {
            let wave = |from: usize, count: usize| -> Vec<f64> {
                (from..from + count).map(|i| (i as f64 * 1.7).sin()).collect()
            };
            check(&wave(0, n), &wave(7, n - 1));
            // Rising and falling over forty orders of magnitude.
            let rise: Vec<f64> = (0..n).map(|i| 10f64.powf(-40.0 * i as f64 / n as f64)).collect();
            let fall: Vec<f64> = rise.iter().rev().copied().collect();
            check(&rise, &rise[1..]);
            check(&fall, &fall[..n - 1]);
        }
    }

    #[test]
    fn the_scale_does_not_matter() {
        for scale in [1e-200, 1.0, 1e200] {
            let found = eigenvalues(&[2.0 * scale, 2.0 * scale, 2.0 * scale], &[scale, scale]).unwrap();
            for (found, expected) in found.iter().zip([2.0 + 2f64.sqrt(), 2.0, 2.0 - 2f64.sqrt()]) {
                assert!((found / scale - expected).abs() < 1e-14);
            }
        }
    }
}
