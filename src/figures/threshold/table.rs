//! The table of the scatter: one row per matrix and model, the largest margin first.

use super::Layout;
use crate::figures::Table;
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::threshold_margin::THRESHOLD_MARGIN;
use crate::metrics::weakest_match::WEAKEST_MATCH;
use crate::series::type_label;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let columns = [
            "layer",
            "type",
            "model",
            THRESHOLD_MARGIN.short,
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
                mark.margin.into(),
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
