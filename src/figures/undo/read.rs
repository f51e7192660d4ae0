//! The maps read at a cell: for the pointer, the arrow keys and screen readers.

use super::{Cell, EDGE, Layout};
use crate::figures::data::losses::{more_words, signed};
use crate::figures::{Focus, Readout};
use crate::metrics::Measured;
use crate::metrics::intruder::INTRUDERS;
use crate::series::type_label;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let panel = (0..self.drawn().count()).find(|panel| {
            let (left, top) = self.corner(*panel);
            (left..left + self.wide()).contains(&x) && (top..top + self.tall()).contains(&y)
        })?;
        let (left, top) = self.corner(panel);
        // What lies beyond the gap before the edge is the edge.
        let index = |from: f64, size: f64, last: usize| {
            let inside = (from / size) as usize;
            if inside < last {
                inside
            } else {
                last.min(((from - EDGE).max(0.0) / size) as usize)
            }
        };
        let row = index(y - top, self.cells.height, self.layers.len());
        self.read(panel, row, index(x - left, self.cells.width, self.types.len()))
    }

    /// dx moves over types, dy over layers, to the edges too.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let (rows, columns) = self.size();
        let Some((row, column)) = self.focused() else {
            return self.read(0, 0, 0);
        };
        let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len - 1);
        self.read(0, moved(row, dy, rows), moved(column, dx, columns))
    }

    /// "layer 2, query", "all of layer 2", "query in all layers".
    fn name(&self, row: usize, column: usize) -> String {
        let kind = self.types.get(column).map(|kind| type_label(Some(kind)));
        match (self.layers.get(row), kind) {
            (Some(layer), Some(kind)) => format!("layer {layer}, {kind}"),
            (Some(layer), None) => format!("all of layer {layer}"),
            (None, Some(kind)) => format!("{kind} in all layers"),
            (None, None) => "everything undone: the base".into(),
        }
    }

    fn read(&self, panel: usize, row: usize, column: usize) -> Option<Readout> {
        let (at, name) = self.shown.as_ref()?;
        let (_, columns) = self.size();
        let mut lines = vec![("undone of".to_owned(), name.clone())];
        for panel in self.drawn() {
            let value = match panel.cells.get(row * columns + column)? {
                None => "–".to_owned(),
                Some(Cell::Loss(paired)) => format!("{} nats", more_words(paired.more, paired.error)),
                Some(Cell::Count { sure, open, .. }) => INTRUDERS.print(Measured::Counted(*sure, *open)),
            };
            lines.push((panel.title.clone(), value));
        }
        let of_one = row < self.layers.len() && column < self.types.len();
        let matrix = self.matrices(row, column).next().filter(|_| of_one);
        let (x, y) = self.place(panel, row, column);
        Some(Readout {
            title: self.name(row, column),
            lines,
            colors: Vec::new(),
            focus: Focus {
                matrix: matrix.map(|m| m.name.clone()),
                model: Some(*at as u32),
                up: Some(row as f64),
                at: Some(column as f64),
                ..Focus::default()
            },
            x: x + 0.5 * self.cells.width,
            y: y + 0.5 * self.cells.height,
            plot_right: self.corner(panel).0 + self.wide(),
        })
    }

    pub fn alt(&self) -> String {
        let Some((_, name)) = &self.shown else {
            return "Undo one part: no part of a change was undone.".into();
        };
        let (_, columns) = self.size();
        let changes = |panel: &super::Panel| {
            let inside = panel.cells.iter().enumerate().filter_map(|(n, cell)| match cell {
                Some(Cell::Loss(paired)) if n / columns < self.layers.len() && n % columns < self.types.len() => {
                    Some((n, paired.more))
                }
                _ => None,
            });
            let (least, most) = (
                inside.clone().min_by(|a, b| a.1.total_cmp(&b.1))?,
                inside.max_by(|a, b| a.1.total_cmp(&b.1))?,
            );
            let one =
                |(n, more): (usize, f64)| format!("{} ({} nats)", self.name(n / columns, n % columns), signed(more, 4));
            Some(format!("on {} from {} to {}", panel.title, one(least), one(most)))
        };
        let said: Vec<String> = self.drawn().filter_map(changes).collect();
        format!(
            "Change of the mean loss of {name} when one part is undone, {}.",
            said.join("; ")
        )
    }
}
