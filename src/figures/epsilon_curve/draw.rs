//! The marks of the epsilon curve, back to front.

use super::{BOTTOM, Layout, Line, NARROW, TOP};
use crate::figures::data::readings;
use crate::figures::data::words::so_far;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, count_ticks, fixed, short};
use crate::figures::drawing::style::{LABEL, TICK, truncate};

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        let epsilon = self.request.settings.epsilon;
        let at = self.x.at(epsilon).round();
        pen.dashed_vline(at, TOP - 6.0, self.base(), pen.palette.ink)?;
        // The full fine-tune's heavy line goes first: it hides nothing.
        let mut order: Vec<&Line> = self.lines.iter().collect();
        order.sort_by(|a, b| b.series.width.total_cmp(&a.series.width));
        for line in &order {
            pen.path(
                &self.steps(line),
                line.series.width,
                pen.palette.token(&line.series.token),
                line.series.dashed,
            )?;
        }
        self.dots(pen, epsilon, 4.0)?;
        self.readings(pen, epsilon)?;
        if !self.narrow {
            for (line, at) in self.label_places() {
                let face = Type {
                    size: LABEL,
                    bold: false,
                    color: pen.palette.token(&line.series.token),
                };
                pen.halo(at, &line.label, face, Align::Middle)?;
            }
        }
        self.crosshair(pen)
    }

    fn base(&self) -> f64 {
        self.height - BOTTOM
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
        pen.text(
            (0.0, 12.0),
            &truncate(&self.title(), LABEL, self.width),
            name,
            Align::Start,
        )?;
        for value in count_ticks(self.limit) {
            let y = self.y.at(value as f64);
            pen.hline(
                self.left,
                self.right,
                y,
                1.0,
                if value == 0 { palette.rule_strong } else { palette.grid },
            )?;
            pen.text((self.left - 8.0, y + 4.0), &count(value), tick, Align::End)?;
        }
        for value in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let x = self.x.at(value).round();
            pen.vline(x, self.base(), self.base() + 4.0, 1.0, palette.rule_strong)?;
            pen.text((x, self.base() + 17.0), &short(value), tick, Align::Middle)?;
        }
        let words = if self.width < NARROW {
            "threshold ε"
        } else {
            "threshold ε: a vector whose best match is below it counts"
        };
        pen.text((self.left, self.height - 5.0), words, name, Align::Start)
    }

    /// The steps of a line. Steps within half a CSS pixel are one: no eye and no screen tells them apart.
    fn steps(&self, line: &Line) -> Vec<Point> {
        const COLUMNS_PER_PX: f64 = 2.0;
        let mut points = vec![(self.x.at(0.0), self.y.at(0.0))];
        let mut n = 0;
        while n < line.cosines.len() && line.cosines[n] < 1.0 {
            let column = (self.x.at(line.cosines[n]) * COLUMNS_PER_PX).floor();
            let before = self.y.at(n as f64);
            n += line.cosines[n..].partition_point(|c| *c < 1.0 && (self.x.at(*c) * COLUMNS_PER_PX).floor() <= column);
            let x = column / COLUMNS_PER_PX;
            points.extend([(x, before), (x, self.y.at(n as f64))]);
        }
        points.push((self.x.at(1.0), self.y.at(n as f64)));
        points
    }

    fn dots(&self, pen: &Pen, epsilon: f64, radius: f64) -> Drawn {
        let x = self.x.at(epsilon).round() + 0.5;
        self.lines.iter().try_for_each(|line| {
            pen.dot(
                (x, self.y.at(line.count(epsilon) as f64)),
                radius,
                pen.palette.token(&line.series.token),
                1.0,
            )
        })
    }

    /// The upper left corner and the size of the list of readings: left of the threshold's line where there is room, else right of it.
    pub(super) fn readings_box(&self) -> (Point, Point) {
        let at = self.x.at(self.request.settings.epsilon);
        let longest = self
            .lines
            .iter()
            .map(|l| l.label.chars().count() + count(l.cosines.len() as u64).len())
            .max()
            .unwrap_or(0);
        let (w, h) = readings::size(self.listed(), longest, self.narrow);
        let x = if at - self.left >= w + 4.0 {
            if self.narrow { self.left + 2.0 } else { at - w - 6.0 }
        } else if self.right - at >= w + 8.0 {
            at + 8.0
        } else {
            self.left + 2.0
        };
        ((x, TOP - 5.0), (w, h))
    }

    /// The number of readings that fit above the axis.
    fn listed(&self) -> usize {
        readings::fit(self.lines.len(), self.base() - TOP)
    }

    fn readings(&self, pen: &Pen, epsilon: f64) -> Drawn {
        let (corner, size) = self.readings_box();
        let head = format!("at ε = {}{}", fixed(epsilon, 2), so_far(self.request));
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
