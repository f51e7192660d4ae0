//! The table of the runs: one row per checkpoint.

use super::Layout;
use crate::figures::Table;
use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::metrics::intruder::INTRUDERS;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let mean = format!("mean {}", CHANGE_RATIO.short);
        let columns = ["run", "step", INTRUDERS.short, "undecided", mean.as_str()];
        let row = |name: &str, stop: &super::Stop| {
            vec![
                name.into(),
                (stop.step as f64).into(),
                stop.intruders.into(),
                stop.undecided.into(),
                stop.size.into(),
            ]
        };
        Table {
            title: String::new(),
            columns: columns.into_iter().map(String::from).collect(),
            rows: self
                .lines
                .iter()
                .flat_map(|l| l.stops.iter().map(|s| row(&l.name, s)))
                .collect(),
        }
    }
}
