//! The certificate: an upper bound on |<y, u>| for a vector y and any eigenvector u of A = W W^T, without knowing u.
//!
//! **The inequality.** Let A u = x u with |u| = 1. For every vector z, <(A - x) z, u> = <z, (A - x) u> = 0, so
//!
//! ```text
//! |<y, u>| = |<y - (A - x) z, u>| <= ||y - (A - x) z||                                                                     (1)
//! ```
//!
//! The same holds for the projection P of an eigenspace, ||P y|| <= ||y - (A - x) z||: what is tied together is bounded together.
//! No property of z is needed: however z was found, and however badly, the bound holds as far as its right side is known. The least
//! right side over the Krylov space of y is the Christoffel function of y's spectral measure (Akhiezer, The Classical Moment Problem,
//! 1965; Golub and Meurant, Matrices, Moments and Quadrature, 2010).
//!
//! **A whole range.** For |x' - x| <= h, (1) at x' with the same z is at most (1) at x plus h ||z||. A range is covered by cells, each with
//! a z of its own, and cells are halved until their bounds are close to what is seen at their centres. There is no grid to fall through:
//! a peak narrower than a cell makes the z of that cell long, and h ||z|| says so.
//!
//! **What is known of the right side.** Take orthonormal X with A X = X Theta + R (vectors known approximately; |r_i| measured) and a run of
//! Lanczos from the rest of y, y = X c + rho v_1, kept orthogonal to X, with A V = X C + V J + beta v_{m+1} e_m^T + D (|c_k| and |D| measured).
//! For z = X xi + V zeta, by the triangle inequality and the orthogonality of X, V and v_{m+1},
//!
//! ```text
//! ||y - (A - x) z|| <= sqrt(|c - (Theta - x) xi|^2 + |rho e_1 - (J - x) zeta|^2 + (beta zeta_m)^2)
//!                     + sum_i |r_i| |xi_i| + sum_k |c_k| |zeta_k| + |D| |zeta|                                                (2)
//! ```
//!
//! The |c_k| shrink where xi_i = (c_i - (C zeta)_i) / (theta_i - x) takes C zeta out as well: of row i of C there remain |r_i| / |theta_i - x|,
//! and h / |theta_i - x| of orthogonal x_i. Everything on the right is a number at hand, so (2) is evaluated for the xi and zeta chosen, whatever
//! rounding did to the choice.

use super::NoConvergence;
use super::lanczos::{Run, jacobi};
use super::symmetric::eigen;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A bound is refined until it is this close to a value it cannot be below.
const CLOSE: f64 = 0.01;
/// Cells that are halved at most: then the bounds stand as they are.
const CELLS: usize = 4_000;
/// Orthonormality to rounding, and the rounding of what follows it.
const SLIGHTLY_MORE: f64 = 1.0 + 1e-7;

/// Vectors that are known: X, through what (2) needs of them.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Theta, descending.
    pub theta: &'a [f64],
    /// |r_i|.
    pub residual: &'a [f64],
}

/// One y against the spectrum of A.
pub struct Certificate<'a> {
    known: Known<'a>,
    /// X^T y.
    c: Vec<f64>,
    /// J = S diag(nodes) S^T: rho times the first row of S, and beta times the last.
    nodes: Vec<f64>,
    first: Vec<f64>,
    last: Vec<f64>,
    /// rho, where no step is done yet.
    rest: f64,
    /// The norms of the rows of C, and |D|.
    rows: Vec<f64>,
    rounding: f64,
}

impl<'a> Certificate<'a> {
    /// The certificate of y = X c + the start of `run`; `rounding` bounds |D|.
    pub fn new(known: Known<'a>, c: Vec<f64>, run: &Run, rounding: f64) -> Result<Certificate<'a>, NoConvergence> {
        let m = run.alpha.len();
        let row = |i: usize| run.inside.iter().map(|c| c[i] * c[i]).sum::<f64>().sqrt();
        let rows = (0..c.len()).map(row).collect();
        let mut one = Certificate {
            known,
            c,
            nodes: vec![],
            first: vec![],
            last: vec![],
            rest: run.length,
            rows,
            rounding,
        };
        if m > 0 {
            let (nodes, s) = eigen(&jacobi(&run.alpha, &run.beta))?;
            // The eigenvectors of J are off by some roundings of its norm.
            one.rounding += m as f64 * 1e-15 * nodes.iter().fold(0.0, |n: f64, x| n.max(x.abs()));
            one.first = s.row(0).iter().map(|s| s * run.length).collect();
            one.last = s.row(m - 1).iter().map(|s| s * run.beta[m - 1]).collect();
            one.nodes = nodes;
            one.rest = 0.0;
        }
        Ok(one)
    }

    /// A bound for |<y, u>| of every eigenvector u with an eigenvalue in [low, high], or `least` where that is larger.
    pub fn largest(&self, low: f64, high: f64, least: f64) -> f64 {
        let cell = |from: f64, to: f64| Cell {
            bound: self.bound(0.5 * (from + to), 0.5 * (to - from) * SLIGHTLY_MORE),
            from,
            to,
        };
        if low > high {
            return least;
        }
        let mut seen = least;
        let mut cells = BinaryHeap::from([cell(low, high)]);
        // The cell with the largest bound is halved, until that bound is close to what some point shows.
        for _ in 0..CELLS {
            let Some(Cell { bound, from, to }) = cells.pop() else {
                break;
            };
            // NaN claims nothing.
            if bound.is_nan() {
                return f64::INFINITY;
            }
            let x = 0.5 * (from + to);
            if bound > seen * (1.0 + CLOSE) {
                seen = seen.max(self.bound(x, 0.0));
            }
            if bound <= seen * (1.0 + CLOSE) || x <= from || x >= to {
                return bound.max(least);
            }
            cells.extend([cell(from, x), cell(x, to)]);
        }
        cells.pop().map_or(least, |cell| cell.bound.max(least))
    }

    /// (2) for every eigenvalue within `h` of `x`.
    fn bound(&self, x: f64, h: f64) -> f64 {
        let rest = self.outside_known(x, h);
        let (mut squares, mut along, mut linear) = (rest.off * rest.off, 0.0, rest.linear);
        for ((theta, residual), c) in self.known.theta.iter().zip(self.known.residual).zip(&self.c) {
            let distance = theta - x;
            // Taken out, the vector costs |xi| for each inaccuracy; left in, its square joins the others.
            let price = h + residual;
            if c.abs() * distance.abs() <= 2.0 * price * rest.off.max(c.abs()) {
                squares += c * c;
            } else {
                let xi = c / distance;
                along += xi * xi;
                linear += residual * xi.abs();
            }
        }
        (squares.sqrt() + linear + h * (along + rest.length * rest.length).sqrt()) * SLIGHTLY_MORE
    }

    /// The part of (2) in the Krylov space of y's rest.
    fn outside_known(&self, x: f64, h: f64) -> Filtered {
        let mut best = Filtered {
            off: self.off(),
            length: 0.0,
            linear: 0.0,
        };
        if self.nodes.is_empty() {
            return best;
        }
        let (mut squares, mut over) = (0.0, self.rounding);
        for ((theta, residual), row) in self.known.theta.iter().zip(self.known.residual).zip(&self.rows) {
            let distance = (theta - x).abs();
            if residual + h < distance {
                over += row * residual / distance;
                squares += (row * h / distance).powi(2);
            } else {
                squares += row * row;
            }
        }
        let over = over + squares.sqrt();
        let price = h + over;
        let spread = (self.nodes[0] - self.nodes[self.nodes.len() - 1]).max(price);
        // The least of |b - M zeta| + price |zeta| is that of |b - M zeta|^2 + mu^2 |zeta|^2 with mu^2 = price |b - M zeta| / |zeta|.
        let mut square = price * spread / self.nodes.len() as f64;
        for _ in 0..3 {
            let (off, length) = self.filter(x, square.max(f64::MIN_POSITIVE));
            let one = Filtered {
                off,
                length,
                linear: over * length,
            };
            if one.total(h) < best.total(h) {
                best = one;
            }
            if length == 0.0 || !off.is_finite() {
                break;
            }
            square = price * off / length;
        }
        best
    }

    /// |rho|.
    fn off(&self) -> f64 {
        if self.nodes.is_empty() {
            self.rest
        } else {
            self.first.iter().map(|f| f * f).sum::<f64>().sqrt()
        }
    }

    /// |b - M zeta| and |zeta| of the least |b - M zeta|^2 + `square` |zeta|^2, in the basis of J's eigenvectors.
    fn filter(&self, x: f64, square: f64) -> (f64, f64) {
        // (D^2 + mu^2 + l l^T) zeta = D f, by Sherman and Morrison.
        let (mut across, mut along) = (0.0, 1.0);
        for ((node, first), last) in self.nodes.iter().zip(&self.first).zip(&self.last) {
            let d = node - x;
            let inverse = 1.0 / (d * d + square);
            across += last * d * first * inverse;
            along += last * last * inverse;
        }
        let factor = across / along;
        let (mut off, mut length, mut end) = (0.0, 0.0, 0.0);
        for ((node, first), last) in self.nodes.iter().zip(&self.first).zip(&self.last) {
            let d = node - x;
            let zeta = (d * first - last * factor) / (d * d + square);
            off += (first - d * zeta).powi(2);
            length += zeta * zeta;
            end += last * zeta;
        }
        ((off + end * end).sqrt(), length.sqrt())
    }
}

/// A part of the range; the larger bound comes first.
struct Cell {
    bound: f64,
    from: f64,
    to: f64,
}

impl PartialEq for Cell {
    fn eq(&self, other: &Cell) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Cell) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Cell) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

struct Filtered {
    /// |b - M zeta|.
    off: f64,
    /// |zeta|.
    length: f64,
    /// The part of the bound that is due to inaccuracies of the relations.
    linear: f64,
}

impl Filtered {
    fn total(&self, h: f64) -> f64 {
        self.off + self.linear + h * self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::lanczos::Lanczos;
    use crate::linalg::view::View;
    use crate::linalg::{Matrix, random};
    use nalgebra::{DMatrix, DVector};

    const NOTHING: Known = Known {
        theta: &[],
        residual: &[],
    };

    /// diag(sigma) and a y that has this cosine with axis `at`, the rest in all directions.
    fn aligned(sigma: &[f64], at: usize, cosine: f64) -> (Matrix, DVector<f64>) {
        let w = Matrix::from_diagonal(&DVector::from_iterator(sigma.len(), sigma.iter().map(|s| *s as f32)));
        let mut y = random(sigma.len(), 1, 5).column(0).map(f64::from);
        y[at] = 0.0;
        y *= (1.0 - cosine * cosine).sqrt() / y.norm();
        y[at] = cosine;
        (w, y)
    }

    /// The supremum of the Christoffel function by the three-term recurrence, as the first version of the bound took it: at the Ritz
    /// values, at points between them, and at 23 more by the factor.
    fn by_recurrence(run: &Run, high: f64) -> f64 {
        let mut marks: Vec<f64> = run
            .quadrature()
            .unwrap()
            .into_iter()
            .map(|n| n.0)
            .filter(|x| (0.0..=high).contains(x))
            .collect();
        marks.extend([0.0, high]);
        marks.extend((1..24).map(|i| high * 1e-7 * 1e7f64.powf(f64::from(i) / 24.0)));
        marks.sort_by(f64::total_cmp);
        let christoffel = |x: f64| {
            let (mut before, mut p, mut sum) = (0.0, 1.0, 1.0);
            for k in 0..run.alpha.len() - 1 {
                let lower = if k == 0 { 0.0 } else { run.beta[k - 1] * before };
                (before, p) = (p, ((x - run.alpha[k]) * p - lower) / run.beta[k]);
                sum += p * p;
            }
            1.0 / sum
        };
        let between = |pair: &[f64]| {
            (0..=24)
                .map(|i| christoffel(pair[0] + (pair[1] - pair[0]) * f64::from(i) / 24.0))
                .fold(0.0, f64::max)
        };
        run.length * marks.windows(2).map(between).fold(0.0, f64::max).sqrt()
    }

    /// Even with every product in f64: the peak at an isolated value is narrower than the rounding of its place, and the recurrence grows
    /// from that rounding. This is how a certificate became false.
    #[test]
    fn the_recurrence_misses_a_peak_that_the_certificate_holds() {
        // What is left of (1 + i)^-0.7 once 25 values are known.
        let sigma: Vec<f64> = (25..1100).map(|i| (1.0 + f64::from(i)).powf(-0.7)).collect();
        let (w, y) = aligned(&sigma, 5, 0.8);
        let none = DMatrix::zeros(sigma.len(), 0);
        let mut lanczos: Lanczos<f64> = Lanczos::new(View::from(&w), &DMatrix::from_columns(&[y]), &none);
        let mut missed = false;
        for step in 1..=64 {
            lanczos.step();
            let (run, high) = (&lanczos.runs[0], sigma[0] * sigma[0]);
            missed |= step % 4 == 0 && by_recurrence(run, high) < 0.5;
            let bound = Certificate::new(NOTHING, vec![], run, 1e-14)
                .unwrap()
                .largest(0.0, high, 0.0);
            assert!(bound >= 0.8 - 1e-9, "after {step} steps {bound}");
            assert!(step < 24 || bound < 0.82, "after {step} steps {bound}");
        }
        assert!(missed, "the recurrence holds after all");
    }

    /// No cell is left out, wherever the mass lies and however narrow the range is.
    #[test]
    fn no_range_holds_a_larger_cosine_than_its_bound() {
        let sigma: Vec<f64> = (0..90).map(|i| 0.93f64.powi(i)).collect();
        for (at, cosine) in [(0, 0.3), (3, 0.9), (40, 0.5), (41, 0.52), (89, 0.7)] {
            let (w, y) = aligned(&sigma, at, cosine);
            let none = DMatrix::zeros(90, 0);
            let mut lanczos: Lanczos<f64> =
                Lanczos::new(View::from(&w), &DMatrix::from_columns(std::slice::from_ref(&y)), &none);
            for _ in 0..30 {
                lanczos.step();
                let certificate = Certificate::new(NOTHING, vec![], &lanczos.runs[0], 1e-14).unwrap();
                for (first, last) in [(0, 89), (at, at), (at, 89), (0, at), (10, 20), (60, 80)] {
                    let largest = y.rows(first, last - first + 1).amax();
                    let square = |i: usize| f64::from(sigma[i] as f32).powi(2);
                    assert!(
                        certificate.largest(square(last), square(first), 0.0) >= largest - 1e-9,
                        "{at} {first} {last}"
                    );
                }
            }
        }
    }
}
