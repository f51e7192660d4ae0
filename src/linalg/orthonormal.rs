//! Orthonormalization of columns: products in f32, their Gram matrix in f64, twice.

use super::product::{gram, product};
use super::seeded::SplitMix;
use super::spectrum::eigen;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// A basis of the space that the columns of `x` span (Stathopoulos and Wu 2002, "SVQB"); directions that are lost in rounding are dropped.
pub fn orthonormal(x: &Matrix) -> Result<Matrix, NoConvergence> {
    once(&once(x, 1e-12)?, 1e-2)
}

fn once(x: &Matrix, least: f64) -> Result<Matrix, NoConvergence> {
    let g: DMatrix<f64> = gram(View::from(x).t());
    // Columns of unequal length would drown the short ones.
    let lengths: Vec<f64> = (0..g.nrows()).map(|i| g[(i, i)].sqrt()).collect();
    let kept: Vec<usize> = (0..g.nrows()).filter(|i| lengths[*i] > f64::MIN_POSITIVE).collect();
    let scaled = DMatrix::from_fn(kept.len(), kept.len(), |i, j| {
        g[(kept[i], kept[j])] / lengths[kept[i]] / lengths[kept[j]]
    });
    let (values, vectors) = eigen(&scaled)?;
    let rank = values.iter().take_while(|v| **v > least * values[0]).count();
    let mut turn = Matrix::zeros(x.ncols(), rank);
    for j in 0..rank {
        for (i, at) in kept.iter().enumerate() {
            turn[(*at, j)] = (vectors[(i, j)] / lengths[*at] / values[j].sqrt()) as f32;
        }
    }
    Ok(product(x, &turn))
}

/// Takes out of `x` what lies in the span of the orthonormal `q`; twice is enough (Giraud, Langou, Rozloznik 2005).
pub fn project_out(x: &mut Matrix, q: &Matrix) {
    if q.ncols() == 0 {
        return;
    }
    for _ in 0..2 {
        let inside: Matrix = product(View::from(q).t(), &*x);
        *x -= product::<f32>(q, &inside);
    }
}

/// Standard normal numbers from a seed: a start block that favours no direction, the same in every run.
pub fn random(rows: usize, cols: usize, seed: u64) -> Matrix {
    let mut stream = SplitMix(seed);
    Matrix::from_fn(rows, cols, |_, _| stream.normals()[0] as f32)
}

/// Two blocks of columns side by side.
pub fn beside(a: &Matrix, b: &Matrix) -> Matrix {
    let values: Vec<f32> = a.as_slice().iter().chain(b.as_slice()).copied().collect();
    Matrix::from_vec(a.nrows().max(b.nrows()), a.ncols() + b.ncols(), values)
}
