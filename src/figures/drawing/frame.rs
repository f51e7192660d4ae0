//! The frame of a plot: the names of its axes, its grid lines, ticks and their labels, the same in every figure.

use super::pen::{Align, Drawn, Pen, Type};
use super::scale::{Axis, TICK_GAP, apart};
use super::style::{LABEL, TICK, text_width, truncate};

/// From the base line to the baseline of the labels under it, and to that of the axis's name.
const LABELS: f64 = 17.0;
const NAME: f64 = 41.0;
/// The least distance of two labels side by side.
const APART: f64 = 10.0;

/// The place of a plot, in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub left: f64,
    pub right: f64,
    /// The line on which the values stand.
    pub base: f64,
    /// The width of the whole figure, which names may take.
    pub width: f64,
}

impl Frame {
    /// The name of the values, at the top of the figure.
    pub fn title(&self, pen: &Pen, name: &str) -> Drawn {
        let name = truncate(name, LABEL, self.width);
        pen.text((0.0, 12.0), &name, Type::label(pen.palette.ink_2), Align::Start)
    }

    /// A grid line for every value, a strong one on the base, and labels where they do not touch.
    pub fn upwards(&self, pen: &Pen, axis: &Axis, values: &[f64], label: impl Fn(f64) -> String) -> Drawn {
        self.grid(pen, axis, values)?;
        let room = self.left - 8.0;
        for value in apart(values, |v| axis.at(v), TICK_GAP) {
            let words = truncate(&label(value), TICK, room);
            let at = (room, axis.at(value) + 4.0);
            pen.text(at, &words, Type::tick(pen.palette.ink_3), Align::End)?;
        }
        Ok(())
    }

    /// The grid lines alone, for plots that share the labels of a neighbour.
    pub fn grid(&self, pen: &Pen, axis: &Axis, values: &[f64]) -> Drawn {
        let palette = pen.palette;
        values.iter().map(|v| axis.at(*v)).try_for_each(|y| {
            let base = (y - self.base).abs() < 0.5;
            let color = if base { palette.rule_strong } else { palette.grid };
            pen.hline(self.left, self.right, y, 1.0, color)
        })
    }

    /// Marks under the base, with labels where they do not touch.
    pub fn along(&self, pen: &Pen, axis: &Axis, values: &[f64], label: impl Fn(f64) -> String) -> Drawn {
        let widest = values.iter().map(|v| text_width(&label(*v), TICK)).fold(0.0, f64::max);
        for value in apart(values, |v| axis.at(v), widest + APART) {
            let words = label(value);
            // The last label stays inside the figure.
            let most = self.width - 0.5 * text_width(&words, TICK);
            let x = axis.at(value).round();
            pen.vline(x, self.base, self.base + 4.0, 1.0, pen.palette.rule_strong)?;
            let at = (x.min(most), self.base + LABELS);
            pen.text(at, &words, Type::tick(pen.palette.ink_3), Align::Middle)?;
        }
        Ok(())
    }

    /// The name of what runs along the base, under its labels.
    pub fn name(&self, pen: &Pen, name: &str) -> Drawn {
        let words = truncate(name, LABEL, self.width - self.left);
        let at = (self.left, self.base + NAME);
        pen.text(at, &words, Type::label(pen.palette.ink_2), Align::Start)
    }
}
