//! The eigendecomposition of a large dense symmetric matrix: all values, and the vectors in the precision they are needed in.

use super::kernel::Scalar;
use super::reduction::Reduced;
use super::reflectors::Reflectors;
use super::symmetric;
use super::tridiagonal::eigenvalues;
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
    Reduced(DMatrix<f64>, Reflectors),
    Dense(DMatrix<f64>),
}

/// The eigenvalues alone, descending.
pub fn values(g: DMatrix<f64>) -> Result<Vec<f64>, NoConvergence> {
    if g.is_empty() {
        return Ok(Vec::new());
    }
    let reduced = Reduced::from(g);
    eigenvalues(&reduced.diagonal, &reduced.beside)
}

/// Values, descending, and the matching orthonormal columns.
pub fn eigen(g: &DMatrix<f64>) -> Result<(Vec<f64>, DMatrix<f64>), NoConvergence> {
    let spectrum = Spectrum::of(g)?;
    let vectors = spectrum.columns(0..g.nrows());
    Ok((spectrum.values, vectors))
}

impl Spectrum {
    /// Values by QL; vectors by inverse iteration, of order n^2, which is as good as any other way unless values nearly coincide.
    /// Where they do, divide and conquer finds vectors that are orthogonal nevertheless.
    pub fn of(g: &DMatrix<f64>) -> Result<Spectrum, NoConvergence> {
        if g.nrows() >= SMALL {
            let reduced = Reduced::from(g.clone());
            let values = eigenvalues(&reduced.diagonal, &reduced.beside)?;
            if let Some(vectors) = inverse_iteration(&reduced, &values) {
                return Ok(Spectrum {
                    values,
                    vectors: Vectors::Reduced(vectors, Reflectors::of(&reduced)),
                });
            }
        }
        let (values, vectors) = symmetric::eigen(g)?;
        Ok(Spectrum {
            values,
            vectors: Vectors::Dense(vectors),
        })
    }

    /// Turns one column of U.
    pub fn turn(&mut self, j: usize) {
        match &mut self.vectors {
            Vectors::Reduced(vectors, _) | Vectors::Dense(vectors) => vectors.column_mut(j).neg_mut(),
        }
    }

    /// Some columns of U.
    pub fn columns<T: Scalar>(&self, range: Range<usize>) -> DMatrix<T> {
        let some = |all: &DMatrix<f64>| all.columns_range(range).map(T::of_f64);
        match &self.vectors {
            Vectors::Dense(vectors) => some(vectors),
            Vectors::Reduced(vectors, reflectors) => reflectors.back(some(vectors)),
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
    let start: Vec<f64> = random(n, 1, 7).iter().map(|x| f64::from(*x)).collect();
    let mut vectors = DMatrix::zeros(n, n);
    let found = vectors
        .as_mut_slice()
        .par_chunks_mut(n * TOGETHER)
        .zip(values.par_chunks(TOGETHER))
        .all(|(out, values)| {
            let own = each(|lane| values[lane.min(values.len() - 1)] / norm);
            let shifted = Shifted::new(&diagonal, &beside, own);
            // From a start that favours no vector one step arrives; the second removes what a near neighbour left and measures the error.
            let mut x: Vec<Lanes> = start.iter().map(|x| [*x; TOGETHER]).collect();
            shifted.solve_upper(&mut x);
            normalize(&mut x);
            shifted.solve(&mut x);
            let growth = normalize(&mut x);
            for (lane, out) in out.chunks_exact_mut(n).enumerate() {
                out.iter_mut().zip(&x).for_each(|(out, x)| *out = x[lane]);
            }
            growth.iter().all(|growth| growth * OFF >= 1.0)
        });
    let apart = || {
        (1..n)
            .into_par_iter()
            .all(|j| vectors.column(j).dot(&vectors.column(j - 1)).abs() < ORTHOGONAL)
    };
    (found && apart()).then_some(vectors)
}

/// Vectors that are found at the same time: each number waits for the one before it, so that one vector alone would leave the
/// processor idle.
const TOGETHER: usize = 4;
/// One number of each.
type Lanes = [f64; TOGETHER];

fn each(f: impl FnMut(usize) -> f64) -> Lanes {
    std::array::from_fn(f)
}

/// Divides by the norms, and says what they were.
fn normalize(x: &mut [Lanes]) -> Lanes {
    let squares = x.iter().fold([0.0; TOGETHER], |sum, x| each(|l| sum[l] + x[l] * x[l]));
    let norms = squares.map(f64::sqrt);
    let inverse = norms.map(f64::recip);
    x.iter_mut().for_each(|x| *x = each(|l| x[l] * inverse[l]));
    norms
}

/// T - value I = P L U with partial pivoting, of some values. A row of U has three numbers.
struct Shifted {
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    inverse: Lanes,
    next: Lanes,
    after: Lanes,
    factor: Lanes,
    swap: [bool; TOGETHER],
}

impl Shifted {
    /// Of a matrix with norm 1.
    fn new(diagonal: &[f64], beside: &[f64], values: Lanes) -> Shifted {
        let pick = |swap: &[bool; TOGETHER], a: &Lanes, b: &Lanes| each(|l| if swap[l] { a[l] } else { b[l] });
        let least = |x: f64| {
            if x.abs() < f64::EPSILON {
                f64::EPSILON.copysign(x)
            } else {
                x
            }
        };
        let mut here = values.map(|value| diagonal[0] - value);
        let mut next = [beside[0]; TOGETHER];
        let after = beside[1..].iter().chain(&[0.0]);
        let below = diagonal[1..].iter().zip(after).zip(beside);
        let mut rows: Vec<Row> = below
            .map(|((diagonal, after), beside)| {
                let (center, beside) = (values.map(|value| diagonal - value), [*beside; TOGETHER]);
                let swap = here.map(|here| here.abs() < beside[0].abs());
                let inverse = pick(&swap, &beside, &here.map(least)).map(f64::recip);
                let factor = each(|l| if swap[l] { here[l] } else { beside[l] } * inverse[l]);
                let (upper, lower) = (pick(&swap, &center, &next), pick(&swap, &next, &center));
                let (first, second) = (
                    swap.map(|swap| if swap { *after } else { 0.0 }),
                    swap.map(|swap| if swap { 0.0 } else { *after }),
                );
                here = each(|l| lower[l] - factor[l] * upper[l]);
                next = each(|l| second[l] - factor[l] * first[l]);
                Row {
                    inverse,
                    next: upper,
                    after: first,
                    factor,
                    swap,
                }
            })
            .collect();
        let none = [0.0; TOGETHER];
        rows.push(Row {
            inverse: here.map(|x| least(x).recip()),
            next: none,
            after: none,
            factor: none,
            swap: [false; TOGETHER],
        });
        Shifted { rows }
    }

    fn solve(&self, x: &mut [Lanes]) {
        let mut here = x[0];
        for (i, row) in self.rows.iter().enumerate().take(x.len() - 1) {
            let below = x[i + 1];
            x[i] = each(|l| if row.swap[l] { below[l] } else { here[l] });
            here = each(|l| if row.swap[l] { here[l] } else { below[l] } - row.factor[l] * x[i][l]);
        }
        if let Some(last) = x.last_mut() {
            *last = here;
        }
        self.solve_upper(x);
    }

    fn solve_upper(&self, x: &mut [Lanes]) {
        let (mut next, mut after) = ([0.0; TOGETHER], [0.0; TOGETHER]);
        for (x, row) in x.iter_mut().zip(&self.rows).rev() {
            *x = each(|l| (x[l] - row.next[l] * next[l] - row.after[l] * after[l]) * row.inverse[l]);
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
        check(
            &DMatrix::from_diagonal(&nalgebra::DVector::from_fn(90, |i, _| 1.0 + (i / 2) as f64)),
            1e-8,
        );
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
