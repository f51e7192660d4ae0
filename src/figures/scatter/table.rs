//! The table of the scatter: one row per matrix and model, the largest number first.

use super::Scatter;
use crate::figures::Table;
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::weakest_match::WEAKEST_MATCH;
use crate::series::type_label;

impl Scatter<'_> {
    pub fn table(&self) -> Table {
        let columns = [
            "layer",
            "type",
            "model",
            self.across.short,
            WEAKEST_MATCH.short,
            INTRUDERS.short,
            "name",
        ];
        let row = |mark: &super::Mark| {
            let matrix = mark.matrix;
            vec![
                matrix.layer.into(),
                type_label(matrix.kind.as_deref()).into(),
                self.labels[mark.model].as_str().into(),
                mark.value.into(),
                mark.weakest.1.into(),
                mark.intruders.0.into(),
                matrix.name.as_str().into(),
            ]
        };
        Table {
            title: String::new(),
            columns: columns.into_iter().map(String::from).collect(),
            rows: self.marks.iter().map(row).collect(),
        }
    }
}
