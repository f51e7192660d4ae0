//! The trade-off read at a point: for the pointer, the arrow keys, tables and screen readers.

use super::Layout;
use crate::figures::data::losses;
use crate::figures::drawing::scale::fixed;
use crate::figures::{Readout, Table};
use crate::report::loss::LossText;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let far = |at: &(f64, f64)| (at.0 - x).hypot(at.1 - y);
        let lines = self.dots.iter().enumerate();
        let dots = lines.flat_map(|(line, dots)| dots.iter().enumerate().map(move |(dot, at)| (line, dot, at)));
        let (line, dot, at) = dots.min_by(|a, b| far(a.2).total_cmp(&far(b.2)))?;
        if far(at) < 40.0 { self.read(line, dot) } else { None }
    }

    /// dx moves over lambda, dy over the lines.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let (line, place) = losses::step(&self.lines, self.focused(), dx, dy)?;
        self.read(line, place)
    }

    fn read(&self, line: usize, place: usize) -> Option<Readout> {
        let at = *self.dots.get(line)?.get(place)?;
        losses::readout(self.lines.get(line)?, place, &self.both()?, at, self.right)
    }

    pub fn table(&self) -> Table {
        let both = self.both();
        losses::table(&self.lines, both.as_ref().map(|all| &all[..]).unwrap_or_default())
    }

    /// The two texts, by their numbers.
    fn both(&self) -> Option<[(usize, &LossText); 2]> {
        let (_, first, last) = self.shown.as_ref()?;
        Some([(0, first), (self.last, last)])
    }

    pub fn alt(&self) -> String {
        let Some((name, first, last)) = &self.shown else {
            return "Trade-off between two texts: it needs the arms of surgery on two texts.".into();
        };
        let line = |(n, own): (usize, &super::Line)| {
            let words = |place| {
                let [a, b] = self.on(n, place)?;
                Some(format!("{} and {}", fixed(a.more, 2), fixed(b.mean, 2)))
            };
            let (from, to) = (words(0)?, words(own.rows.len() - 1)?);
            Some(match own.rows.len() {
                1 => format!("{} {from}", own.name),
                _ => format!("{} from {from} to {to}", own.name),
            })
        };
        let lines: Vec<String> = self.lines.iter().enumerate().filter_map(line).collect();
        format!(
            "Forgetting of {name} on {} against its loss on {}, in nats: {}.",
            first.name,
            last.name,
            lines.join("; ")
        )
    }
}
