//! Axes: value -> CSS pixels, linear or logarithmic, with three to five ticks; and how numbers are written.

use super::style::{TICK, text_width};
pub(crate) use crate::print::{count, fixed, short};

/// A value axis laid from `from` to `to` CSS pixels. Always finite, whatever it is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    lo: f64,
    hi: f64,
    from: f64,
    to: f64,
    scale: Scale,
}

/// The way from a value to its share of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    Log,
    /// log(1 + value): logarithmic for large counts, with a place for none.
    Counts,
}

impl Axis {
    pub fn linear((lo, hi): (f64, f64), (from, to): (f64, f64)) -> Axis {
        Axis {
            lo,
            hi,
            from,
            to,
            scale: Scale::Linear,
        }
    }

    /// `lo` must be positive.
    pub fn log((lo, hi): (f64, f64), (from, to): (f64, f64)) -> Axis {
        Axis {
            lo: lo.max(f64::MIN_POSITIVE),
            hi,
            from,
            to,
            scale: Scale::Log,
        }
    }

    /// Counts from none to `most`: one is as far from none as the tenth is from the twentieth.
    pub fn counts(most: f64, (from, to): (f64, f64)) -> Axis {
        Axis {
            lo: 0.0,
            hi: most,
            from,
            to,
            scale: Scale::Counts,
        }
    }

    /// The place of a value; values beyond the range stand at its ends.
    pub fn at(&self, value: f64) -> f64 {
        let t = match self.scale {
            Scale::Linear => (value - self.lo) / (self.hi - self.lo),
            Scale::Log => (value.max(self.lo) / self.lo).ln() / (self.hi / self.lo).ln(),
            Scale::Counts => value.max(0.0).ln_1p() / self.hi.ln_1p(),
        };
        let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.5 };
        self.from + t * (self.to - self.from)
    }

    /// The value at a place, kept inside the range.
    pub fn value(&self, place: f64) -> f64 {
        let t = (place - self.from) / (self.to - self.from);
        let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.0 };
        match self.scale {
            Scale::Linear => self.lo + t * (self.hi - self.lo),
            Scale::Log => self.lo * (self.hi / self.lo).powf(t),
            Scale::Counts => (t * self.hi.ln_1p()).exp_m1(),
        }
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
            let mut ticks: Vec<u64> = (0..)
                .map(|n| n * step)
                .take_while(|t| 10 * (limit - (*t).min(limit)) > 4 * step)
                .collect();
            ticks.push(limit);
            ticks
        }
    }
}

/// Round values 0, step, 2 step, ... that cover `max`.
pub fn round_ticks(max: f64) -> Vec<f64> {
    let step = nice_step(max / 4.0);
    let last = (max / step).ceil().clamp(1.0, 10.0) as u32;
    (0..=last).map(|n| f64::from(n) * step).collect()
}

/// Round ticks from 0 on, and where their axis ends: at the tick above `max` where that is near, else so far above `max` that its mark can be
/// named. A quarter of a plot that no value reaches says nothing.
pub fn round_axis(max: f64) -> (Vec<f64>, f64) {
    let mut ticks = round_ticks(max);
    let end = ticks.last().copied().unwrap_or(1.0);
    let room = 1.1 * max;
    if end <= room || ticks.len() < 4 {
        return (ticks, end);
    }
    ticks.pop();
    (ticks, room)
}

/// Round ticks around all values, and the ends of their axis, which need not hold 0.
pub fn ticks_around(low: f64, high: f64) -> (Vec<f64>, f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (vec![0.0, 1.0], 0.0, 1.0);
    }
    let step = nice_step(((high - low) / 4.0).max(1e-4));
    let first = (low / step).floor();
    let last = (high / step).ceil().max(first + 1.0);
    let ticks = (0..=(last - first).min(12.0) as u32).map(|n| (first + f64::from(n)) * step);
    (ticks.collect(), first * step, last * step)
}

/// The ticks of counts on their axis: none, one, three, ten, thirty, and the limit itself.
pub fn count_decades(limit: u64) -> Vec<f64> {
    let limit = limit as f64;
    let round = decades(limit)
        .into_iter()
        .flat_map(|v| [v, 3.0 * v])
        .filter(|v| 1.5 * v < limit);
    let mut ticks: Vec<f64> = std::iter::once(0.0).chain(round).collect();
    if limit > 0.0 {
        ticks.push(limit);
    }
    ticks
}

/// 1, 10, 100, ... up to `max`.
pub fn decades(max: f64) -> Vec<f64> {
    (0..18).map(|e| 10f64.powi(e)).take_while(|v| *v <= max).collect()
}

/// 1, 2, 5 times powers of ten that cover both ends of a logarithmic axis; powers of ten alone where there are many.
pub fn one_two_five(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let steps: &[f64] = if last - first > 4 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all: Vec<f64> = (first..=last)
        .flat_map(|e| steps.iter().map(move |m| m * 10f64.powi(e)))
        .collect();
    let begin = all.iter().rposition(|v| *v <= low * 1.001).unwrap_or(0);
    let end = all.iter().position(|v| *v >= high * 0.999).unwrap_or(all.len() - 1);
    all.get(begin..=end.max(begin)).map_or_else(Vec::new, <[f64]>::to_vec)
}

/// The label of a tick, with as many decimals as the value has: those of a logarithmic axis may lie far below a hundredth.
pub fn tick_label(value: f64) -> String {
    if value > 0.0 && value < 0.01 {
        format!("{value:e}").replace('-', "\u{2212}")
    } else {
        short(value)
    }
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
    (0..9)
        .flat_map(|e| [1, 2, 5].map(|m| m * 10u32.pow(e)))
        .find(fits)
        .unwrap_or(u32::MAX)
}

/// 1, 2 or 5 times a power of ten, at least `raw`.
pub fn nice_step(raw: f64) -> f64 {
    if raw <= 0.0 || !raw.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= raw * 0.999)
        .unwrap_or(10.0 * power)
}

/// Ticks of `n` indices that begin at `first`, as they are written, from 1: 1, 8, 16, 24, 32 or 1, 96, 192, 288, 384.
pub fn index_ticks(first: usize, n: usize) -> Vec<usize> {
    const FEW: usize = 48;
    let last = first + n;
    let step = match n {
        0..=12 => 5,
        13..=FEW => 8,
        // All of them from the first on: quarters where they are whole.
        _ if first == 0 => return count_ticks(n as u64).into_iter().map(|t| (t as usize).max(1)).collect(),
        _ => nice_step(n as f64 / 4.0) as usize,
    };
    let mut ticks = vec![first + 1];
    // A round number too near to either end gives way.
    let near = |a: usize, b: usize| a.abs_diff(b) < step / 2;
    ticks.extend(
        (first / step + 1..=last / step)
            .map(|t| t * step)
            .filter(|t| !near(*t, first + 1)),
    );
    match ticks.last() {
        Some(&end) if !near(last, end) && n > 2 => ticks.push(last),
        _ => {}
    }
    ticks
}

/// A measured value of any size: two decimals, more below 1 and none that say nothing above 1000.
pub fn measure(value: f64) -> String {
    match value.abs() {
        v if v >= 1e6 && v.is_finite() => format!("{value:.3e}"),
        v if v >= 1000.0 => fixed(value, 0),
        v if v >= 1.0 || v == 0.0 => fixed(value, 2),
        v if v >= 1e-4 => fixed(value, (2.0 - v.log10().floor()) as usize),
        v if v > 0.0 => format!("{value:.2e}"),
        _ => fixed(value, 2),
    }
}

/// The ticks of a linear axis in words, all with the same decimals.
pub fn tick_labels(ticks: &[f64]) -> Vec<String> {
    let step = ticks.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    let decimals = if step.is_finite() && step > 0.0 {
        (-step.log10().floor()).clamp(0.0, 4.0) as usize
    } else {
        0
    };
    let write = |v: &f64| {
        if *v == 0.0 {
            "0".into()
        } else if *v >= 1e6 || step < 1e-4 {
            format!("{v:.0e}")
        } else {
            plain(*v, decimals)
        }
    };
    ticks.iter().map(write).collect()
}

/// One of the ticks of a linear axis in words.
pub fn tick_label_among(ticks: &[f64], value: f64) -> String {
    let at = ticks.iter().position(|t| *t == value);
    at.and_then(|n| tick_labels(ticks).into_iter().nth(n))
        .unwrap_or_default()
}

/// Left of a plot: the widest tick, at least what a cosine takes.
pub fn tick_room(ticks: &[f64]) -> f64 {
    tick_labels(ticks)
        .iter()
        .map(|t| 12.0 + text_width(t, TICK))
        .fold(32.0, f64::max)
        .ceil()
}

fn plain(value: f64, decimals: usize) -> String {
    if decimals == 0 && value >= 0.0 {
        count(value as u64)
    } else {
        fixed(value, decimals)
    }
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
            assert!(
                ticks.len() <= 6 && (limit < 2 || ticks.len() >= 3),
                "{limit}: {ticks:?}"
            );
            assert!(ticks.windows(2).all(|w| w[0] < w[1]), "{limit}: {ticks:?}");
        }
    }

    #[test]
    fn an_axis_ends_where_its_values_do() {
        assert_eq!(round_axis(7.7), (vec![0.0, 2.0, 4.0, 6.0, 8.0], 8.0));
        assert_eq!(round_axis(6.0), (vec![0.0, 2.0, 4.0, 6.0], 6.0));
        assert_eq!(round_axis(6.2), (vec![0.0, 2.0, 4.0, 6.0], 1.1 * 6.2));
        assert_eq!(round_axis(0.0), (vec![0.0, 1.0], 1.0));
        assert_eq!(ticks_around(-0.7, 2.2), (vec![-1.0, 0.0, 1.0, 2.0, 3.0], -1.0, 3.0));
        assert_eq!(
            tick_labels(&ticks_around(-0.7, 2.2).0),
            ["\u{2212}1", "0", "1", "2", "3"]
        );
        assert_eq!(ticks_around(3.0, 3.0).0.len(), 2);
    }

    #[test]
    fn indices_are_counted_from_one() {
        assert_eq!(index_ticks(0, 32), [1, 8, 16, 24, 32]);
        assert_eq!(index_ticks(0, 384), [1, 96, 192, 288, 384]);
        assert_eq!(index_ticks(100, 32), [101, 112, 120, 128, 132]);
        assert_eq!(index_ticks(1000, 1000), [1001, 1500, 2000]);
        for first in [0, 3, 7, 90] {
            for n in 1..200 {
                let ticks = index_ticks(first, n);
                assert!(ticks.windows(2).all(|w| w[0] < w[1]), "{first} {n}: {ticks:?}");
                assert!(
                    ticks[0] == first + 1 && ticks.last() <= Some(&(first + n)) && ticks.len() <= 8,
                    "{first} {n}: {ticks:?}"
                );
            }
        }
    }

    #[test]
    fn measures_keep_three_figures() {
        assert_eq!(
            [3.3712, 0.033712, 0.0, 12345.6, 3.4e38].map(measure),
            ["3.37", "0.0337", "0.00", "12346", "3.400e38"]
        );
        assert_eq!(tick_labels(&[0.0, 0.05, 0.1]), ["0", "0.05", "0.10"]);
        assert_eq!(tick_labels(&[0.0, 500.0, 1000.0]), ["0", "500", "1,000"]);
    }

    #[test]
    fn an_axis_is_finite_everywhere() {
        let log = Axis::log((1.0, 384.0), (100.0, 0.0));
        assert_eq!((log.at(0.0), log.at(1.0), log.at(384.0)), (100.0, 100.0, 0.0));
        assert!(Axis::linear((0.0, 0.0), (0.0, 9.0)).at(f64::NAN).is_finite());
        let counts = Axis::counts(99.0, (100.0, 0.0));
        assert_eq!((counts.at(0.0), counts.at(9.0), counts.at(99.0)), (100.0, 50.0, 0.0));
        assert!((counts.value(50.0) - 9.0).abs() < 1e-9);
        assert!(Axis::counts(0.0, (0.0, 9.0)).at(0.0).is_finite());
    }
}
