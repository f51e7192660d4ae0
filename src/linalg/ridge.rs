//! Ridge regression (Hoerl and Kennard 1970).

use super::Matrix;
use super::product::{gram, product};
use super::view::View;
use nalgebra::DMatrix;

/// M, `[outputs, inputs]`, for which |M F - Y|^2 + h |M|^2 is least, with h this share of the mean square of a feature, summed over the
/// examples. `features` `[inputs, examples]`, `targets` `[outputs, examples]`. None where nothing holds M, as with features that are zero or
/// not finite.
pub fn ridge(features: &Matrix, targets: &Matrix, share: f64) -> Option<Matrix> {
    let mut g: DMatrix<f64> = gram(features);
    let n = g.nrows();
    let held = share * g.trace() / n.max(1) as f64;
    (0..n).for_each(|i| g[(i, i)] += held);
    let right: DMatrix<f64> = product(features, View::from(targets).t());
    Some(g.cholesky()?.solve(&right).transpose().map(|x| x as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    #[test]
    fn a_map_is_found_again_and_held_small() {
        let (map, features) = (random(3, 8, 1), random(8, 60, 2));
        let targets: Matrix = product(&map, &features);
        let found = ridge(&features, &targets, 1e-9).unwrap();
        assert!((&found - &map).amax() < 1e-4);
        assert!(ridge(&features, &targets, 1.0).unwrap().norm() < 0.7 * map.norm());
        // The gradient of what is least is zero there.
        let held = 0.1 * f64::from(features.norm_squared()) / 8.0;
        let m = ridge(&features, &targets, 0.1).unwrap();
        let slope = (&m * &features - &targets) * features.transpose() + &m * held as f32;
        assert!(slope.amax() < 1e-3 * targets.norm() * features.norm());
        assert!(ridge(&Matrix::zeros(4, 9), &random(2, 9, 3), 1e-3).is_none());
        assert!(ridge(&Matrix::from_element(4, 9, f32::NAN), &random(2, 9, 3), 1e-3).is_none());
    }
}
