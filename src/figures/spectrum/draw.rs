//! The marks of the spectrum, back to front.

use super::{BOTTOM, HEIGHT, Layout, TOP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::labels::around;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, index_ticks, tick_label_among};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::report::Status;
use crate::series::Series;
use plotters::style::RGBColor;

/// Ranks nearer together than this, in CSS pixels, are a line without dots.
const DOTS_APART: f64 = 5.0;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        if self.shown == 0 {
            let middle = (0.5 * (self.left + self.right), 0.5 * HEIGHT - 16.0);
            let failed = self.subject.matrix.is_some_and(|m| m.status == Status::Failed);
            let text = self.subject.why_empty("No singular values for this matrix.");
            return say(pen, middle, self.right - self.left - 16.0, text, failed);
        }
        if let Some(j) = self.focused() {
            pen.vline(self.x.at(j as f64) - 0.5, TOP, HEIGHT - BOTTOM, 1.0, pen.palette.ink)?;
        }
        let (series, color) = (&self.subject.series, pen.palette.token(&self.subject.series.token));
        self.line(pen, self.base, &Series::none())?;
        self.line(pen, self.tuned, series)?;
        self.names(pen, color)?;
        self.rings(pen)
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        let frame = Frame {
            left: self.left,
            right: self.right + 4.0,
            base: HEIGHT - BOTTOM,
            width: self.width,
        };
        frame.title(pen, &set("Singular value σ"))?;
        frame.upwards(pen, &self.y, &self.ticks, |v| tick_label_among(&self.ticks, v))?;
        // Ranks are counted from one.
        let ranks: Vec<f64> = index_ticks(0, self.shown)
            .into_iter()
            .map(|r| r.saturating_sub(1) as f64)
            .collect();
        frame.along(pen, &self.x, &ranks, |r| count(r as u64 + 1))?;
        frame.name(pen, "rank of the singular value")
    }

    fn line(&self, pen: &Pen, sigma: &[f32], look: &Series) -> Drawn {
        let points: Vec<Point> = (0..sigma.len()).filter_map(|j| self.place(sigma, j)).collect();
        pen.line(&points, look)?;
        let apart = self.x.at(1.0) - self.x.at(0.0);
        if apart < DOTS_APART {
            return Ok(());
        }
        let color = pen.palette.of_series(look);
        points.iter().try_for_each(|p| pen.dot(*p, 2.25, color, 1.0))
    }

    /// A line as points a few pixels apart, as far as names can reach.
    fn along(&self, sigma: &[f32]) -> Vec<Point> {
        const STEPS: u32 = 8;
        let between = |(a, b): (Point, Point)| {
            (0..STEPS)
                .map(move |n| f64::from(n) / f64::from(STEPS))
                .map(move |t| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)))
        };
        let pairs = (1..sigma.len()).filter_map(|j| self.place(sigma, j - 1).zip(self.place(sigma, j)));
        pairs.take(512).flat_map(between).collect()
    }

    /// The lines' names: at their ends; where there is no room, over or under both, in their order.
    fn names(&self, pen: &Pen, color: RGBColor) -> Drawn {
        let last = |sigma: &[f32]| (0..sigma.len()).rev().find_map(|j| self.place(sigma, j));
        let ends = [
            (self.base, "pre-trained", pen.palette.base),
            (self.tuned, self.subject.label.as_str(), color),
        ];
        let mut names: Vec<(Point, &str, RGBColor)> = ends
            .iter()
            .filter_map(|(s, name, c)| Some((last(s)?, *name, *c)))
            .collect();
        // At one height the fine-tuned line is named first.
        names.sort_by(|a, b| {
            a.0.1
                .total_cmp(&b.0.1)
                .then((a.1 == "pre-trained").cmp(&(b.1 == "pre-trained")))
        });
        let face = |color| Type::label(color);
        if !self.narrow {
            let wanted: Vec<f64> = names.iter().map(|n| n.0.1).collect();
            for ((at, name, color), y) in names
                .iter()
                .zip(spread(&wanted, LABEL_GAP, (TOP, HEIGHT - BOTTOM - 4.0)))
            {
                let x = at.0 + 10.0;
                pen.text(
                    (x, y + 4.0),
                    &truncate(name, LABEL, self.width - x),
                    face(*color),
                    Align::Start,
                )?;
            }
            return Ok(());
        }
        let room = 0.6 * (self.right - self.left);
        let widest = names
            .iter()
            .map(|n| text_width(n.1, LABEL))
            .fold(0.0, f64::max)
            .min(room);
        let under = |s: &[f32]| {
            (0..s.len())
                .filter_map(|j| self.place(s, j))
                .filter(|p| p.0 >= self.right - widest - 6.0)
                .collect::<Vec<_>>()
        };
        let near: Vec<f64> = under(self.base)
            .into_iter()
            .chain(under(self.tuned))
            .map(|p| p.1)
            .collect();
        let (top, low) = near
            .iter()
            .fold((f64::INFINITY, 0.0f64), |(a, b), y| (a.min(*y), b.max(*y)));
        let above = top - 10.0 - LABEL_GAP * (names.len().saturating_sub(1)) as f64;
        let first = if above >= TOP + 6.0 { above } else { low + 20.0 };
        for (n, (_, name, color)) in names.iter().enumerate() {
            let at = (self.right, first + LABEL_GAP * n as f64);
            pen.halo(at, &truncate(name, LABEL, room), face(*color), Align::End)?;
        }
        Ok(())
    }

    /// The intruders of the window.
    fn rings(&self, pen: &Pen) -> Drawn {
        let ink = pen.palette.ink;
        let points: Vec<(Point, String)> = self
            .subject
            .intruders()
            .into_iter()
            .filter_map(|j| Some((self.place(self.tuned, j)?, set(&format!("j = {}", j + 1)))))
            .collect();
        points.iter().try_for_each(|(at, _)| pen.ring(*at, 6.0, ink))?;
        // Names keep off the lines as well.
        let marks: Vec<Point> = [self.tuned, self.base]
            .into_iter()
            .flat_map(|sigma| self.along(sigma))
            .collect();
        let bounds = ((self.left, TOP - 12.0), (self.right, HEIGHT - BOTTOM));
        for ((_, name), at) in points.iter().zip(around(&points, &marks, bounds)) {
            if let Some(at) = at {
                pen.halo(at, name, Type::strong(ink), Align::Start)?;
            }
        }
        Ok(())
    }
}
