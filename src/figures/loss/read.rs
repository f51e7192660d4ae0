//! Losses read at a lambda: for the pointer, the arrow keys, tables and screen readers.

use super::{Layout, Line};
use crate::figures::data::losses;
use crate::figures::drawing::scale::fixed;
use crate::figures::{Readout, Table};

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
        let (line, place) = losses::step(&self.lines, self.focused(), dx, dy)?;
        self.read(line, place)
    }

    fn read(&self, line: usize, place: usize) -> Option<Readout> {
        let at = *self.plots.first()?.dots.get(line)?.get(place)?;
        let drawn: Vec<_> = self.texts.iter().enumerate().take(self.plots.len()).collect();
        losses::readout(self.lines.get(line)?, place, &drawn, at, self.right)
    }

    pub fn table(&self) -> Table {
        let all: Vec<_> = self.texts.iter().enumerate().collect();
        losses::table(&self.lines, &all)
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
