//! Axes: value -> CSS pixels, linear or logarithmic, with three to five ticks; and how numbers are written.

pub use crate::series::count;

/// A value axis laid from `from` to `to` CSS pixels. Always finite, whatever it is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    lo: f64,
    hi: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Axis {
    pub fn linear((lo, hi): (f64, f64), (from, to): (f64, f64)) -> Axis {
        Axis { lo, hi, from, to, log: false }
    }

    /// `lo` must be positive.
    pub fn log((lo, hi): (f64, f64), (from, to): (f64, f64)) -> Axis {
        Axis { lo: lo.max(f64::MIN_POSITIVE), hi, from, to, log: true }
    }

    /// Where a value stands; values beyond the range stand at its ends.
    pub fn at(&self, value: f64) -> f64 {
        let t =
            if self.log { (value.max(self.lo) / self.lo).ln() / (self.hi / self.lo).ln() } else { (value - self.lo) / (self.hi - self.lo) };
        let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.5 };
        self.from + t * (self.to - self.from)
    }

    /// The value at a place, kept inside the range. Linear axes only.
    pub fn value(&self, place: f64) -> f64 {
        let t = (place - self.from) / (self.to - self.from);
        let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.0 };
        self.lo + t * (self.hi - self.lo)
    }
}

/// Three to five ticks from 0 to `limit` where the numbers allow; the last one is `limit` itself (360, 384).
pub fn count_ticks(limit: u64) -> Vec<u64> {
    match limit {
        0 => vec![0],
        1..=4 => (0..=limit).collect(),
        _ => {
            if let Some(parts) = [4, 3, 2].into_iter().find(|p| limit.is_multiple_of(*p)) {
                return (0..=parts).map(|p| p * (limit / parts)).collect();
            }
            let step = nice_step(limit as f64 / 4.0).max(1.0) as u64;
            // The limit replaces a round tick that would stand too near to it.
            let mut ticks: Vec<u64> = (0..).map(|n| n * step).take_while(|t| 10 * (limit - (*t).min(limit)) > 4 * step).collect();
            ticks.push(limit);
            ticks
        }
    }
}

/// Round values 0, step, 2 step, ... that cover `max`.
pub fn round_ticks(max: f64) -> Vec<f64> {
    let step = nice_step(max / 3.0);
    let last = (max / step).ceil().clamp(1.0, 10.0) as u32;
    (0..=last).map(|n| f64::from(n) * step).collect()
}

/// 1, 10, 100, ... up to `max`.
pub fn decades(max: f64) -> Vec<f64> {
    (0..18).map(|e| 10f64.powi(e)).take_while(|v| *v <= max).collect()
}

/// Tick labels under one another that are nearer than this would touch.
pub const TICK_GAP: f64 = 13.0;

/// Those of the ascending values whose places are `gap` apart: both ends first, then from the top.
pub fn apart(values: &[f64], place: impl Fn(f64) -> f64, gap: f64) -> Vec<f64> {
    let ends = [values.last(), values.first()].into_iter().flatten();
    let mut kept: Vec<f64> = Vec::new();
    for value in ends.chain(values.iter().rev()) {
        if kept.iter().all(|k| (place(*k) - place(*value)).abs() >= gap) {
            kept.push(*value);
        }
    }
    kept
}

/// Every 1st, 2nd, 5th, 10th ... of things `spacing` apart is labelled, so that labels of a size do not touch.
pub fn every(spacing: f64, size: f64) -> u32 {
    let fits = |step: &u32| f64::from(*step) * spacing >= size;
    (0..9).flat_map(|e| [1, 2, 5].map(|m| m * 10u32.pow(e))).find(fits).unwrap_or(u32::MAX)
}

/// 1, 2 or 5 times a power of ten, at least `raw`.
fn nice_step(raw: f64) -> f64 {
    if raw <= 0.0 || !raw.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * 0.999).unwrap_or(10.0 * power)
}

/// Fixed decimals, a true minus (U+2212), a dash for what is no number.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let text = format!("{:.decimals$}", value.abs());
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !zero { format!("\u{2212}{text}") } else { text }
}

/// Without trailing zeros: 0.25, 0.5, 384.
pub fn short(value: f64) -> String {
    if value >= 1000.0 && value.fract() == 0.0 {
        return count(value as u64);
    }
    let text = fixed(value, 2);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tick_is_the_limit() {
        assert_eq!(count_ticks(360), [0, 90, 180, 270, 360]);
        assert_eq!(count_ticks(347), [0, 100, 200, 300, 347]);
        for limit in 0..3000 {
            let ticks = count_ticks(limit);
            assert_eq!(ticks.last(), Some(&limit));
            assert!(ticks.len() <= 6 && (limit < 2 || ticks.len() >= 3), "{limit}: {ticks:?}");
            assert!(ticks.windows(2).all(|w| w[0] < w[1]), "{limit}: {ticks:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_in_print() {
        assert_eq!(fixed(-0.5, 2), "\u{2212}0.50");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(short(0.5), "0.5");
        assert_eq!(short(100.0), "100");
    }

    #[test]
    fn an_axis_is_finite_everywhere() {
        let log = Axis::log((1.0, 384.0), (100.0, 0.0));
        assert_eq!((log.at(0.0), log.at(1.0), log.at(384.0)), (100.0, 100.0, 0.0));
        assert!(Axis::linear((0.0, 0.0), (0.0, 9.0)).at(f64::NAN).is_finite());
    }
}
