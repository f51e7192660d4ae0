//! The energy of intruders: their share of sum sigma_j^2 = ||W||_F^2 of the fine-tuned matrix. A count says nothing of size.

use super::intruder::counted;
use super::{Bound, Measure, Measured, Of, Unit};
use crate::report::{Matrix, Mode, Settings};

pub static INTRUDER_ENERGY: Measure = Measure {
    id: "intruder-energy",
    name: "Energy of intruders",
    short: "energy of intruders",
    about: "The intruders’ part of the sum of all squared singular values of W",
    source: "the definition",
    unit: Unit::Percent,
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Matrix(of_matrix),
    python: PYTHON,
};

const PYTHON: &str = "\
def intruder_energy(W0, W, k={k}, epsilon={epsilon}):
    svd0, svd = (torch.linalg.svd(w, full_matrices=False) for w in (W0, W))
    best = {best}
    energy = svd.S**2
    return (energy[:k][best[:k] < epsilon].sum() / energy.sum()).item()
";

fn of_matrix(matrix: &Matrix, settings: &Settings) -> Measured {
    let whole = matrix.sigma_tuned.len() == matrix.rows.min(matrix.cols) as usize;
    match counted(matrix, settings) {
        _ if !whole && matrix.mode == Some(Mode::Certified) => Measured::NeedsExact,
        Some(counted) if whole => intruder_energy(&matrix.sigma_tuned, &counted).into(),
        _ => Measured::Nothing,
    }
}

/// The share of the vectors at `places` in the energy of a whole spectrum, in [0, 1]; none of a zero matrix, or where a place is not in it.
pub fn intruder_energy(sigma: &[f32], places: &[usize]) -> Option<f64> {
    let square = |s: &f32| f64::from(*s).powi(2);
    let own = places
        .iter()
        .try_fold(0.0, |sum, j| sigma.get(*j).map(|s| sum + square(s)))?;
    let all: f64 = sigma.iter().map(square).sum();
    (all > 0.0).then(|| own / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!(intruder_energy(&[0.0, 0.0], &[0]), None);
        assert_eq!(intruder_energy(&[1.0; 4], &[1, 3]), Some(0.5));
        assert_eq!(intruder_energy(&[3.0, 0.0], &[0]), Some(1.0));
        assert_eq!(intruder_energy(&[3.0, 1.0], &[]), Some(0.0));
        assert_eq!(intruder_energy(&[3.0, 1.0], &[2]), None);
        let spectrum = [4.0, 2.0, 1.0];
        let share = |scale: f32| intruder_energy(&spectrum.map(|s| s * scale), &[1]).unwrap();
        assert!((share(1.0) - 4.0 / 21.0).abs() < 1e-12 && (share(1e-20) - share(1.0)).abs() < 1e-6);
    }
}
