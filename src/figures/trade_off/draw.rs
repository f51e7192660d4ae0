//! The marks of the trade-off, back to front.

use super::{BOTTOM, LEFT, Layout, PLOT, TOP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::labels::around;
use crate::figures::drawing::legend;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{short, tick_label_among};
use crate::figures::drawing::style::{LABEL, truncate};
use crate::report::surgery::Arm;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let Some((name, first, last)) = &self.shown else {
            let middle = (0.5 * self.width, TOP + 0.5 * PLOT);
            let why = "It needs the arms of surgery on two texts.";
            return say(pen, middle, self.width - 32.0, why, false);
        };
        let frame = Frame {
            left: LEFT,
            right: self.right,
            base: TOP + PLOT,
            width: self.width,
        };
        frame.title(pen, &format!("Mean loss of {name} on “{}”, nats", last.name))?;
        frame.upwards(pen, &self.y, &self.y_ticks, |v| tick_label_among(&self.y_ticks, v))?;
        frame.along(pen, &self.x, &self.x_ticks, |v| tick_label_among(&self.x_ticks, v))?;
        let across = format!("forgetting on “{}”, nats: more than the base", first.name);
        frame.name(pen, &truncate(&across, LABEL, self.width - LEFT))?;
        for (line, dots) in self.lines.iter().zip(&self.dots) {
            pen.line(dots, &line.look)?;
        }
        for (line, dots) in self.lines.iter().zip(&self.dots) {
            let radius = if dots.len() > 1 { 2.5 } else { 4.0 };
            for at in dots {
                pen.dot(*at, radius, pen.palette.of_series(&line.look), 1.0)?;
            }
        }
        self.lambdas(pen)?;
        if let Some((line, place)) = self.focused() {
            let at = self.dots.get(line).and_then(|dots| dots.get(place));
            at.map_or(Ok(()), |at| pen.ring(*at, 6.0, pen.palette.ink))?;
        }
        let names: Vec<_> = self.lines.iter().map(|l| (&l.look, l.name)).collect();
        legend::draw(pen, (LEFT, TOP + PLOT + BOTTOM), self.right - LEFT, &names)
    }

    /// The lambda of every point that has room for it, the edit's first; at 1 all curves meet in the model as trained.
    fn lambdas(&self, pen: &Pen) -> Drawn {
        let mut order: Vec<usize> = (0..self.lines.len()).collect();
        order.sort_by_key(|n| self.lines.get(*n).and_then(|l| l.arm) != Some(Arm::Scaled));
        let mut points: Vec<(Point, String)> = Vec::new();
        let mut looks = Vec::new();
        for n in order {
            let (Some(line), Some(dots)) = (self.lines.get(n), self.dots.get(n)) else {
                continue;
            };
            for ((lambda, _), at) in line.rows.iter().zip(dots) {
                let words = match (lambda, line.arm) {
                    (Some(lambda), _) if *lambda != 1.0 => short(*lambda),
                    (None, None | Some(Arm::Trained | Arm::Projected)) => line.name.to_owned(),
                    _ => continue,
                };
                points.push((*at, words));
                looks.push(&line.look);
            }
        }
        // Names keep off the curves.
        let mut taken: Vec<Point> = Vec::new();
        for pair in self.dots.iter().flat_map(|dots| dots.windows(2)) {
            let (from, to) = (pair[0], pair[1]);
            let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 6.0) as u32;
            let at = |n: u32| f64::from(n) / f64::from(steps.max(1));
            taken.extend((0..=steps).map(|n| (from.0 + at(n) * (to.0 - from.0), from.1 + at(n) * (to.1 - from.1))));
        }
        let bounds = ((LEFT + 2.0, TOP), (self.right, TOP + PLOT - 2.0));
        for (((_, words), look), at) in points.iter().zip(looks).zip(around(&points, &taken, bounds)) {
            let face = Type::label(pen.palette.words(look));
            at.map_or(Ok(()), |at| pen.halo(at, words, face, Align::Start))?;
        }
        Ok(())
    }
}
