//! The axes of a panel's plot: their ends, their ticks, and how they are drawn.

use super::ticks::{log_labels, powers_between, round_between};
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{Axis, TICK_GAP, apart, tick_labels};
use crate::figures::drawing::style::{LABEL, TICK, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::report::panel::Range;

/// A range as two ends in order; whatever a file says, they are finite and apart.
fn ends(range: &Range) -> (f64, f64) {
    let (lo, hi) = (range.from.min(range.to), range.from.max(range.to));
    match range.log {
        _ if !(lo.is_finite() && hi.is_finite()) => (0.0, 1.0),
        true if lo > 0.0 && hi > lo => (lo, hi),
        true => (1.0, 10.0),
        false if hi > lo => (lo, hi),
        false => (lo, lo + 1.0),
    }
}

pub fn axis(range: &Range, across: (f64, f64)) -> Axis {
    if range.log {
        Axis::log(ends(range), across)
    } else {
        Axis::linear(ends(range), across)
    }
}

pub fn ticks(range: &Range) -> Vec<f64> {
    if range.log {
        return powers_between(ends(range));
    }
    let mut ticks = round_between(ends(range));
    if range.whole {
        ticks.retain(|t| (t - t.round()).abs() < 1e-6);
    }
    ticks
}

/// The labels of an axis's ticks.
fn labels(range: &Range, ticks: &[f64]) -> Vec<String> {
    if range.log {
        log_labels(ticks)
    } else {
        tick_labels(ticks)
    }
}

/// Name, grid and labels of the values upwards, from one side of the plot to the other.
pub fn upwards(pen: &Pen, range: &Range, axis: &Axis, (left, right): (f64, f64), width: f64) -> Drawn {
    let palette = pen.palette;
    let title = if range.log {
        format!("{}, logarithmic", range.label)
    } else {
        range.label.clone()
    };
    pen.text(
        (0.0, 12.0),
        &truncate(&set(&title), LABEL, width),
        Type::label(palette.ink_2),
        Align::Start,
    )?;
    let ticks = ticks(range);
    let kept = apart(&ticks, |v| axis.at(v), TICK_GAP);
    for (value, label) in ticks.iter().zip(labels(range, &ticks)) {
        let y = axis.at(*value);
        pen.hline(left, right, y, 1.0, palette.grid)?;
        if kept.contains(value) {
            let face = Type::tick(palette.ink_3);
            pen.text(
                (left - 8.0, y + 4.0),
                &truncate(&label, TICK, left - 8.0),
                face,
                Align::End,
            )?;
        }
    }
    Ok(())
}

/// Ticks below the plot, and the name of what runs along it. `from`: the lower left corner.
pub fn along(pen: &Pen, name: &str, ticks: Vec<(f64, String)>, from: (f64, f64), width: f64) -> Drawn {
    let (palette, (left, low)) = (pen.palette, from);
    for (x, label) in ticks {
        pen.vline(x.round(), low, low + 4.0, 1.0, palette.rule_strong)?;
        pen.text(
            (x.round(), low + 17.0),
            &label,
            Type::tick(palette.ink_3),
            Align::Middle,
        )?;
    }
    let face = Type::label(palette.ink_2);
    pen.text(
        (left, low + 36.0),
        &truncate(&set(name), LABEL, width - left),
        face,
        Align::Start,
    )
}

/// The places of a range's ticks along an axis, as far apart as their labels need.
pub fn places(range: &Range, axis: &Axis) -> Vec<(f64, String)> {
    let ticks = ticks(range);
    let written = labels(range, &ticks);
    let widest = written.iter().map(|l| text_width(l, TICK)).fold(0.0, f64::max) + 8.0;
    let kept = apart(&ticks, |v| axis.at(v), widest);
    ticks
        .iter()
        .zip(written)
        .filter(|(v, _)| kept.contains(v))
        .map(|(v, label)| (axis.at(*v), label))
        .collect()
}
