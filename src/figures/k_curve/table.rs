//! The table of the k curve: one row per window at which the lines are drawn.

use super::Layout;
use crate::figures::{Table, Value};

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let first = if self.request.fraction { "share of k" } else { "k" };
        let columns = std::iter::once(first.to_owned())
            .chain(self.lines.iter().map(|l| l.label.clone()))
            .collect();
        let row = |k: &u64| {
            let window = if self.request.fraction {
                Value::from(*k as f64 / self.last as f64)
            } else {
                Value::from(*k as f64)
            };
            let read = |line: &super::Line| match self.request.fraction {
                true => line.counts.share(*k).into(),
                false => line.counts.upto(*k).map(|n| n as f64).into(),
            };
            std::iter::once(window).chain(self.lines.iter().map(read)).collect()
        };
        Table {
            title: String::new(),
            columns,
            rows: self.stops.iter().map(row).collect(),
        }
    }
}
