//! The panel of spectra: singular values of several matrices, on a logarithmic axis.

use crate::metrics::frobenius::frobenius;
use crate::report::panel::{Body, Curves, Line, Panel, Range};

/// One spectrum and its line.
pub struct Spectral<'a> {
    pub label: &'a str,
    /// As [`Line::token`].
    pub token: &'a str,
    pub dashed: bool,
    /// Descending.
    pub sigma: Vec<f32>,
}

/// The lower end of the axis, as a part of the largest value of all.
const DEPTH: f64 = 1e-4;

/// The spectrum at a Frobenius norm of 1, so that only its shape is seen; empty for a zero matrix.
pub fn of_norm_one(sigma: &[f32]) -> Vec<f32> {
    let norm = frobenius(sigma);
    if norm > 0.0 && norm.is_finite() {
        sigma.iter().map(|s| (f64::from(*s) / norm) as f32).collect()
    } else {
        vec![]
    }
}

/// The number of values above rounding: in f32 what should be zero is some 1e-7 of the largest.
pub fn rank(sigma: &[f32]) -> usize {
    let largest = sigma.first().copied().unwrap_or(0.0);
    sigma.iter().take_while(|s| **s > 1e-5 * largest).count()
}

pub fn panel(title: &str, alt: String, y: &str, spectra: &[Spectral]) -> Panel {
    let largest = spectra
        .iter()
        .filter_map(|s| s.sigma.first())
        .fold(0.0f64, |most, s| most.max(f64::from(*s)));
    // Whole powers of ten, so that the axis stays where a dial moves a little.
    let to = if largest > 0.0 {
        10f64.powf(largest.log10().ceil())
    } else {
        1.0
    };
    let from = to * DEPTH;
    let count = spectra.iter().map(|s| s.sigma.len()).max().unwrap_or(1).max(2);
    let line = |s: &Spectral| Line {
        label: s.label.into(),
        token: s.token.into(),
        dashed: s.dashed,
        // A single value is not a line.
        dots: s.sigma.len() < 24,
        points: (1u32..)
            .map(f64::from)
            .zip(&s.sigma)
            .map(|(i, s)| [i, f64::from(*s)])
            .take_while(|p| p[1] >= from)
            .collect(),
        deviation: vec![],
    };
    Panel {
        name: "spectra".into(),
        title: title.into(),
        alt,
        body: Body::Curves(Curves {
            x: Range::new("singular value i", 1.0, count as f64).whole(),
            y: Range::new(y, from, to).log(),
            lines: spectra.iter().map(line).collect(),
            levels: vec![],
            cursor: None,
            strips: vec![],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_of_one_and_a_rank() {
        assert_eq!(of_norm_one(&[3.0, 4.0]), [0.6, 0.8]);
        assert!(of_norm_one(&[0.0]).is_empty() && of_norm_one(&[]).is_empty());
        assert_eq!((rank(&[2.0, 1.0, 1e-7]), rank(&[0.0, 0.0]), rank(&[])), (2, 0, 0));
    }

    #[test]
    fn nothing_to_draw_has_axes_all_the_same() {
        let Body::Curves(curves) = panel("", String::new(), "", &[]).body else {
            panic!()
        };
        assert!(curves.y.from > 0.0 && curves.y.to > curves.y.from && curves.x.to > curves.x.from);
    }
}
