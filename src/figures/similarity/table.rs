//! The table of the map: one row per fine-tuned vector shown, with its cosines with the pre-trained vectors shown.

use super::Layout;
use crate::figures::data::vectors_table::vectors_table;
use crate::figures::{Table, Value};

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let (i0, j0) = self.first;
        let mut table = vectors_table(&self.subject, j0..j0 + self.cols);
        table
            .columns
            .extend((i0..i0 + self.rows).map(|i| format!("|cos| i = {}", i + 1)));
        for (row, j) in table.rows.iter_mut().zip(j0..) {
            row.extend((i0..i0 + self.rows).map(|i| Value::from(self.map.at(i, j).map(|c| c as f32))));
        }
        table
    }
}
