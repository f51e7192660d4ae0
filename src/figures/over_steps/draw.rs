//! The marks of the runs, back to front.

use super::{BOTTOM, HEIGHT, Layout, Line, TOP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{apart, count};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, TICK, cut_name, text_width, truncate};

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
            let color = pen.palette.token(&line.series.token);
            pen.path(&self.points(line), line.series.width, color, line.series.dashed)?;
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
        let palette = pen.palette;
        let (name, tick) = (
            Type {
                size: LABEL,
                bold: false,
                color: palette.ink_2,
            },
            Type {
                size: TICK,
                bold: false,
                color: palette.ink_3,
            },
        );
        let base = HEIGHT - BOTTOM;
        pen.text(
            (0.0, 12.0),
            &truncate(&self.title(), LABEL, self.width),
            name,
            Align::Start,
        )?;
        for value in &self.y_ticks {
            let y = self.y.at(*value as f64);
            let color = if *value == 0 { palette.rule_strong } else { palette.grid };
            pen.hline(self.left, self.right, y, 1.0, color)?;
            pen.text((self.left - 8.0, y + 4.0), &count(*value), tick, Align::End)?;
        }
        let label = |value: f64| count(value as u64);
        let widest = self
            .x_ticks
            .iter()
            .map(|v| text_width(&label(*v), TICK))
            .fold(0.0, f64::max);
        for value in apart(&self.x_ticks, |v| self.x.at(v), widest + 10.0) {
            let x = self.x.at(value).round();
            pen.vline(x, base, base + 4.0, 1.0, palette.rule_strong)?;
            pen.text((x, base + 17.0), &label(value), tick, Align::Middle)?;
        }
        pen.text((self.left, HEIGHT - 5.0), "training step", name, Align::Start)
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
            let face = Type {
                size: LABEL,
                bold: false,
                color: pen.palette.token(&line.series.token),
            };
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
            let (y, color) = (TOP + 8.0 + LABEL_GAP * n as f64, pen.palette.token(&line.series.token));
            let face = Type {
                size: LABEL,
                bold: false,
                color,
            };
            let x = self.left + 6.0;
            pen.path(
                &[(x, y - 4.0), (x + 14.0, y - 4.0)],
                line.series.width,
                color,
                line.series.dashed,
            )?;
            pen.halo((x + 20.0, y), &cut_name(&line.name, LABEL, room), face, Align::Start)?;
        }
        Ok(())
    }
}
