//! The Frobenius norm of a change: how large it is, whatever its directions.

use super::{Bound, Measure, Measured, Of, Spectrum, Unit};
use crate::report::{Matrix, Status};

pub static FROBENIUS: Measure = Measure {
    id: "frobenius",
    name: "Norm of ΔW",
    short: "norm",
    about: "‖ΔW‖, the square root of the sum of its squared singular values",
    source: "Frobenius",
    unit: Unit::Decimals(2),
    in_table: false,
    rising: false,
    bound: Bound::None,
    of: Of::Change(|spectrum| {
        Measured::Exactly(match *spectrum {
            Spectrum::Whole(sigma) => frobenius(sigma),
            Spectrum::Estimated { squares, .. } => squares.sqrt(),
        })
    }),
    python: PYTHON,
};

const PYTHON: &str = "\
def frobenius(W0, W):
    return torch.linalg.norm(W - W0).item()
";

/// sqrt(sum sigma^2), summed in f64.
pub fn frobenius(sigma: &[f32]) -> f64 {
    sigma.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt()
}

/// ||dW||_F / ||W0||_F over all matrices that were changed; none where some norm is not known: certified mode has leading values alone.
pub fn of_all(matrices: &[Matrix]) -> Option<f64> {
    let (mut change, mut base) = (0.0, 0.0);
    for m in matrices.iter().filter(|m| m.status == Status::Analyzed) {
        if m.sigma_base.len() < m.rows.min(m.cols) as usize {
            return None;
        }
        change += m.delta.as_ref()?.frobenius.powi(2);
        base += m.sigma_base.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    }
    Some((change / base).sqrt()).filter(|size| size.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_identity_rank_one_and_scale() {
        assert_eq!((frobenius(&[]), frobenius(&[0.0])), (0.0, 0.0));
        assert_eq!(frobenius(&[1.0; 9]), 3.0);
        assert!((frobenius(&[3.0, 4.0]) - 5.0).abs() < 1e-12 && (frobenius(&[6.0, 8.0]) - 10.0).abs() < 1e-12);
    }
}
