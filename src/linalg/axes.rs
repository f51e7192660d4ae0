//! The SVD of diag(d) + B A where it is short: a base in its own singular basis, and a change that touches few axes or is of rank 1.

use super::exact::thin_svd;
use super::rank_one::plus_rank_one;
use super::view::View;
use super::{Matrix, NoConvergence};

/// W = U diag(sigma) V^T of a square W.
pub struct AlongAxes {
    /// Descending.
    pub sigma: Vec<f64>,
    pub left: Matrix,
    pub right: Matrix,
    /// max_j ||W v_j - sigma_j u_j|| / sigma_1, over both sides.
    pub residual: f64,
}

/// `d` descends. None where only the decomposition of the whole finds it.
pub fn plus_low_rank(d: &[f32], b: &Matrix, a: &Matrix) -> Result<Option<AlongAxes>, NoConvergence> {
    let touched: Vec<usize> = (0..d.len())
        .filter(|i| b.row(*i).iter().chain(a.column(*i).iter()).any(|x| *x != 0.0))
        .collect();
    // Where one factor is zero nothing is touched, whatever the other holds.
    let touched = if b.amax() == 0.0 || a.amax() == 0.0 {
        Vec::new()
    } else {
        touched
    };
    if 4 * touched.len() < d.len() {
        return plus_block(d, &touched, &(b.select_rows(&touched) * a.select_columns(&touched))).map(Some);
    }
    if b.ncols() == 1 {
        plus_rank_one(d, b.as_slice(), a.as_slice())
    } else {
        Ok(None)
    }
}

/// The other axes stay as they are: `change` is what is added between the `touched` ones.
fn plus_block(d: &[f32], touched: &[usize], change: &Matrix) -> Result<AlongAxes, NoConvergence> {
    let n = d.len();
    let mut block = change.clone();
    touched.iter().enumerate().for_each(|(at, i)| block[(at, at)] += d[*i]);
    let svd = thin_svd(View::from(&block))?;
    let [left, right] = svd.sides()?;
    // Each value with where its vectors are: in the block, or on an axis.
    let own = svd.values().into_iter().enumerate().map(|(j, sigma)| (sigma, Ok(j)));
    let axes = (0..n)
        .filter(|i| touched.binary_search(i).is_err())
        .map(|i| (d[i], Err(i)));
    let mut all: Vec<(f32, Result<usize, usize>)> = axes.chain(own).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let side = |block: &Matrix| {
        let mut whole = Matrix::zeros(n, n);
        for (column, (_, place)) in all.iter().enumerate() {
            match place {
                Ok(j) => touched
                    .iter()
                    .enumerate()
                    .for_each(|(at, i)| whole[(*i, column)] = block[(at, *j)]),
                Err(i) => whole[(*i, column)] = 1.0,
            }
        }
        whole
    };
    let largest = |sigma: Option<f32>| f64::from(sigma.unwrap_or(0.0));
    let (own, whole) = (
        largest(svd.values().first().copied()),
        largest(all.first().map(|(sigma, _)| *sigma)),
    );
    let residual = if whole > 0.0 { svd.residual * own / whole } else { 0.0 };
    Ok(AlongAxes {
        left: side(&left),
        right: side(&right),
        sigma: all.iter().map(|(sigma, _)| f64::from(*sigma)).collect(),
        residual,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    #[test]
    fn untouched_axes_stay_and_the_rest_is_taken_apart() {
        let n = 60;
        let d: Vec<f32> = (0..n).map(|i| 3.0 * (i as f32 + 1.0).powf(-0.5)).collect();
        let base = Matrix::from_diagonal(&nalgebra::DVector::from_row_slice(&d));
        let mut b = Matrix::zeros(n, 3);
        let mut a = Matrix::zeros(3, n);
        b.view_mut((2, 0), (5, 3)).copy_from(&random(5, 3, 1));
        a.view_mut((0, 4), (3, 6)).copy_from(&random(3, 6, 2));
        let nothing = Matrix::zeros(n, 1);
        for (b, a) in [(&b, &a), (&nothing, &random(1, n, 3))] {
            let svd = plus_low_rank(&d, b, a).unwrap().unwrap();
            let sigma = nalgebra::DVector::from_iterator(n, svd.sigma.iter().map(|s| *s as f32));
            let again = &svd.left * Matrix::from_diagonal(&sigma) * svd.right.transpose();
            assert!((again - (&base + b * a)).amax() < 1e-5 && svd.sigma.is_sorted_by(|x, y| x >= y));
            assert!((svd.left.transpose() * &svd.left - Matrix::identity(n, n)).amax() < 1e-5);
        }
        assert!(plus_low_rank(&d, &random(n, 2, 4), &random(2, n, 5)).unwrap().is_none());
    }
}
