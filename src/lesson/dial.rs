//! Range check of a dial: dials come from links, and a link may say anything.

use std::ops::RangeInclusive;

/// A number within its ends; what is not a number is the default.
pub fn within(value: f64, ends: RangeInclusive<f64>, default: f64) -> f64 {
    if value.is_finite() {
        value.clamp(*ends.start(), *ends.end())
    } else {
        default
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn what_is_no_number_is_the_default() {
        assert_eq!(
            (within(3.0, 0.0..=2.0, 1.0), within(-1e300, 0.0..=2.0, 1.0)),
            (2.0, 0.0)
        );
        assert_eq!(
            (within(f64::NAN, 0.0..=2.0, 1.0), within(f64::INFINITY, 0.0..=2.0, 1.0)),
            (1.0, 1.0)
        );
    }
}
