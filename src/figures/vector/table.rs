//! The table of the two panels: one row per pre-trained vector, one column per fine-tuned one.

use super::Layout;
use crate::figures::Table;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let columns = std::iter::once("i".to_owned())
            .chain(self.panels.iter().map(|p| format!("|cos| j = {}", p.j + 1)))
            .collect();
        let known = self.panels.iter().map(|p| p.column.known()).max().unwrap_or(0);
        let row = |i: usize| {
            std::iter::once((i + 1).into())
                .chain(self.panels.iter().map(|p| p.column.cos(i).map(|c| c as f32).into()))
                .collect()
        };
        Table {
            title: String::new(),
            columns,
            rows: (0..known).map(row).collect(),
        }
    }
}
