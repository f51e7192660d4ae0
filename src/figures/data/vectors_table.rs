//! The table of figures that look at single vectors: one row per fine-tuned vector.

use super::subject::Subject;
use super::table::{Table, Value};
use std::ops::Range;

const COLUMNS: [&str; 8] = [
    "j",
    "singular value before",
    "singular value after",
    "best match",
    "upper bound",
    "best match i",
    "below epsilon",
    "intruder",
];

pub(crate) fn vectors_table(subject: &Subject, range: Range<usize>) -> Table {
    let sigma =
        |list: fn(&crate::report::Matrix) -> &Vec<f32>, j: usize| subject.matrix.and_then(|m| list(m).get(j)).copied();
    let yes = |is: bool| Value::from(if is { "yes" } else { "no" });
    let row = |j: usize| {
        let best = subject.best_of(j);
        vec![
            (j + 1).into(),
            sigma(|m| &m.sigma_base, j).into(),
            sigma(|m| &m.sigma_tuned, j).into(),
            best.map(|b| b.cos as f32).into(),
            best.and_then(|b| b.upper).map(|u| u as f32).into(),
            best.and_then(|b| b.i).map(|i| i + 1).into(),
            best.map_or(Value::None, |b| yes(b.below(subject.settings.epsilon))),
            yes(subject.is_intruder(j)),
        ]
    };
    Table {
        title: String::new(),
        columns: COLUMNS.map(String::from).to_vec(),
        rows: range.map(row).collect(),
    }
}
