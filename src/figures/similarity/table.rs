//! One row a fine-tuned vector: its singular value, its best match, its cosines with the pre-trained vectors shown.

use super::Figure;
use crate::figures::{Table, Value};

impl Figure<'_> {
    pub fn table(&self) -> Table {
        let mut columns = ["j", "singular value", "best match", "upper bound", "best match i", "intruder"].map(String::from).to_vec();
        columns.extend((0..self.rows).map(|i| format!("|cos| i = {}", i + 1)));
        let intruders = self.intruders();
        let row = |j: usize| {
            let best = self.best.and_then(|b| b.at(j));
            let mut cells: Vec<Value> = vec![
                (j + 1).into(),
                self.matrix.and_then(|m| m.sigma_tuned.get(j)).copied().into(),
                best.map(|b| b.cos as f32).into(),
                best.and_then(|b| b.upper).map(|u| u as f32).into(),
                best.and_then(|b| b.i).map(|i| i + 1).into(),
                if intruders.contains(&j) { "yes" } else { "no" }.into(),
            ];
            cells.extend((0..self.rows).map(|i| Value::from(self.cos(i, j).map(|c| c as f32))));
            cells
        };
        Table { title: String::new(), columns, rows: (0..self.cols).map(row).collect() }
    }
}
