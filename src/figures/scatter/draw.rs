//! The marks of the scatter, back to front.

use super::{BOTTOM, HEIGHT, Mark, Scatter, TOP};
use crate::figures::data::cosines::cos_ticks;
use crate::figures::data::readings;
use crate::figures::data::words::so_far;
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{fixed, short, tick_label};
use crate::figures::drawing::style::{LABEL, TICK, text_width};
use crate::figures::drawing::variable::set;
use plotters::style::RGBColor;

/// More dots than this are drawn as points.
const CROWD: usize = 2000;

/// What is said of the scale where there is room.
const LOG: &str = " (log scale)";

impl Scatter<'_> {
    /// The axes; `name`: of the number across.
    pub fn axes(&self, pen: &Pen, name: &str) -> Drawn {
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
        let log = if self.narrow { "" } else { LOG };
        frame.name(pen, &set(&format!("{name}{log}")))
    }

    /// A line at a number across.
    pub fn line(&self, pen: &Pen, value: f64, color: RGBColor) -> Drawn {
        pen.vline(self.x.at(value).round(), TOP, HEIGHT - BOTTOM, 1.0, color)
    }

    /// The words of such a line, on the side that has room.
    pub fn beside(&self, pen: &Pen, value: f64, words: &str, color: RGBColor) -> Drawn {
        let line = self.x.at(value).round();
        let before = line - 6.0 - text_width(words, TICK) > self.left;
        let (x, align) = if before {
            (line - 6.0, Align::End)
        } else {
            (line + 6.0, Align::Start)
        };
        pen.halo((x, HEIGHT - BOTTOM - 6.0), &set(words), Type::tick(color), align)
    }

    /// The line below which a vector is an intruder.
    pub fn epsilon(&self, pen: &Pen) -> Drawn {
        let epsilon = self.request.settings.epsilon;
        let y = self.y.at(epsilon);
        pen.dashed_hline(self.left, self.right, y, pen.palette.ink)?;
        let (strong, words) = (
            Type::strong(pen.palette.ink),
            set(&format!("ε = {}", fixed(epsilon, 2))),
        );
        if self.narrow {
            pen.halo((self.left + 4.0, y - 5.0), &words, strong, Align::Start)
        } else {
            pen.text((self.right + 8.0, y + 4.0), &words, strong, Align::Start)
        }
    }

    /// Why no dot is there.
    pub fn nothing(&self, pen: &Pen, why: &str) -> Drawn {
        let middle = (0.5 * (self.left + self.right), 0.33 * HEIGHT);
        say(pen, middle, self.right - self.left - 16.0, why, false)
    }

    pub fn dots(&self, pen: &Pen) -> Drawn {
        self.crosshair(pen)?;
        // Without an intruder first: what is new lies on top.
        let (new, old): (Vec<_>, Vec<_>) = self.marks.iter().partition(|m| m.intruders.0 > 0);
        let color = |mark: &Mark| pen.palette.of_series(&self.series[mark.model]);
        if self.marks.len() > CROWD {
            // A ring hides the next one, and is drawn ten times as slowly as a point.
            let point = |mark: &Mark, side: f64, alpha| {
                let corner = (mark.at.0 - 0.5 * side, mark.at.1 - 0.5 * side);
                pen.rect(corner, (side, side), color(mark), alpha)
            };
            old.iter().rev().try_for_each(|mark| point(mark, 2.0, 0.7))?;
            return new.iter().rev().try_for_each(|mark| point(mark, 4.0, 1.0));
        }
        old.iter()
            .rev()
            .try_for_each(|mark| pen.open_dot(mark.at, 2.5, color(mark), 0.7))?;
        new.iter()
            .rev()
            .try_for_each(|mark| pen.dot(mark.at, 3.0, color(mark), 1.0))
    }

    /// A number of every model in its colour, where nothing is drawn; what does not fit is left out from the end.
    pub fn list(&self, pen: &Pen, head: &str, models: &[(usize, String)]) -> Drawn {
        let room = HEIGHT - BOTTOM - 8.0 - self.y.at(self.request.settings.epsilon).max(TOP);
        let rows = readings::fit(models.len(), room);
        let letters = |(model, number): &(usize, String)| self.labels[*model].chars().count() + number.len();
        let longest = models.iter().map(letters).max();
        let size = readings::size(rows, longest.unwrap_or(0), self.narrow);
        let corner = (self.left + 4.0, HEIGHT - BOTTOM - 22.0 - size.1);
        let covers = |at: (f64, f64)| {
            (corner.0..=corner.0 + size.0).contains(&at.0) && (corner.1..=corner.1 + size.1).contains(&at.1)
        };
        // Dots come first: the table under the figure has the numbers too.
        if rows == 0 || self.marks.iter().any(|m| covers(m.at)) {
            return Ok(());
        }
        let head = format!("{head}{}", so_far(self.request));
        let shown = models.iter().take(rows);
        readings::draw(
            pen,
            corner,
            size,
            &head,
            shown.map(|(model, number)| (&self.series[*model], self.labels[*model].as_str(), number.clone())),
        )
    }

    /// What the two kinds of dots are, where the axis's `name` leaves room.
    pub fn key(&self, pen: &Pen, name: &str) -> Drawn {
        let face = Type::label(pen.palette.ink_2);
        let (y, first, rest) = (HEIGHT - 5.0, "with an intruder", "without");
        let without = self.right - text_width(rest, LABEL);
        let with = without - 24.0 - text_width(first, LABEL);
        if with - 12.0 < self.left + text_width(&format!("{name}{LOG}"), LABEL) {
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
