//! The marks of the scatter, back to front.

use super::{BOTTOM, HEIGHT, Layout, TOP, Unknown};
use crate::figures::data::cosines::cos_ticks;
use crate::figures::data::readings;
use crate::figures::data::words::so_far;
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{fixed, short, tick_label};
use crate::figures::drawing::style::{LABEL, TICK, text_width};

const MARGIN: &str = "margin to the threshold, σ₁(ΔW) / θ*";
const MARGIN_LOG: &str = "margin to the threshold, σ₁(ΔW) / θ* (log scale)";

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        self.thresholds(pen)?;
        if self.marks.is_empty() {
            let middle = (0.5 * (self.left + self.right), 0.33 * HEIGHT);
            return say(pen, middle, self.right - self.left - 16.0, self.why_empty(), false);
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
        self.counts(pen)?;
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
        frame.name(pen, if self.narrow { MARGIN } else { MARGIN_LOG })
    }

    /// Why no dot is there.
    pub(super) fn why_empty(&self) -> &'static str {
        match (self.request.running, self.unknown) {
            (true, None) => "No matrix is done yet.",
            (false, None) => "No matrix was changed and compared.",
            (_, Some(Unknown::Certified)) => "The threshold needs the base’s whole spectrum: exact mode has it.",
            (_, Some(Unknown::Stored)) => {
                "The threshold needs the base’s whole spectrum, which this report was stored without: the checkpoints have it."
            }
        }
    }

    /// The strength from which on a generic direction enters the window, and the line below which a vector is an intruder.
    fn thresholds(&self, pen: &Pen) -> Drawn {
        let (epsilon, line) = (self.request.settings.epsilon, self.x.at(self.line).round());
        let (base, times) = (HEIGHT - BOTTOM, self.request.times());
        if times != 1.0 {
            pen.vline(self.x.at(1.0).round(), TOP, base, 1.0, pen.palette.rule_strong)?;
        }
        pen.vline(line, TOP, base, 1.0, pen.palette.ink)?;
        pen.dashed_hline(self.left, self.right, self.y.at(epsilon), pen.palette.ink)?;
        let strong = Type::strong(pen.palette.ink);
        let words = format!("ε = {}", fixed(epsilon, 2));
        if self.narrow {
            pen.halo(
                (self.left + 4.0, self.y.at(epsilon) - 5.0),
                &words,
                strong,
                Align::Start,
            )?;
        } else {
            pen.text(
                (self.right + 8.0, self.y.at(epsilon) + 4.0),
                &words,
                strong,
                Align::Start,
            )?;
        }
        let words = match times {
            1.0 => "threshold".to_owned(),
            c => format!("threshold of ΔW × {}", tick_label(c)),
        };
        let before = line - 6.0 - text_width(&words, TICK) > self.left;
        let (x, align) = if before {
            (line - 6.0, Align::End)
        } else {
            (line + 6.0, Align::Start)
        };
        pen.halo((x, base - 6.0), &words, Type::tick(pen.palette.ink_2), align)
    }

    /// How many matrices of every model are above the threshold, in its colour, where nothing is drawn.
    fn counts(&self, pen: &Pen) -> Drawn {
        let known: Vec<(usize, (u32, u32))> = self
            .above
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, (_, all))| *all > 0)
            .collect();
        let print = |(above, all): (u32, u32)| format!("{above} of {all}");
        let room = HEIGHT - BOTTOM - 8.0 - self.y.at(self.request.settings.epsilon).max(TOP);
        let rows = readings::fit(known.len(), room);
        let longest = known
            .iter()
            .map(|(m, n)| self.labels[*m].chars().count() + print(*n).len())
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
        let mut most_first = known;
        most_first.sort_by_key(|(_, (above, _))| std::cmp::Reverse(*above));
        let head = format!("above it{}", so_far(self.request));
        let shown = most_first.into_iter().take(rows);
        readings::draw(
            pen,
            corner,
            size,
            &head,
            shown.map(|(model, n)| (&self.series[model], self.labels[model].as_str(), print(n))),
        )
    }

    fn key(&self, pen: &Pen) -> Drawn {
        let face = Type::label(pen.palette.ink_2);
        let (y, first, rest) = (HEIGHT - 5.0, "with an intruder", "without");
        let without = self.right - text_width(rest, LABEL);
        let with = without - 24.0 - text_width(first, LABEL);
        // The axis name comes first.
        if with - 12.0 < self.left + text_width(MARGIN_LOG, LABEL) {
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
