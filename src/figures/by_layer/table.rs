//! The table of the figure: one row per matrix and model.

use super::panels::type_name;
use super::{Layout, Shown};
use crate::figures::{Table, Value};
use crate::metrics::Bound;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let ranks = self.measure.bound == Bound::Rank;
        let mut columns = vec!["layer", "type", "model", self.measure.short, "at most", "name"];
        columns.retain(|column| ranks || *column != "at most");
        let row = |mark: &super::Mark| {
            let value = match mark.shown {
                Shown::Value(value) => Value::from(value),
                Shown::Zero => Value::from(0.0),
                Shown::Failed => Value::from("failed"),
            };
            let matrix = mark.matrix;
            let mut row = vec![
                matrix.layer.into(),
                type_name(matrix).into(),
                self.labels.get(mark.model).map_or("", String::as_str).into(),
                value,
            ];
            row.extend(ranks.then(|| matrix.rows.min(matrix.cols).into()));
            row.push(matrix.name.as_str().into());
            row
        };
        Table {
            title: String::new(),
            columns: columns.into_iter().map(String::from).collect(),
            rows: self.panels.iter().flat_map(|p| &p.marks).map(row).collect(),
        }
    }
}
