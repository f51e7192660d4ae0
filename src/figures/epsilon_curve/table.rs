//! The table of the epsilon curve: counts at every hundredth of the threshold.

use super::Layout;
use crate::figures::Table;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let columns = std::iter::once("epsilon".to_owned())
            .chain(self.lines.iter().map(|l| l.label.clone()))
            .collect();
        let row = |n: u32| {
            let epsilon = f64::from(n) / 100.0;
            std::iter::once(epsilon.into())
                .chain(self.lines.iter().map(|l| l.count(epsilon).into()))
                .collect()
        };
        Table {
            title: String::new(),
            columns,
            rows: (0..=100).map(row).collect(),
        }
    }
}
