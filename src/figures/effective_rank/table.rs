//! One row a matrix and model.

use super::panels::type_name;
use super::{Figure, Shown};
use crate::figures::{Table, Value};

impl Figure<'_> {
    pub fn table(&self) -> Table {
        let columns = ["layer", "type", "model", "effective rank", "at most", "name"]
            .map(String::from)
            .to_vec();
        let row = |mark: &super::Mark| {
            let rank = match mark.shown {
                Shown::Rank(rank) => Value::from(rank),
                Shown::Zero => Value::from(0.0),
                Shown::Failed => Value::from("failed"),
            };
            let matrix = mark.matrix;
            vec![
                matrix.layer.into(),
                type_name(matrix).into(),
                self.labels.get(mark.model).map_or("", String::as_str).into(),
                rank,
                matrix.rows.min(matrix.cols).into(),
                matrix.name.as_str().into(),
            ]
        };
        Table {
            title: String::new(),
            columns,
            rows: self.panels.iter().flat_map(|p| &p.marks).map(row).collect(),
        }
    }
}
