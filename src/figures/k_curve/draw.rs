//! The marks of the k curve, back to front.

use super::{BOTTOM, LISTED, Layout, Line, TOP, percent};
use crate::figures::data::looks::back_to_front;
use crate::figures::data::readings;
use crate::figures::data::words::so_far;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, count_decades, decades};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, cut_name, text_width};
use crate::figures::drawing::variable::set;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        self.all_vectors(pen)?;
        let at = self.x.at(self.k() as f64).round();
        pen.dashed_vline(at, TOP - 12.0, self.base(), pen.palette.ink)?;
        for line in back_to_front(&self.lines, |line| &line.series) {
            self.line(pen, line)?;
        }
        self.dots(pen, self.k())?;
        self.readings(pen, at)?;
        if !self.narrow {
            self.names(pen)?;
        }
        self.crosshair(pen)
    }

    fn base(&self) -> f64 {
        self.height - BOTTOM
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        let (last, shares) = (self.last as f64, self.request.fraction);
        let frame = Frame {
            left: self.left,
            right: self.right,
            base: self.base(),
            width: self.width,
        };
        frame.title(pen, &set(&self.title()))?;
        frame.upwards(pen, &self.y, &self.grid(), |v| {
            if shares { percent(v) } else { count(v as u64) }
        })?;
        let values = if shares {
            quarters(last)
        } else {
            with_end(decades(last), last)
        };
        frame.along(pen, &self.x, &values, |v| {
            if shares { percent(v / last) } else { count(v as u64) }
        })?;
        let n = count(self.last);
        let words = match (shares, self.narrow) {
            (true, true) => "window k, as a share of n".into(),
            (true, false) => "window k, as a share of each matrix’s n vectors".into(),
            (false, true) => format!("window k (of {n})"),
            (false, false) => format!("window k: how many top vectors are looked at (of {n})"),
        };
        frame.name(pen, &set(&words))
    }

    /// Values with a grid line; the last is the true limit.
    fn grid(&self) -> Vec<f64> {
        if self.request.fraction {
            quarters(1.0)
        } else {
            count_decades(self.vectors.upto(self.last).max(10))
        }
    }

    /// The dotted line no model can pass.
    fn all_vectors(&self, pen: &Pen) -> Drawn {
        // A share of all vectors has its limit at 100 %.
        if self.request.fraction || self.lines.is_empty() {
            return Ok(());
        }
        let color = pen.palette.rule_strong;
        let mut next = self.left;
        for pair in self.stops.windows(2) {
            let [(x0, y0), (x1, y1)] =
                [pair[0], pair[1]].map(|k| (self.x.at(k as f64), self.y.at(self.vectors.upto(k) as f64)));
            while next <= x1 {
                let t = if x1 > x0 { (next - x0) / (x1 - x0) } else { 0.0 };
                pen.dot((next, y0 + t * (y1 - y0)), 0.75, color, 1.0)?;
                next += 4.0;
            }
        }
        let at = self.all_label();
        let face = Type::label(pen.palette.ink_3);
        pen.halo(at, ALL, face, Align::End)
    }

    /// The end and the baseline of the dotted line's name: above it, where the window's line and its readings are not.
    fn all_label(&self) -> Point {
        let k = self.x.at(self.k() as f64);
        let (far, width) = (self.right - 40.0, text_width(ALL, LABEL));
        let x = if far - width > k + 6.0 || k - 12.0 - width < self.left {
            far
        } else {
            k - 12.0
        };
        // Left of x the line only falls: the name stands clear of it.
        let at = self
            .stops
            .iter()
            .find(|k| self.x.at(**k as f64) >= x)
            .copied()
            .unwrap_or(self.last);
        let y = self.y.at(self.vectors.upto(at) as f64) - 7.0;
        (x.max(self.left + width), y.max(TOP + 2.0))
    }

    fn points(&self, line: &Line) -> Vec<Point> {
        self.stops.iter().filter_map(|k| self.place(line, *k)).collect()
    }

    fn line(&self, pen: &Pen, line: &Line) -> Drawn {
        let (points, color) = (self.points(line), pen.palette.of_series(&line.series));
        pen.line(&points, &line.series)?;
        match points.last() {
            Some(end) if line.counts.end.is_some_and(|k| k < self.last) => {
                pen.dot(*end, 4.0, color, 1.0)?;
                pen.dot(*end, 2.25, pen.palette.paper, 1.0)
            }
            _ => Ok(()),
        }
    }

    fn dots(&self, pen: &Pen, k: u64) -> Drawn {
        for line in back_to_front(&self.lines, |line| &line.series) {
            if let Some((x, y)) = self.place(line, k) {
                pen.dot((x.round() + 0.5, y), 4.0, pen.palette.of_series(&line.series), 1.0)?;
            }
        }
        Ok(())
    }

    fn window_label(&self, pen: &Pen, at: f64) -> Drawn {
        let (label, face) = (set(&self.window(self.k())), Type::strong(pen.palette.ink));
        let fits = at + 6.0 + text_width(&label, LABEL) <= self.width;
        let (x, align) = if fits {
            (at + 6.0, Align::Start)
        } else {
            (at - 6.0, Align::End)
        };
        pen.halo((x, TOP - 6.0), &label, face, align)
    }

    /// The list beside the window's line names it too; elsewhere the line has a label of its own.
    fn readings(&self, pen: &Pen, at: f64) -> Drawn {
        let (k, below) = (self.k(), self.below());
        let listed = if below {
            self.lines.len().min(LISTED)
        } else {
            readings::fit(self.lines.len(), self.base() - TOP)
        };
        let size = self.list_size(listed);
        let around = readings::Around {
            left: self.left,
            right: self.right,
            top: TOP - 4.0,
            bottom: self.base(),
            at,
            lines: &self.covered(),
        };
        let corner = if below {
            (self.left - 6.0, self.height + 4.0)
        } else {
            around.corner(size)
        };
        if below || !around.beside(size.0).contains(&corner.0) {
            self.window_label(pen, at)?;
        }
        let of = if listed < self.lines.len() && below {
            format!(", {listed} of {}", self.lines.len())
        } else {
            String::new()
        };
        let head = set(&format!("at {}{}{of}", self.window(k), so_far(self.request)));
        let rows = self.sorted(k).into_iter().take(listed);
        readings::draw(
            pen,
            corner,
            size,
            &head,
            rows.map(|l| (&l.series, l.label.as_str(), self.reading(l, k))),
        )
    }

    /// What a list of readings should not cover: the lines, the limit, the names.
    fn covered(&self) -> Vec<Vec<Point>> {
        let mut lines: Vec<Vec<Point>> = self.lines.iter().map(|l| self.points(l)).collect();
        if !self.request.fraction {
            lines.push(
                self.stops
                    .iter()
                    .map(|k| (self.x.at(*k as f64), self.y.at(self.vectors.upto(*k) as f64)))
                    .collect(),
            );
        }
        // A name is as bad to cover as a line.
        let name = |(line, (x, y)): (&Line, Point)| {
            let steps = (text_width(&self.named(line, x), LABEL) / 10.0) as u32;
            (0..=steps).map(|n| (x + 10.0 * f64::from(n), y - 4.0)).collect()
        };
        lines.extend(self.name_places().into_iter().map(name));
        lines
    }

    /// Start and baseline of the lines' names, at their ends.
    fn name_places(&self) -> Vec<(&Line, Point)> {
        let mut ends: Vec<(&Line, Point)> = self
            .lines
            .iter()
            .filter_map(|l| Some((l, *self.points(l).last()?)))
            .collect();
        // Where there is no room for all, the last checkpoint of a run speaks for it.
        let room = ((self.base() - TOP) / LABEL_GAP) as usize + 1;
        ends.sort_by(|a, b| (a.1.0.total_cmp(&b.1.0)).then(b.0.series.width.total_cmp(&a.0.series.width)));
        let mut places = Vec::new();
        for group in ends.chunk_by(|a, b| a.1.0 == b.1.0) {
            let group = &group[..group.len().min(room)];
            let wanted: Vec<f64> = group.iter().map(|e| e.1.1).collect();
            let apart = spread(&wanted, LABEL_GAP, (TOP, self.base() - 6.0));
            places.extend(
                group
                    .iter()
                    .zip(apart)
                    .map(|((line, end), y)| (*line, (end.0 + 8.0, y + 4.0))),
            );
        }
        places
    }

    fn names(&self, pen: &Pen) -> Drawn {
        for (line, at) in self.name_places() {
            let face = Type::label(pen.palette.words(&line.series));
            pen.halo(at, &self.named(line, at.0), face, Align::Start)?;
        }
        Ok(())
    }

    /// A line's name as it stands at its end, from `x` on.
    fn named(&self, line: &Line, x: f64) -> String {
        cut_name(&line.label, LABEL, (self.width - x).min(LONGEST_NAME))
    }

    fn crosshair(&self, pen: &Pen) -> Drawn {
        let Some(k) = self.focused() else { return Ok(()) };
        pen.vline(
            self.x.at(k as f64).round(),
            TOP - 6.0,
            self.base(),
            1.0,
            pen.palette.ink,
        )?;
        self.dots(pen, k)
    }
}

const ALL: &str = "all vectors looked at";

/// Room for a name inside the plot, in CSS pixels: curves that end early leave the rest to the list.
const LONGEST_NAME: f64 = 170.0;

fn quarters(whole: f64) -> Vec<f64> {
    [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| q * whole).to_vec()
}

fn with_end(mut values: Vec<f64>, end: f64) -> Vec<f64> {
    if values.last() != Some(&end) {
        values.push(end);
    }
    values
}
