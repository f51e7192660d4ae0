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

/// A tick of a logarithmic axis: 0.01, 1, 64, 10⁻⁵.
pub fn log_label(value: f64) -> String {
    let power = value.log10();
    if (0.0099..1e5).contains(&value) || (power - power.round()).abs() > 1e-6 {
        return short(value);
    }
    let raised = |c: char| match c {
        '-' => '⁻',
        c => c
            .to_digit(10)
            .and_then(|d| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(d as usize))
            .unwrap_or(c),
    };
    format!(
        "10{}",
        power.round().to_string().chars().map(raised).collect::<String>()
    )
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
        assert_eq!(
            [1e-5, 1e-3, 0.01, 64.0, 1e6].map(log_label),
            ["10⁻⁵", "10⁻³", "0.01", "64", "10⁶"]
        );
    }
}
