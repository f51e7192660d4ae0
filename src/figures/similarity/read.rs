//! The similarity figure read at a column: for the pointer, the arrow keys and screen readers.

use super::Layout;
use crate::figures::Readout;
use crate::figures::drawing::scale::fixed;
use crate::report::Side;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let bottom = if self.request.thumbnail {
            self.y0 + self.tall()
        } else {
            self.base() + 8.0
        };
        let top = if self.request.thumbnail { self.y0 } else { 0.0 };
        if x < self.x0 || x >= self.x0 + self.wide() || y < top || y > bottom {
            return None;
        }
        let j = self.first.1 + (((x - self.x0) / self.cell.0) as usize).min(self.cols - 1);
        let on_map = y >= self.y0 && y < self.y0 + self.tall();
        let i = on_map.then(|| self.first.0 + (((y - self.y0) / self.cell.1) as usize).min(self.rows - 1));
        self.read(i, j)
    }

    /// dx moves over the columns, dy over the rows, no farther than what is shown; without rows asked for, the mark is the column's best
    /// match.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let moved = |from: usize, by: i32, first: usize, n: usize| {
            from.saturating_add_signed(by as isize).clamp(first, first + n - 1)
        };
        let Some((row, from)) = self.subject.focused() else {
            return self.read(None, self.first.1);
        };
        let j = moved(from, dx, self.first.1, self.cols);
        let best = || self.subject.best_of(from).and_then(|b| b.i).map_or(0, |i| i as usize);
        let i = if dy == 0 {
            None
        } else {
            Some(moved(row.unwrap_or_else(best), dy, self.first.0, self.rows))
        };
        self.read(i, j)
    }

    /// The card of vector j, from 0; with the cell in row i where one is meant.
    fn read(&self, i: Option<usize>, j: usize) -> Option<Readout> {
        let matrix = self.subject.matrix?;
        let best = self.subject.best_of(j);
        if best.is_none() && self.map.at(self.first.0, j).is_none() {
            return None;
        }
        let cell = i.and_then(|i| Some((format!("|cos| at i = {}", i + 1), fixed(self.map.at(i, j)?, 2))));
        let lines = [
            self.subject.sigma_line("singular value", &matrix.sigma_tuned, j),
            self.subject.match_line(j),
            cell,
            self.subject.verdict_line(j),
        ];
        // On the map the mark is the cell, else the dot in the strip.
        let y = match (i, best) {
            (Some(i), _) => self.row(i),
            (None, Some(b)) if !self.request.thumbnail => self.strip.at(b.cos),
            _ => self.row(j.clamp(self.first.0, self.first.0 + self.rows - 1)),
        };
        Some(Readout {
            title: self.subject.card_title(j),
            lines: lines
                .into_iter()
                .flatten()
                .chain(self.subject.beside_lines(j))
                .collect(),
            colors: Vec::new(),
            focus: self.subject.focus_on(i, j),
            x: self.column(j),
            y,
            plot_right: self.x0 + self.wide(),
        })
    }

    pub fn alt(&self) -> String {
        let (Some(_), Some(matrix)) = (self.subject.model, self.subject.matrix) else {
            return "Similarity map: not computed.".into();
        };
        let (k, label, name) = (self.request.settings.k, &self.subject.label, &matrix.name);
        if self.subject.best.is_none() {
            return format!("Similarity map of {name}, {label}: not analyzed.");
        }
        let found = self.subject.intruders();
        let numbers: Vec<String> = found.iter().take(12).map(|j| (j + 1).to_string()).collect();
        let listed = match (found.len(), found.len() > numbers.len()) {
            (0, _) => format!("none of the first {k} is an intruder"),
            (n, more) => format!(
                "{n} of the first {k} {}: j = {}{}",
                if n == 1 { "is an intruder" } else { "are intruders" },
                numbers.join(", "),
                if more { ", …" } else { "" }
            ),
        };
        let side = if self.request.settings.side == Side::Right {
            "right"
        } else {
            "left"
        };
        let range = |first: usize, n: usize| {
            if first == 0 {
                format!("the first {n}")
            } else {
                format!("numbers {} to {}", first + 1, first + n)
            }
        };
        let (rows, cols) = (range(self.first.0, self.rows), range(self.first.1, self.cols));
        format!(
            "Similarity of {rows} pre-trained and {cols} fine-tuned {side} singular vectors of {name}, {label}; {listed}."
        )
    }
}
