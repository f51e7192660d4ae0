//! All eigenvalues of a large dense symmetric matrix, and its eigenvectors in the precision they are needed in.

use super::kernel::Scalar;
use super::reflectors::Reduced;
use super::symmetric::{eigen, tridiagonal_eigenvalues};
use super::{NoConvergence, orthonormal::random};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::ops::Range;

/// Below this many rows there is nothing to win.
const SMALL: usize = 64;
/// Vectors of neighbours with a larger cosine, or an image off by more than this part of the norm, are not taken.
const ORTHOGONAL: f64 = 1e-7;
const OFF: f64 = 1e-12;

/// G = U diag(values) U^T; `values` descends.
pub struct Spectrum {
    pub values: Vec<f64>,
    vectors: Vectors,
}

enum Vectors {
    /// Of the tridiagonal form; the reflectors take them to those of G.
    Reduced(DMatrix<f64>, Reduced),
    Dense(DMatrix<f64>),
}

impl Spectrum {
    /// Values by QR; vectors by inverse iteration, of order n^2, which is as good as any other way unless values nearly coincide.
    /// Where they do, divide and conquer finds vectors that are orthogonal nevertheless.
    pub fn of(g: &DMatrix<f64>) -> Result<Spectrum, NoConvergence> {
        if g.nrows() >= SMALL {
            let reduced = Reduced::from(g);
            let values = tridiagonal_eigenvalues(&reduced.diagonal, &reduced.beside)?;
            if let Some(vectors) = inverse_iteration(&reduced, &values) {
                return Ok(Spectrum { values, vectors: Vectors::Reduced(vectors, reduced) });
            }
        }
        let (values, vectors) = eigen(g)?;
        Ok(Spectrum { values, vectors: Vectors::Dense(vectors) })
    }

    /// Some columns of U.
    pub fn columns<T: Scalar>(&self, range: Range<usize>) -> DMatrix<T> {
        let some = |all: &DMatrix<f64>| all.columns_range(range).map(T::of_f64);
        match &self.vectors {
            Vectors::Dense(vectors) => some(vectors),
            Vectors::Reduced(vectors, reduced) => reduced.back(some(vectors)),
        }
    }
}

/// The vectors of a tridiagonal matrix by its values; none when they are not orthogonal.
fn inverse_iteration(t: &Reduced, values: &[f64]) -> Option<DMatrix<f64>> {
    let n = values.len();
    let norm = values[0].abs().max(values[n - 1].abs());
    if !norm.is_normal() {
        return None;
    }
    let scaled = |x: &[f64]| -> Vec<f64> { x.iter().map(|x| x / norm).collect() };
    let (diagonal, beside) = (scaled(&t.diagonal), scaled(&t.beside));
    let start = random(n, 1, 7);
    let mut vectors = DMatrix::zeros(n, n);
    let found = vectors.as_mut_slice().par_chunks_mut(n).zip(values).all(|(x, value)| {
        x.iter_mut().zip(start.iter()).for_each(|(x, start)| *x = f64::from(*start));
        let shifted = Shifted::new(&diagonal, &beside, value / norm);
        // From a start that favours no vector one step arrives; the second removes what a near neighbour left and measures the error.
        shifted.solve_upper(x);
        normalize(x);
        shifted.solve(x);
        normalize(x) * OFF >= 1.0
    });
    let apart = || (1..n).into_par_iter().all(|j| vectors.column(j).dot(&vectors.column(j - 1)).abs() < ORTHOGONAL);
    (found && apart()).then_some(vectors)
}

/// Divides by the norm, and says what it was.
fn normalize(x: &mut [f64]) -> f64 {
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter_mut().for_each(|x| *x /= norm);
    norm
}

/// T - value I = P L U with partial pivoting. A row of U has three numbers.
struct Shifted {
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    inverse: f64,
    next: f64,
    after: f64,
    factor: f64,
    swap: bool,
}

impl Shifted {
    /// Of a matrix with norm 1; `beside` ends with a zero.
    fn new(diagonal: &[f64], beside: &[f64], value: f64) -> Shifted {
        let (mut here, mut next) = (diagonal[0] - value, beside[0]);
        let least = |x: f64| if x.abs() < f64::EPSILON { f64::EPSILON.copysign(x) } else { x };
        let below = diagonal[1..].iter().zip(&beside[1..]).zip(beside);
        let mut rows: Vec<Row> = below
            .map(|((diagonal, after), beside)| {
                let center = diagonal - value;
                let swap = here.abs() < beside.abs();
                let (pivot, other) = if swap { (*beside, here) } else { (least(here), *beside) };
                let (upper, lower) = if swap { (center, next) } else { (next, center) };
                let inverse = 1.0 / pivot;
                let factor = other * inverse;
                let (first, second) = if swap { (*after, 0.0) } else { (0.0, *after) };
                here = lower - factor * upper;
                next = second - factor * first;
                Row { inverse, next: upper, after: first, factor, swap }
            })
            .collect();
        rows.push(Row { inverse: 1.0 / least(here), next: 0.0, after: 0.0, factor: 0.0, swap: false });
        Shifted { rows }
    }

    fn solve(&self, x: &mut [f64]) {
        let mut here = x[0];
        for (i, row) in self.rows.iter().enumerate().take(x.len() - 1) {
            let below = x[i + 1];
            let (upper, lower) = if row.swap { (below, here) } else { (here, below) };
            x[i] = upper;
            here = lower - row.factor * upper;
        }
        if let Some(last) = x.last_mut() {
            *last = here;
        }
        self.solve_upper(x);
    }

    fn solve_upper(&self, x: &mut [f64]) {
        let (mut next, mut after) = (0.0, 0.0);
        for (x, row) in x.iter_mut().zip(&self.rows).rev() {
            *x = (*x - row.next * next - row.after * after) * row.inverse;
            (next, after) = (*x, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::product::{gram, product};

    fn check(g: &DMatrix<f64>, tolerance: f64) {
        let n = g.nrows();
        let spectrum = Spectrum::of(g).unwrap();
        let (u, single): (DMatrix<f64>, DMatrix<f32>) = (spectrum.columns(0..n), spectrum.columns(0..n));
        let image: DMatrix<f64> = product(g, &u);
        let expected = DMatrix::from_fn(n, n, |i, j| u[(i, j)] * spectrum.values[j]);
        assert!((image - expected).amax() < tolerance * spectrum.values[0]);
        assert!((u.transpose() * &u - DMatrix::identity(n, n)).amax() < tolerance);
        assert!((single.map(f64::from) - u).amax() < 1e-5);
        assert!(spectrum.values.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn vectors_are_orthonormal_and_fit_their_values() {
        for n in [1, 2, 63, 64, 65, 130, 300] {
            check(&gram(&random(n, n + 5, n as u64)), 1e-8);
        }
    }

    #[test]
    fn ties_null_spaces_and_diagonal_matrices_have_orthonormal_vectors_too() {
        check(&DMatrix::identity(100, 100), 1e-8);
        check(&gram(&random(150, 20, 3)), 1e-8);
        check(&DMatrix::from_diagonal(&nalgebra::DVector::from_fn(90, |i, _| 1.0 + (i / 2) as f64)), 1e-8);
        let mut twice = DMatrix::zeros(140, 140);
        let half: DMatrix<f64> = gram(&random(70, 80, 4));
        twice.view_mut((0, 0), (70, 70)).copy_from(&half);
        twice.view_mut((70, 70), (70, 70)).copy_from(&half);
        check(&twice, 1e-8);
    }

    #[test]
    fn inverse_iteration_is_what_finds_them_where_nothing_is_tied() {
        let spectrum = Spectrum::of(&gram(&random(200, 220, 5))).unwrap();
        assert!(matches!(spectrum.vectors, Vectors::Reduced(..)));
    }
}
