//! The marks of the runs, back to front.

use super::{BOTTOM, HEIGHT, Layout, Line, TOP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::count;
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, cut_name};
use crate::figures::drawing::variable::set;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        if self.lines.is_empty() {
            let text = if self.request.running {
                "No checkpoint is done yet."
            } else {
                "The report holds no checkpoints of a training run."
            };
            let middle = (0.5 * (self.left + self.right), 0.33 * HEIGHT);
            return say(pen, middle, self.right - self.left - 16.0, text, false);
        }
        if let Some(at) = self.focused().map(|(line, stop)| self.lines[line].stops[stop].at) {
            pen.vline(at.0.round(), TOP - 6.0, HEIGHT - BOTTOM, 1.0, pen.palette.ink)?;
        }
        for line in &self.lines {
            let color = pen.palette.of_series(&line.series);
            pen.line(&self.points(line), &line.series)?;
            for stop in &line.stops {
                pen.dot(stop.at, 3.0, color, 1.0)?;
            }
        }
        if let Some((line, stop)) = self.focused() {
            pen.ring(self.lines[line].stops[stop].at, 6.0, pen.palette.ink)?;
        }
        if self.narrow { self.heads(pen) } else { self.names(pen) }
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        let frame = Frame {
            left: self.left,
            right: self.right,
            base: HEIGHT - BOTTOM,
            width: self.width,
        };
        let whole = |v: f64| count(v as u64);
        let values: Vec<f64> = self.y_ticks.iter().map(|v| *v as f64).collect();
        frame.title(pen, &set(&self.title()))?;
        frame.upwards(pen, &self.y, &values, whole)?;
        frame.along(pen, &self.x, &self.x_ticks, whole)?;
        frame.name(pen, "training step")
    }

    /// The points of a run, from the base, which equals itself, over all checkpoints.
    fn points(&self, line: &Line) -> Vec<Point> {
        let base = (self.x.at(0.0), self.y.at(0.0));
        std::iter::once(base).chain(line.stops.iter().map(|s| s.at)).collect()
    }

    /// The runs' names at the ends of their lines.
    fn names(&self, pen: &Pen) -> Drawn {
        let ends: Vec<(&Line, Point)> = self
            .lines
            .iter()
            .filter_map(|l| Some((l, l.stops.last()?.at)))
            .collect();
        let wanted: Vec<f64> = ends.iter().map(|e| e.1.1).collect();
        let room = ((HEIGHT - BOTTOM - TOP) / LABEL_GAP) as usize + 1;
        let places = spread(&wanted, LABEL_GAP, (TOP, HEIGHT - BOTTOM));
        for ((line, _), y) in ends.iter().zip(places).take(room) {
            let x = self.right + 8.0;
            let face = Type::label(pen.palette.words(&line.series));
            pen.text(
                (x, y + 4.0),
                &cut_name(&line.name, LABEL, self.width - x),
                face,
                Align::Start,
            )?;
        }
        Ok(())
    }

    /// The names of the runs; on a narrow screen they stand over the plot, from the left.
    fn heads(&self, pen: &Pen) -> Drawn {
        let room = self.width - self.left - 26.0;
        for (n, line) in self.lines.iter().enumerate().take(6) {
            let (y, color) = (TOP + 8.0 + LABEL_GAP * n as f64, pen.palette.words(&line.series));
            let face = Type::label(color);
            let x = self.left + 6.0;
            pen.swatch((x, y), &line.series)?;
            pen.halo((x + 20.0, y), &cut_name(&line.name, LABEL, room), face, Align::Start)?;
        }
        Ok(())
    }
}
