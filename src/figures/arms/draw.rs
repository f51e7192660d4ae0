//! The marks of the arms, back to front.

use super::{COUNTS, GAP, LEGEND, Layout, NORMS, TOP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, tick_label};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, cut_name};
use crate::figures::drawing::variable::set;

/// A plot: the points that a line has in it, and the room of its names.
type Plot = (fn(&super::Line) -> &Vec<Point>, (f64, f64));

/// Labels of the axis of lambda.
const LAMBDAS: [f64; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let (upper, lower) = (self.frame(TOP + COUNTS), self.frame(TOP + COUNTS + GAP + NORMS));
        upper.title(pen, &self.title())?;
        if self.shown.is_none() {
            let middle = (0.5 * (self.left + self.right), TOP + 0.5 * COUNTS);
            return say(
                pen,
                middle,
                self.right - self.left - 16.0,
                "No model was operated on.",
                false,
            );
        }
        upper.upwards(pen, &self.counts, &self.count_ticks, |v| count(v as u64))?;
        lower.upwards(pen, &self.norms, &self.norm_ticks, tick_label)?;
        let face = Type::label(pen.palette.ink_2);
        let above = TOP + COUNTS + GAP - 14.0;
        pen.text((0.0, above), &set("‖ΔW‖ over all matrices"), face, Align::Start)?;
        let inside: Vec<f64> = LAMBDAS
            .into_iter()
            .filter(|l| *l <= self.x.value(self.right) + 1e-9)
            .collect();
        lower.along(pen, &self.x, &inside, tick_label)?;
        lower.name(pen, &set("λ, the strength of the chosen vectors"))?;
        // As trained.
        for base in [TOP, TOP + COUNTS + GAP] {
            let end = if base == TOP {
                TOP + COUNTS
            } else {
                TOP + COUNTS + GAP + NORMS
            };
            pen.dashed_vline(self.x.at(1.0).round(), base, end, pen.palette.ink_3)?;
        }
        for line in &self.lines {
            for points in [&line.counts, &line.norms] {
                pen.line(points, &line.look)?;
            }
        }
        for line in self.lines.iter().filter(|l| l.counts.len() > 2) {
            for at in line.counts.iter().chain(&line.norms) {
                pen.dot(*at, 2.5, pen.palette.of_series(&line.look), 1.0)?;
            }
        }
        if let Some((line, dot)) = self.focused() {
            let line = &self.lines[line];
            for at in [line.counts.get(dot), line.norms.get(dot)].into_iter().flatten() {
                pen.ring(*at, 6.0, pen.palette.ink)?;
            }
        }
        if self.narrow { self.legend(pen) } else { self.names(pen) }
    }

    fn frame(&self, base: f64) -> Frame {
        Frame {
            left: self.left,
            right: self.right,
            base,
            width: self.width,
        }
    }

    /// The names at the ends of the lines of either plot.
    fn names(&self, pen: &Pen) -> Drawn {
        let plots: [Plot; 2] = [
            (|l| &l.counts, (TOP, TOP + COUNTS)),
            (|l| &l.norms, (TOP + COUNTS + GAP, TOP + COUNTS + GAP + NORMS)),
        ];
        for (points, room) in plots {
            let ends: Vec<(&super::Line, Point)> = self
                .lines
                .iter()
                .filter_map(|l| Some((l, *points(l).last()?)))
                .collect();
            let wanted: Vec<f64> = ends.iter().map(|(_, at)| at.1).collect();
            for ((line, _), y) in ends.iter().zip(spread(&wanted, LABEL_GAP, room)) {
                let x = self.right + 8.0;
                let face = Type::label(pen.palette.words(&line.look));
                let name = cut_name(line.arm.words().name, LABEL, self.width - x);
                pen.text((x, y + 4.0), &name, face, Align::Start)?;
            }
        }
        Ok(())
    }

    /// Below the plots of a narrow screen, three in a row.
    fn legend(&self, pen: &Pen) -> Drawn {
        let column = (self.width - self.left) / 3.0;
        for (n, line) in self.lines.iter().enumerate() {
            let (x, row) = (self.left + column * (n % 3) as f64, (n / 3) as f64);
            let y = self.height() - LEGEND + 16.0 + LABEL_GAP * row;
            pen.swatch((x, y), &line.look)?;
            let face = Type::label(pen.palette.words(&line.look));
            let name = cut_name(line.arm.words().name, LABEL, column - 24.0);
            pen.text((x + 20.0, y), &name, face, Align::Start)?;
        }
        Ok(())
    }
}
