//! The marks of the scatter, back to front.

use super::{BOTTOM, HEIGHT, Layout, TOP};
use crate::figures::data::cosines::cos_ticks;
use crate::figures::data::readings;
use crate::figures::data::words::so_far;
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{fixed, short, tick_label};
use crate::figures::drawing::style::{LABEL, TICK, text_width};
use crate::metrics::Measured;
use crate::metrics::change_ratio::CHANGE_RATIO;

const SIZE: &str = "size of the change, σ₁(ΔW) / σ₁(W₀)";
const SIZE_LOG: &str = "size of the change, σ₁(ΔW) / σ₁(W₀) (log scale)";

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        self.thresholds(pen)?;
        if self.marks.is_empty() {
            let text = if self.request.running {
                "No matrix is done yet."
            } else {
                "No matrix was changed and compared."
            };
            let middle = (0.5 * (self.left + self.right), 0.33 * HEIGHT);
            return say(pen, middle, self.right - self.left - 16.0, text, false);
        }
        self.crosshair(pen)?;
        // Without an intruder first: what is new lies on top.
        let (new, old): (Vec<_>, Vec<_>) = self.marks.iter().partition(|m| m.intruders.0 > 0);
        for mark in old.iter().rev() {
            let color = pen.palette.of_series(&self.series[mark.model]);
            pen.open_dot(mark.at, 2.5, color, 0.7)?;
        }
        for mark in new.iter().rev() {
            let color = pen.palette.of_series(&self.series[mark.model]);
            pen.dot(mark.at, 3.0, color, 1.0)?;
        }
        self.means(pen)?;
        self.key(pen)
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        let frame = Frame {
            left: self.left,
            right: self.right,
            base: HEIGHT - BOTTOM,
            width: self.width,
        };
        let k = self.request.settings.k;
        let title = if self.narrow {
            format!("Weakest match of each matrix’s top {k}")
        } else {
            format!("Weakest match among each matrix’s {k} strongest vectors")
        };
        frame.title(pen, &title)?;
        frame.upwards(pen, &self.y, &cos_ticks(self.request.settings.cosine), short)?;
        frame.along(pen, &self.x, &self.ticks, tick_label)?;
        frame.name(pen, if self.narrow { SIZE } else { SIZE_LOG })
    }

    /// The thresholds: a change as strong as the strongest of its base, and a vector that is an intruder.
    fn thresholds(&self, pen: &Pen) -> Drawn {
        let (epsilon, one) = (self.request.settings.epsilon, self.x.at(1.0).round());
        let base = HEIGHT - BOTTOM;
        pen.vline(one, TOP, base, 1.0, pen.palette.rule_strong)?;
        pen.dashed_hline(self.left, self.right, self.y.at(epsilon), pen.palette.ink)?;
        let strong = Type::strong(pen.palette.ink);
        let words = format!("ε = {}", fixed(epsilon, 2));
        if self.narrow {
            return pen.halo(
                (self.left + 4.0, self.y.at(epsilon) - 5.0),
                &words,
                strong,
                Align::Start,
            );
        }
        pen.text(
            (self.right + 8.0, self.y.at(epsilon) + 4.0),
            &words,
            strong,
            Align::Start,
        )?;
        let quiet = Type::tick(pen.palette.ink_3);
        let words = "as strong as W₀’s strongest";
        let before = one - 6.0 - text_width(words, TICK) > self.left;
        let (x, align) = if before {
            (one - 6.0, Align::End)
        } else {
            (one + 6.0, Align::Start)
        };
        pen.halo((x, base - 6.0), words, quiet, align)
    }

    /// The mean size of every model, in its colour, where nothing is drawn: a small change leaves strong vectors where they are.
    fn means(&self, pen: &Pen) -> Drawn {
        let known: Vec<(usize, f64)> = self
            .means
            .iter()
            .enumerate()
            .filter_map(|(model, mean)| Some((model, (*mean)?)))
            .collect();
        let print = |mean: f64| CHANGE_RATIO.print(Measured::Exactly(mean));
        let room = HEIGHT - BOTTOM - 8.0 - self.y.at(self.request.settings.epsilon).max(TOP);
        let rows = readings::fit(known.len(), room);
        let longest = known
            .iter()
            .map(|(m, mean)| self.labels[*m].chars().count() + print(*mean).len())
            .max();
        let size = readings::size(rows, longest.unwrap_or(0), self.narrow);
        let corner = (self.left + 4.0, HEIGHT - BOTTOM - 22.0 - size.1);
        let covers = |at: (f64, f64)| {
            (corner.0..=corner.0 + size.0).contains(&at.0) && (corner.1..=corner.1 + size.1).contains(&at.1)
        };
        // Dots come first: the table under the figure has the numbers too.
        if rows == 0 || self.marks.iter().any(|m| covers(m.at)) {
            return Ok(());
        }
        let mut by_size = known;
        by_size.sort_by(|a, b| b.1.total_cmp(&a.1));
        let head = format!("mean size{}", so_far(self.request));
        let shown = by_size.into_iter().take(rows);
        readings::draw(
            pen,
            corner,
            size,
            &head,
            shown.map(|(model, mean)| (&self.series[model], self.labels[model].as_str(), print(mean))),
        )
    }

    fn key(&self, pen: &Pen) -> Drawn {
        let face = Type::label(pen.palette.ink_2);
        let (y, first, rest) = (HEIGHT - 5.0, "with an intruder", "without");
        let without = self.right - text_width(rest, LABEL);
        let with = without - 24.0 - text_width(first, LABEL);
        // The axis name comes first.
        if with - 12.0 < self.left + text_width(SIZE_LOG, LABEL) {
            return Ok(());
        }
        pen.text((self.right, y), rest, face, Align::End)?;
        pen.open_dot((without - 8.0, y - 4.0), 2.5, pen.palette.ink_2, 0.7)?;
        pen.text((with, y), first, face, Align::Start)?;
        pen.dot((with - 8.0, y - 4.0), 3.0, pen.palette.ink_2, 1.0)
    }

    fn crosshair(&self, pen: &Pen) -> Drawn {
        let ink = pen.palette.ink;
        if let Some(name) = self.request.matrix.as_deref() {
            for mark in self.marks.iter().filter(|m| m.matrix.name == name) {
                pen.ring(mark.at, 6.0, ink)?;
            }
        }
        let Some(mark) = self.focused().map(|n| &self.marks[n]) else {
            return Ok(());
        };
        pen.vline(mark.at.0 - 0.5, TOP, HEIGHT - BOTTOM, 1.0, ink)?;
        pen.ring(mark.at, 6.0, ink)
    }
}
