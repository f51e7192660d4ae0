//! Forgetting read at a model: for the pointer, the arrow keys, tables and screen readers.

use super::Layout;
use super::numbers::NUMBERS;
use crate::figures::data::losses::{more_words, signed};
use crate::figures::drawing::scale::fixed;
use crate::figures::{Focus, Readout, Table, Value};

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let far = |at: &(f64, f64)| (at.0 - x).hypot(at.1 - y);
        let plots = self.plots.iter().enumerate();
        let dots = plots.flat_map(|(n, plot)| plot.dots.iter().enumerate().map(move |(dot, (_, at))| (n, dot, at)));
        let (plot, dot, at) = dots.min_by(|a, b| far(a.2).total_cmp(&far(b.2)))?;
        if far(at) < 24.0 { self.read(plot, dot) } else { None }
    }

    /// dx moves from left to right, plot after plot; dy to the same model in another plot.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let all: Vec<(usize, usize)> = self
            .plots
            .iter()
            .enumerate()
            .flat_map(|(n, plot)| (0..plot.dots.len()).map(move |dot| (n, dot)))
            .collect();
        let Some(from) = self.focused() else {
            let (plot, dot) = *all.first()?;
            return self.read(plot, dot);
        };
        let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len.saturating_sub(1));
        let (plot, dot) = *all.get(moved(all.iter().position(|at| *at == from)?, dx, all.len()))?;
        if dy == 0 {
            return self.read(plot, dot);
        }
        let mark = self.plots.get(plot)?.dots.get(dot)?.0;
        let to = moved(plot, dy, self.plots.len());
        match self.plots.get(to)?.dots.iter().position(|(own, _)| *own == mark) {
            Some(dot) => self.read(to, dot),
            None => self.read(plot, dot),
        }
    }

    fn read(&self, plot: usize, dot: usize) -> Option<Readout> {
        let own = self.plots.get(plot)?;
        let (mark, at) = own.dots.get(dot)?;
        let mark = self.marks.get(*mark)?;
        let on = mark.row.on.get(own.text)?;
        let mut lines = vec![
            (
                self.texts.get(own.text)?.name.clone(),
                format!("{} nats", fixed(on.mean, 4)),
            ),
            ("more than the base".to_owned(), more_words(on.more, on.error)),
        ];
        lines.extend(
            NUMBERS
                .iter()
                .zip(&mark.numbers)
                .map(|(n, reading)| (n.name.to_owned(), (n.print)(*reading))),
        );
        Some(Readout {
            title: self.labels.get(mark.model)?.clone(),
            lines,
            colors: Vec::new(),
            focus: Focus {
                model: Some(mark.model as u32),
                up: Some(plot as f64),
                ..Focus::default()
            },
            x: at.0,
            y: at.1,
            plot_right: own.right,
        })
    }

    pub fn table(&self) -> Table {
        let mut columns = vec!["model".to_owned()];
        columns.extend(NUMBERS.iter().map(|n| n.name.to_owned()));
        for text in self.texts {
            columns.extend([
                format!("{}: forgetting, nats", text.name),
                format!("{}: standard error", text.name),
            ]);
        }
        let name = |model: usize| Value::from(self.labels.get(model).map(String::as_str));
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for mark in &self.marks {
            let mut row = vec![name(mark.model)];
            row.extend(mark.numbers.iter().map(|n| Value::from(n.value())));
            for text in 0..self.texts.len() {
                let on = mark.row.on.get(text);
                row.extend([on.map(|o| o.more), on.map(|o| o.error)].map(Value::from));
            }
            rows.push(row);
        }
        for model in &self.without {
            let mut row = vec![name(*model)];
            row.resize(columns.len(), Value::None);
            rows.push(row);
        }
        Table {
            title: String::new(),
            columns,
            rows,
        }
    }

    pub fn alt(&self) -> String {
        let Some(text) = self.texts.first().filter(|_| !self.plots.is_empty()) else {
            return "Forgetting: no model’s loss was computed.".into();
        };
        let one = |mark: &super::Mark| {
            let numbers: Vec<String> = NUMBERS
                .iter()
                .zip(&mark.numbers)
                .map(|(n, reading)| format!("{} {}", n.name, (n.print)(*reading)))
                .collect();
            let more = signed(mark.row.on.first()?.more, 3);
            Some(format!(
                "{} {more} at {}",
                self.labels.get(mark.model)?,
                numbers.join(", ")
            ))
        };
        let models: Vec<String> = self.marks.iter().filter_map(one).collect();
        format!("Forgetting on {}, in nats: {}.", text.name, models.join("; "))
    }
}
