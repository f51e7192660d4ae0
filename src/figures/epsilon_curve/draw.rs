//! The marks of the epsilon curve, back to front.

use super::{BOTTOM, Layout, Line, NARROW, TOP};
use crate::figures::data::looks::back_to_front;
use crate::figures::data::readings::{self, CROWD};
use crate::figures::data::words::so_far;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, count_decades, fixed, short};
use crate::figures::drawing::variable::set;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        let epsilon = self.request.settings.epsilon;
        let at = self.x.at(epsilon).round();
        pen.dashed_vline(at, TOP - 6.0, self.base(), pen.palette.ink)?;
        for line in back_to_front(&self.lines, |line| &line.series) {
            pen.line(&self.steps(line), &line.series)?;
        }
        self.dots(pen, epsilon, 4.0)?;
        self.readings(pen, epsilon)?;
        if !self.narrow {
            for (line, at) in self.label_places() {
                let face = Type::label(pen.palette.words(&line.series));
                pen.halo(at, &line.label, face, Align::Middle)?;
            }
        }
        self.crosshair(pen)
    }

    fn base(&self) -> f64 {
        self.height - BOTTOM
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        let frame = Frame {
            left: self.left,
            right: self.right,
            base: self.base(),
            width: self.width,
        };
        frame.title(pen, &set(&self.title()))?;
        frame.upwards(pen, &self.y, &count_decades(self.limit), |v| count(v as u64))?;
        frame.along(pen, &self.x, &[0.0, 0.25, 0.5, 0.75, 1.0], short)?;
        let words = if self.width < NARROW {
            "threshold ε"
        } else {
            "threshold ε: a vector whose best match is below it counts"
        };
        frame.name(pen, &set(words))
    }

    /// The steps of a line. Steps within half a CSS pixel are one: no eye and no screen tells them apart. Among a crowd of lines those within
    /// three are, and slopes stand for steps: a slider draws hundreds of thousands of corners otherwise.
    fn steps(&self, line: &Line) -> Vec<Point> {
        let crowded = self.lines.len() > CROWD;
        let columns_per_px = if crowded { 0.33 } else { 2.0 };
        let mut points = vec![(self.x.at(0.0), self.y.at(0.0))];
        let mut n = 0;
        while n < line.cosines.len() && line.cosines[n] < 1.0 {
            let column = (self.x.at(line.cosines[n]) * columns_per_px).floor();
            let before = self.y.at(n as f64);
            n += line.cosines[n..].partition_point(|c| *c < 1.0 && (self.x.at(*c) * columns_per_px).floor() <= column);
            let x = (column / columns_per_px).max(self.left);
            // A slope begins where the line leaves the axis.
            if !crowded || points.len() == 1 {
                points.push((x, before));
            }
            points.push((x, self.y.at(n as f64)));
        }
        points.push((self.x.at(1.0), self.y.at(n as f64)));
        points
    }

    fn dots(&self, pen: &Pen, epsilon: f64, radius: f64) -> Drawn {
        let x = self.x.at(epsilon).round() + 0.5;
        back_to_front(&self.lines, |line| &line.series)
            .into_iter()
            .try_for_each(|line| {
                pen.dot(
                    (x, self.y.at(line.count(epsilon) as f64)),
                    radius,
                    pen.palette.of_series(&line.series),
                    1.0,
                )
            })
    }

    /// The upper left corner and the size of the list of readings, beside the threshold's line where that covers least.
    pub(super) fn readings_box(&self) -> (Point, Point) {
        let longest = self
            .lines
            .iter()
            .map(|l| l.label.chars().count() + count(l.cosines.len() as u64).len())
            .max()
            .unwrap_or(0);
        let size = readings::size(self.listed(), longest, self.narrow);
        // Among a crowd no place is clear, and none is looked for.
        let crowded = self.lines.len() > CROWD;
        let near = self.lines.iter().filter(|_| !crowded);
        let lines: Vec<Vec<Point>> = near.map(|l| self.steps(l)).collect();
        let around = readings::Around {
            left: self.left,
            right: self.right,
            top: TOP - 5.0,
            bottom: self.base(),
            at: self.x.at(self.request.settings.epsilon),
            lines: &lines,
        };
        (around.corner(size), size)
    }

    /// The number of readings that fit above the axis.
    fn listed(&self) -> usize {
        readings::fit(self.lines.len(), self.base() - TOP)
    }

    fn readings(&self, pen: &Pen, epsilon: f64) -> Drawn {
        let (corner, size) = self.readings_box();
        let head = set(&format!("at ε = {}{}", fixed(epsilon, 2), so_far(self.request)));
        let rows = self.sorted(epsilon).into_iter().take(self.listed());
        readings::draw(
            pen,
            corner,
            size,
            &head,
            rows.map(|(line, n)| (&line.series, line.label.as_str(), count(n as u64))),
        )
    }

    fn crosshair(&self, pen: &Pen) -> Drawn {
        let Some(epsilon) = self
            .request
            .focus
            .as_ref()
            .and_then(|f| f.epsilon)
            .filter(|e| e.is_finite())
        else {
            return Ok(());
        };
        pen.vline(self.x.at(epsilon).round(), TOP - 6.0, self.base(), 1.0, pen.palette.ink)?;
        self.dots(pen, epsilon, 4.0)
    }
}
