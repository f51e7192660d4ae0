//! Ticks of axes whose ends are data: round values, and powers on a logarithmic axis.

use crate::figures::drawing::scale::{nice_step, short};

/// Three to six round values between two ends, either of which may be negative.
pub fn round_between((lo, hi): (f64, f64)) -> Vec<f64> {
    let step = nice_step((hi - lo) / 5.0);
    let first = (lo / step).ceil();
    (0..8)
        .map(|n| (first + f64::from(n)) * step)
        .take_while(|v| *v <= hi + 1e-9 * step)
        .collect()
}

/// Powers of a base between two positive ends: of 10 over more than two decades, else of 2.
pub fn powers_between((lo, hi): (f64, f64)) -> Vec<f64> {
    let base: f64 = if hi / lo > 200.0 { 10.0 } else { 2.0 };
    let first = (lo.ln() / base.ln() - 1e-9).ceil() as i32;
    (0..40)
        .map(|n| base.powi(first + n))
        .take_while(|v| *v <= hi * (1.0 + 1e-9))
        .collect()
}

/// The ticks of a logarithmic axis, all in one notation: 1, 8, 64 or 10⁻⁵, 10⁻⁴, 10⁻³.
pub fn log_labels(values: &[f64]) -> Vec<String> {
    let power = |v: &f64| v.log10();
    let powers = values.iter().all(|v| (power(v) - power(v).round()).abs() < 1e-6);
    let wide = values.iter().any(|v| !(0.0099..1e5).contains(v));
    let write = |v: &f64| if powers && wide { raised(power(v)) } else { short(*v) };
    values.iter().map(write).collect()
}

/// 10⁻⁵.
fn raised(power: f64) -> String {
    let small = |c: char| match c.to_digit(10) {
        Some(d) => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(d as usize).unwrap_or(c),
        None => '⁻',
    };
    let power = power.round() as i32;
    format!("10{}", power.to_string().chars().map(small).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(round_between((0.0, 1.0)), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(round_between((-1.0, 1.0)), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(powers_between((1.0, 128.0)).len(), 8);
        assert_eq!(powers_between((1e-4, 1.0)), [1e-4, 1e-3, 1e-2, 1e-1, 1.0]);
        assert_eq!(log_labels(&[1e-5, 1e-3, 1.0, 1e6]), ["10⁻⁵", "10⁻³", "10⁰", "10⁶"]);
        assert_eq!(log_labels(&[0.01, 0.1, 1.0]), ["0.01", "0.1", "1"]);
        assert_eq!(log_labels(&[8.0, 64.0]), ["8", "64"]);
    }
}
