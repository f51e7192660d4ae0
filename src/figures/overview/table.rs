//! The table of the overview: one row per layer and type, one column per model; then the totals of the types.

use super::{Cell, Layout, Shown};
use crate::figures::{Table, Value};
use crate::series::type_label;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let columns = ["layer".to_owned(), "type".to_owned()]
            .into_iter()
            .chain(self.panels.iter().map(|p| p.label.clone()))
            .collect();
        let mut rows = Vec::new();
        for (r, layer) in self.grid.rows.iter().enumerate() {
            for (c, kind) in self.grid.columns.iter().enumerate() {
                let at = r * self.grid.columns.len() + c;
                if self.grid.names[at].is_none() {
                    continue;
                }
                let head = [
                    layer.map_or(Value::from("other"), Value::from),
                    type_label(*kind).into(),
                ];
                rows.push(
                    head.into_iter()
                        .chain(self.panels.iter().map(|p| read(p.cells[at].as_ref())))
                        .collect(),
                );
            }
        }
        for (c, kind) in self.grid.columns.iter().enumerate() {
            let total = |p: &super::Panel| {
                p.cells
                    .iter()
                    .skip(c)
                    .step_by(self.grid.columns.len())
                    .flatten()
                    .map(|x| x.count)
                    .sum::<u32>()
            };
            let head = [Value::from("all"), type_label(*kind).into()];
            rows.push(
                head.into_iter()
                    .chain(self.panels.iter().map(|p| total(p).into()))
                    .collect(),
            );
        }
        Table {
            title: String::new(),
            columns,
            rows,
        }
    }
}

fn read(cell: Option<&Cell>) -> Value {
    let Some(cell) = cell else { return Value::None };
    match cell.shown {
        Shown::Count if cell.undecided > 0 => format!("{} + {} undecided", cell.count, cell.undecided).as_str().into(),
        Shown::Count => cell.count.into(),
        Shown::Unchanged => "unchanged".into(),
        Shown::Failed => "failed".into(),
        Shown::Skipped => "left out".into(),
    }
}
