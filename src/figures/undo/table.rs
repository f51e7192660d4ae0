//! The table of parts undone: a row per cell and edge.

use super::{Cell, Layout};
use crate::figures::{Table, Value};
use crate::series::type_label;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let mut columns: Vec<String> = ["layer", "type"].map(String::from).into();
        for text in self.texts {
            columns.extend([
                format!("{}: change of the mean loss, nats", text.name),
                format!("{}: standard error", text.name),
            ]);
        }
        columns.push("intruders".into());
        let (rows, width) = self.size();
        let row = |n: usize| {
            let layer = self
                .layers
                .get(n / width)
                .map_or(Value::from("all"), |l| Value::from(*l));
            let kind = self.types.get(n % width).map_or("all", |kind| type_label(Some(kind)));
            let mut row = vec![layer, Value::from(kind)];
            for (at, panel) in self.panels.iter().enumerate() {
                match panel.cells.get(n).copied().flatten() {
                    Some(Cell::Loss(paired)) => row.extend([paired.more, paired.error].map(Value::from)),
                    Some(Cell::Count { sure, .. }) => row.push(sure.into()),
                    None if at + 1 == self.panels.len() => row.push(Value::None),
                    None => row.extend([Value::None, Value::None]),
                }
            }
            row
        };
        let all = if self.panels.is_empty() { 0 } else { rows * width };
        Table {
            title: String::new(),
            columns,
            rows: (0..all).map(row).collect(),
        }
    }
}
