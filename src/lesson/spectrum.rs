//! Singular values for made-up pre-trained matrices.

use serde::{Deserialize, Serialize};

/// The shape of the decay of W0's singular values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Spectrum {
    /// 4 i^-0.6.
    #[default]
    Power,
    /// From 4 down to 1.6 in equal steps.
    Flat,
    /// 4 times 0.96^(i-1).
    Fast,
    /// A few strong values over a nearly linear bulk, as in the query matrices of trained encoders.
    Measured,
}

impl Spectrum {
    /// n of them, descending and positive.
    pub fn values(self, n: usize) -> Vec<f32> {
        let value = |i: usize| {
            let (i, n) = (i as f64, n as f64);
            match self {
                Spectrum::Power => 4.0 * (i + 1.0).powf(-0.6),
                Spectrum::Flat => 4.0 * (1.0 - 0.6 * i / n),
                Spectrum::Fast => 4.0 * 0.96f64.powf(i),
                Spectrum::Measured => {
                    1.75 * (1.0 - i / n).powf(1.3) + 0.14 + 4.5 * (-i / 1.6).exp() + 1.5 * (-i / 9.0).exp()
                }
            }
        };
        (0..n).map(|i| value(i) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Spectrum;

    #[test]
    fn values_descend_and_no_neighbours_are_tied() {
        for spectrum in [Spectrum::Power, Spectrum::Flat, Spectrum::Fast, Spectrum::Measured] {
            let values = spectrum.values(256);
            assert!(
                values.windows(2).all(|v| v[1] > 0.0 && v[0] - v[1] > 1e-3 * v[0]),
                "{spectrum:?}"
            );
        }
    }
}
