//! The marks of the curves, back to front.

use super::axes;
use super::curves::{Layout, ROW, STRIP, legend, legend_room};
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::short;
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, Palette, TICK, cos_color, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::report::panel::Line;
use crate::series::Dash;
use plotters::style::RGBColor;

/// The colour and the weight of a line.
pub(super) fn look(palette: &Palette, token: &str) -> (RGBColor, f64) {
    match token {
        "ink" => (palette.ink, 2.0),
        "full" => (palette.full, 2.5),
        token => (palette.token(token), 1.75),
    }
}

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        self.legend(pen)?;
        for level in self.data.levels.iter().filter(|l| l.at.is_finite()) {
            pen.dashed_hline(self.left, self.right, self.y.at(level.at), pen.palette.ink)?;
        }
        for line in &self.data.lines {
            self.line(pen, line)?;
        }
        self.strips(pen)?;
        self.names(pen)?;
        self.cursor(pen)
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        axes::upwards(pen, &self.data.y, &self.y, (self.left, self.right), self.width)?;
        pen.hline(self.left, self.right, self.base, 1.0, pen.palette.rule_strong)?;
        axes::along(
            pen,
            &self.data.x.label,
            axes::places(&self.data.x, &self.x),
            (self.left, self.strips_end()),
            self.width,
        )
    }

    /// The legend; on a narrow plot the names stand above it.
    fn legend(&self, pen: &Pen) -> Drawn {
        if !self.narrow {
            return Ok(());
        }
        for (n, row) in legend(&self.data.lines, self.width).into_iter().enumerate() {
            let (mut x, y) = (0.0, 12.0 + ROW * (n + 1) as f64);
            for line in row.into_iter().map(|at| &self.data.lines[at]) {
                let (color, width) = look(&pen.palette, &line.token);
                pen.path(
                    &[(x, y - 4.0), (x + 14.0, y - 4.0)],
                    width,
                    color,
                    Dash::when(line.dashed),
                )?;
                pen.text(
                    (x + 20.0, y),
                    &truncate(&set(&line.label), LABEL, self.width - 20.0),
                    Type::label(color),
                    Align::Start,
                )?;
                x += legend_room(line);
            }
        }
        Ok(())
    }

    fn points(&self, line: &Line) -> Vec<Point> {
        line.points
            .iter()
            .filter(|p| p[0].is_finite() && p[1].is_finite())
            .map(|p| (self.x.at(p[0]), self.y.at(p[1])))
            .collect()
    }

    fn line(&self, pen: &Pen, line: &Line) -> Drawn {
        let (color, width) = look(&pen.palette, &line.token);
        pen.path(&self.points(line), width, color, Dash::when(line.dashed))?;
        for (p, sd) in line
            .points
            .iter()
            .zip(&line.deviation)
            .filter(|(p, sd)| p[1].is_finite() && sd.is_finite() && **sd > 0.0)
        {
            let (x, high, low) = (self.x.at(p[0]), self.y.at(p[1] + sd), self.y.at(p[1] - sd));
            pen.vline(x - 0.5, high, low, 1.0, color)?;
            pen.hline(x - 3.0, x + 3.0, high, 1.0, color)?;
            pen.hline(x - 3.0, x + 3.0, low, 1.0, color)?;
        }
        if line.dots || line.points.len() == 1 {
            self.points(line)
                .into_iter()
                .try_for_each(|p| pen.dot(p, 3.0, color, 1.0))?;
        }
        Ok(())
    }

    /// Counts as a band of cells: the darker the more.
    fn strips(&self, pen: &Pen) -> Drawn {
        let palette = pen.palette;
        for (n, strip) in self.data.strips.iter().enumerate() {
            let y = self.strip_top(n);
            let most = strip
                .counts
                .iter()
                .map(|c| c[1])
                .filter(|c| c.is_finite())
                .fold(1.0, f64::max);
            let mut runs: Vec<(f64, f64, f64)> = Vec::new();
            for (at, [x, count]) in strip
                .counts
                .iter()
                .enumerate()
                .filter(|(_, c)| c[0].is_finite() && c[1].is_finite())
            {
                let to = strip.counts.get(at + 1).map_or(self.right, |c| self.x.at(c[0]));
                match runs.last_mut() {
                    Some((_, end, own)) if *own == *count => *end = to,
                    _ => runs.push((self.x.at(*x), to, *count)),
                }
            }
            for (from, to, count) in runs {
                let share = if count <= 0.0 { 0.06 } else { 0.3 + 0.5 * count / most };
                pen.rect((from, y), (to - from, STRIP), cos_color(self.theme, share), 1.0)?;
                let label = short(count);
                if to - from > text_width(&label, TICK) + 6.0 {
                    let color = if share > 0.52 { palette.paper } else { palette.ink };
                    pen.text((0.5 * (from + to), y + 12.0), &label, Type::tick(color), Align::Middle)?;
                }
            }
            let face = Type::label(palette.ink_2);
            pen.text(
                (self.right + 8.0, y + 12.0),
                &truncate(&strip.label, LABEL, self.width - self.right - 8.0),
                face,
                Align::Start,
            )?;
        }
        Ok(())
    }

    /// Lines and levels by name, at their ends; on a narrow plot only the levels, inside it.
    fn names(&self, pen: &Pen) -> Drawn {
        let ink = pen.palette.ink;
        if self.narrow {
            return self
                .data
                .levels
                .iter()
                .filter(|l| l.at.is_finite())
                .try_for_each(|level| {
                    let face = Type::strong(ink);
                    let at = (self.right, self.y.at(level.at) - 5.0);
                    pen.halo(at, &set(&level.label), face, Align::End)
                });
        }
        let lines = self.data.lines.iter().filter_map(|l| {
            let end = *self.points(l).last()?;
            // A line that ends early is named there.
            let x = if end.0 + text_width(&l.label, LABEL) + 16.0 < self.right {
                end.0
            } else {
                self.right
            };
            Some(((x, end.1), l.label.as_str(), look(&pen.palette, &l.token).0, false))
        });
        let levels = self
            .data
            .levels
            .iter()
            .filter(|l| l.at.is_finite())
            .map(|l| ((self.right, self.y.at(l.at)), l.label.as_str(), ink, true));
        let names: Vec<_> = lines.chain(levels).collect();
        let wanted: Vec<f64> = names.iter().map(|n| n.0.1).collect();
        for (((x, _), name, color, bold), y) in
            names
                .iter()
                .zip(spread(&wanted, LABEL_GAP, (self.top, self.base - 2.0)))
        {
            let (face, x) = (
                Type {
                    size: LABEL,
                    bold: *bold,
                    color: *color,
                },
                x + 8.0,
            );
            let name = truncate(&set(name), LABEL, self.width - x);
            pen.halo((x, y + 4.0), &name, face, Align::Start)?;
        }
        Ok(())
    }

    /// The mark of the dial's place, and the crosshair.
    fn cursor(&self, pen: &Pen) -> Drawn {
        let ink = pen.palette.ink;
        for at in [self.data.cursor, self.focused()]
            .into_iter()
            .flatten()
            .filter(|at| at.is_finite())
        {
            let x = self.x.at(at).round();
            pen.vline(x, self.top - 4.0, self.base, 1.0, ink)?;
            for line in &self.data.lines {
                if let Some(y) = between(line, at) {
                    pen.dot((x + 0.5, self.y.at(y)), 4.0, look(&pen.palette, &line.token).0, 1.0)?;
                }
            }
        }
        Ok(())
    }
}

/// The height of a line at a place between its points; None outside them.
fn between(line: &Line, at: f64) -> Option<f64> {
    let after = line.points.iter().position(|p| p[0] >= at)?;
    let [x1, y1] = line.points[after];
    let y = match after.checked_sub(1).map(|n| line.points[n]) {
        Some([x0, y0]) if x1 > x0 => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
        _ if x1 == at => y1,
        _ => return None,
    };
    y.is_finite().then_some(y)
}
