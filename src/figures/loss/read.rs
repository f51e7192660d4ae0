//! Losses read at a lambda: for the pointer, the arrow keys, tables and screen readers.

use super::{Layout, Line};
use crate::figures::data::losses::more_words;
use crate::figures::drawing::scale::fixed;
use crate::figures::{Focus, Readout, Table};

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let far = |at: &(f64, f64)| (at.0 - x).hypot(at.1 - y);
        let dots = self.plots.iter().flat_map(|plot| {
            let lines = plot.dots.iter().enumerate();
            lines.flat_map(|(line, dots)| dots.iter().enumerate().map(move |(dot, at)| (line, dot, at)))
        });
        let (line, dot, at) = dots.min_by(|a, b| far(a.2).total_cmp(&far(b.2)))?;
        let last = self.lines.get(line)?.rows.len().saturating_sub(1);
        let mut found = self.read(line, dot.min(last))?;
        (found.x, found.y) = *at;
        (far(at) < 40.0).then_some(found)
    }

    /// dx moves over lambda, dy over the lines.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let Some((line, place)) = self.focused() else {
            let first = self.lines.iter().position(|l| l.rows.len() > 1).unwrap_or(0);
            return self.read(first, 0);
        };
        let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len.saturating_sub(1));
        let line = moved(line, dy, self.lines.len());
        self.read(line, moved(place, dx, self.lines.get(line)?.rows.len()))
    }

    fn read(&self, line: usize, place: usize) -> Option<Readout> {
        let own = self.lines.get(line)?;
        let lambda = own.rows.get(place)?.0;
        let at = *self.plots.first()?.dots.get(line)?.get(place)?;
        let mut lines = Vec::new();
        for (n, text) in self.texts.iter().enumerate().take(self.plots.len()) {
            let on = self.on(line, place, n)?;
            lines.push((text.name.clone(), format!("{} nats", fixed(on.mean, 4))));
            if own.arm.is_some() {
                lines.push(("more than the base".to_owned(), more_words(on.more, on.error)));
            }
        }
        Some(Readout {
            title: lambda.map_or(own.name.to_owned(), |l| format!("{}, λ = {}", own.name, fixed(l, 2))),
            lines,
            colors: Vec::new(),
            focus: Focus {
                arm: own.arm,
                at: Some(lambda.unwrap_or(1.0)),
                ..Focus::default()
            },
            x: at.0,
            y: at.1,
            plot_right: self.right,
        })
    }

    pub fn table(&self) -> Table {
        let mut columns: Vec<String> = ["row", "lambda"].map(String::from).into();
        for text in self.texts {
            let name = &text.name;
            columns.extend([
                format!("{name}: mean loss, nats"),
                format!("{name}: more than the base"),
                format!("{name}: standard error"),
            ]);
        }
        let mut rows = Vec::new();
        for (line, own) in self.lines.iter().enumerate() {
            for (place, (lambda, _)) in own.rows.iter().enumerate() {
                let mut row = vec![own.name.into(), (*lambda).into()];
                for text in 0..self.texts.len() {
                    let on = self.on(line, place, text);
                    row.extend([on.map(|o| o.mean), on.map(|o| o.more), on.map(|o| o.error)].map(Into::into));
                }
                rows.push(row);
            }
        }
        Table {
            title: String::new(),
            columns,
            rows,
        }
    }

    pub fn alt(&self) -> String {
        let Some(name) = &self.shown else {
            return "Loss over λ: no loss was computed.".into();
        };
        let of_text = |(n, text): (usize, &crate::report::loss::LossText)| {
            let line = |(line, own): (usize, &Line)| {
                let mean = |place| Some(fixed(self.on(line, place, n)?.mean, 2));
                let (first, last) = (mean(0)?, mean(own.rows.len() - 1)?);
                Some(match own.rows.len() {
                    1 => format!("{} {first}", own.name),
                    _ => format!("{} {first} to {last}", own.name),
                })
            };
            let lines: Vec<String> = self.lines.iter().enumerate().filter_map(line).collect();
            format!("on {}: {}", text.name, lines.join(", "))
        };
        let texts: Vec<String> = self
            .texts
            .iter()
            .enumerate()
            .take(self.plots.len())
            .map(of_text)
            .collect();
        format!("Mean loss of {name} in nats over λ, {}.", texts.join("; "))
    }
}
