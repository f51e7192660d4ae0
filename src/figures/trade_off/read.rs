//! The trade-off read at a point: for the pointer, the arrow keys, tables and screen readers.

use super::Layout;
use crate::figures::data::losses::more_words;
use crate::figures::drawing::scale::fixed;
use crate::figures::{Focus, Readout, Table};

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
        let Some((line, place)) = self.focused() else {
            let first = self.lines.iter().position(|l| l.rows.len() > 1).unwrap_or(0);
            return self.read(first, 0);
        };
        let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len.saturating_sub(1));
        let line = moved(line, dy, self.lines.len());
        self.read(line, moved(place, dx, self.lines.get(line)?.rows.len()))
    }

    fn read(&self, line: usize, place: usize) -> Option<Readout> {
        let (_, first, last) = self.shown.as_ref()?;
        let (own, at) = (self.lines.get(line)?, *self.dots.get(line)?.get(place)?);
        let lambda = own.rows.get(place)?.0;
        let mut lines = Vec::new();
        for (text, on) in [first, last].into_iter().zip(self.on(line, place)?) {
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
        let mut columns: Vec<String> = ["arm", "lambda"].map(String::from).into();
        if let Some((_, first, last)) = &self.shown {
            for text in [first, last] {
                let name = &text.name;
                columns.extend([
                    format!("{name}: mean loss, nats"),
                    format!("{name}: more than the base"),
                    format!("{name}: standard error"),
                ]);
            }
        }
        let mut rows = Vec::new();
        for (line, own) in self.lines.iter().enumerate() {
            for (place, (lambda, _)) in own.rows.iter().enumerate() {
                let Some(both) = self.on(line, place) else { continue };
                let mut row = vec![own.name.into(), (*lambda).into()];
                row.extend(
                    both.into_iter()
                        .flat_map(|on| [on.mean, on.more, on.error])
                        .map(Into::into),
                );
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
