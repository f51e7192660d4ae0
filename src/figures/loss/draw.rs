//! The marks of losses over lambda, back to front.

use super::{BOTTOM, Layout, PLOT, Plot};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::legend;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{fixed, tick_label, tick_label_among};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, cut_name, truncate};
use crate::figures::drawing::variable::set;

/// Labels of the axis of lambda.
const LAMBDAS: [f64; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let Some(name) = &self.shown else {
            let middle = (0.5 * (self.left + self.right), 0.5 * self.base());
            return say(
                pen,
                middle,
                self.right - self.left - 16.0,
                "No loss was computed.",
                false,
            );
        };
        for (plot, text) in self.plots.iter().zip(self.texts) {
            let title = format!("Mean loss of {name} on “{}”, nats", text.name);
            let title = truncate(&title, LABEL, self.width);
            let at = (0.0, plot.top - 14.0);
            pen.text(at, &title, Type::label(pen.palette.ink_2), Align::Start)?;
            self.plot(pen, plot)?;
        }
        let frame = self.frame(self.base());
        let last = self.x.value(self.right) + 1e-9;
        let inside: Vec<f64> = LAMBDAS.into_iter().filter(|l| *l <= last).collect();
        frame.along(pen, &self.x, &inside, tick_label)?;
        let (k, epsilon) = self.rule;
        let rule = if self.narrow {
            String::new()
        } else {
            format!(" (k = {k}, ε = {})", fixed(epsilon, 2))
        };
        let rule = format!("λ, the strength of the chosen vectors{rule}");
        frame.name(pen, &set(&rule))?;
        if self.narrow {
            let names: Vec<_> = self.lines.iter().map(|l| (&l.look, l.name)).collect();
            let corner = (self.left, self.base() + BOTTOM);
            legend::draw(pen, corner, self.width - self.left, &names)?;
        }
        Ok(())
    }

    fn frame(&self, base: f64) -> Frame {
        Frame {
            left: self.left,
            right: self.right,
            base,
            width: self.width,
        }
    }

    fn plot(&self, pen: &Pen, plot: &Plot) -> Drawn {
        let base = plot.top + PLOT;
        let label = |v| tick_label_among(&plot.ticks, v);
        self.frame(base).upwards(pen, &plot.y, &plot.ticks, label)?;
        let trained = self.x.at(1.0).round();
        pen.dashed_vline(trained, plot.top, base, pen.palette.ink_3)?;
        for (line, dots) in self.lines.iter().zip(&plot.dots) {
            pen.line(dots, &line.look)?;
        }
        for (line, dots) in self
            .lines
            .iter()
            .zip(&plot.dots)
            .filter(|(line, _)| line.rows.len() > 1)
        {
            for at in dots {
                pen.dot(*at, 2.5, pen.palette.of_series(&line.look), 1.0)?;
            }
        }
        if let Some((line, place)) = self.focused() {
            let at = plot.dots.get(line).and_then(|dots| dots.get(place));
            at.map_or(Ok(()), |at| pen.ring(*at, 6.0, pen.palette.ink))?;
        }
        if self.narrow { Ok(()) } else { self.names(pen, plot) }
    }

    /// The names at the ends of the lines.
    fn names(&self, pen: &Pen, plot: &Plot) -> Drawn {
        let lines = self.lines.iter().zip(&plot.dots);
        let ends: Vec<(&super::Line, f64)> = lines.filter_map(|(line, dots)| Some((line, dots.last()?.1))).collect();
        let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
        for ((line, _), y) in ends
            .iter()
            .zip(spread(&wanted, LABEL_GAP, (plot.top - 4.0, plot.top + PLOT + 10.0)))
        {
            let x = self.right + 8.0;
            let face = Type::label(pen.palette.words(&line.look));
            let name = cut_name(line.name, LABEL, self.width - x);
            pen.text((x, y + 4.0), &name, face, Align::Start)?;
        }
        Ok(())
    }
}
