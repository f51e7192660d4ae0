//! The marks of forgetting, back to front.

use super::numbers::NUMBERS;
use super::{HEAD, Layout, PLOT, Plot, SAID};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::labels::around;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{fixed, tick_label, tick_label_among};
use crate::figures::drawing::style::{LABEL, TICK, cut_name, truncate};
use crate::figures::drawing::variable::set;

/// Half the width of the stroke at an end of a standard error.
const CAP: f64 = 3.0;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        if self.plots.is_empty() {
            let middle = (0.5 * self.width, HEAD + 0.5 * PLOT);
            return say(pen, middle, self.width - 32.0, "No model’s loss was computed.", false);
        }
        for (n, plot) in self.plots.iter().enumerate() {
            if plot.number == 0 {
                let text = self.texts.get(plot.text).map_or("", |text| &text.name);
                let what = if self.narrow {
                    ""
                } else {
                    ": mean loss beyond the base’s"
                };
                let title = format!("Forgetting on “{text}”{what}, nats");
                let title = truncate(&title, LABEL, self.width);
                let at = (0.0, plot.top - 8.0);
                pen.text(at, &title, Type::label(pen.palette.ink_2), Align::Start)?;
            }
            self.plot(pen, n, plot)?;
        }
        if self.without.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self
            .without
            .iter()
            .filter_map(|n| Some(self.labels.get(*n)?.as_str()))
            .collect();
        let words = truncate(&format!("Without a loss: {}.", names.join(", ")), TICK, self.width);
        pen.text(
            (0.0, self.height() - 5.0),
            &words,
            Type::tick(pen.palette.ink_3),
            Align::Start,
        )
    }

    fn plot(&self, pen: &Pen, at: usize, plot: &Plot) -> Drawn {
        let frame = Frame {
            left: plot.left,
            right: plot.right,
            base: plot.top + PLOT,
            width: if self.narrow { self.width } else { plot.right },
        };
        if self.narrow || plot.number == 0 {
            frame.upwards(pen, &plot.y, &plot.y_ticks, |v| tick_label_among(&plot.y_ticks, v))?;
        } else {
            frame.grid(pen, &plot.y, &plot.y_ticks)?;
        }
        pen.hline(plot.left, plot.right, plot.y.at(0.0), 1.0, pen.palette.rule_strong)?;
        frame.along(pen, &plot.x, &plot.ticks, tick_label)?;
        if let Some(number) = NUMBERS.get(plot.number) {
            frame.name(pen, &set(number.name))?;
        }
        let n = plot.dots.len();
        let models = if n == 1 {
            "1 model".to_owned()
        } else {
            format!("{n} models")
        };
        let said = match plot.correlation {
            Some(r) => format!("Spearman {}, {models}", fixed(r, 2)),
            None => models,
        };
        let face = Type::tick(pen.palette.ink_3);
        pen.text((plot.right, plot.top + 10.0), &said, face, Align::End)?;
        let mut taken: Vec<Point> = Vec::new();
        for (mark, (x, y)) in &plot.dots {
            let Some(mark) = self.marks.get(*mark) else { continue };
            let (Some(look), Some(on)) = (self.looks.get(mark.model), mark.row.on.get(plot.text)) else {
                continue;
            };
            let color = pen.palette.of_series(look);
            let (high, low) = (plot.y.at(on.more + on.error), plot.y.at(on.more - on.error));
            pen.vline(x - 0.5, high, low, 1.0, color)?;
            pen.hline(x - CAP, x + CAP, high, 1.0, color)?;
            pen.hline(x - CAP, x + CAP, low, 1.0, color)?;
            pen.dot((*x, *y), 3.0, color, 1.0)?;
            taken.extend((0..=8).map(|n| (*x, high + (low - high) * f64::from(n) / 8.0)));
        }
        self.names(pen, plot, &taken)?;
        match self.focused() {
            Some((own, dot)) if own == at => {
                let at = plot.dots.get(dot).map(|(_, at)| *at);
                at.map_or(Ok(()), |at| pen.ring(at, 7.0, pen.palette.ink))
            }
            _ => Ok(()),
        }
    }

    /// The names of the models beside their dots, where there is room.
    fn names(&self, pen: &Pen, plot: &Plot, taken: &[Point]) -> Drawn {
        let room = 0.45 * (plot.right - plot.left);
        let own = |(mark, at): &(usize, Point)| {
            let model = self.marks.get(*mark)?.model;
            Some((model, *at, cut_name(self.labels.get(model)?, LABEL, room)))
        };
        let all: Vec<(usize, Point, String)> = plot.dots.iter().filter_map(own).collect();
        let points: Vec<(Point, String)> = all.iter().map(|(_, at, name)| (*at, name.clone())).collect();
        let bounds = ((plot.left + 2.0, plot.top + SAID), (plot.right, plot.top + PLOT));
        for ((model, _, name), at) in all.iter().zip(around(&points, taken, bounds)) {
            let (Some(at), Some(look)) = (at, self.looks.get(*model)) else {
                continue;
            };
            pen.halo(at, name, Type::label(pen.palette.words(look)), Align::Start)?;
        }
        Ok(())
    }
}
