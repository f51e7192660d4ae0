//! The table of matrices as a file: a row for every matrix and model, a column for every measure.

use super::{csv, json};
use crate::figures::{Table, Value};
use crate::metrics::{Measured, measures};
use crate::report::{Matrix, Report, Settings};
use crate::series::{labels, type_label};
use crate::summary::{Sort, readings};
use serde::Serialize;

/// In the order of the page's table.
pub fn matrices_csv(report: &Report, settings: &Settings, sort: Option<&Sort>) -> String {
    csv::of_table(report, settings, &table(report, settings, sort))
}

/// `lorascope-figure/1`, as of a figure that is called `matrices`.
pub fn matrices_json(report: &Report, settings: &Settings, sort: Option<&Sort>) -> String {
    json::of_table(report, settings, "matrices", table(report, settings, sort))
}

fn table(report: &Report, settings: &Settings, sort: Option<&Sort>) -> Table {
    let (labels, all) = (labels(&report.models), readings(report, settings, sort));
    let mut columns = ["layer", "type", "name", "rows", "columns", "model", "status", "mode"]
        .map(String::from)
        .to_vec();
    let mut rows: Vec<Vec<Value>> = all
        .iter()
        .map(|(at, m, _)| {
            vec![
                m.layer.into(),
                type_label(m.kind.as_deref()).into(),
                m.name.as_str().into(),
                m.rows.into(),
                m.cols.into(),
                labels.get(*at).map_or("", String::as_str).into(),
                word(m.status),
                word(m.mode),
            ]
        })
        .collect();
    let mut put = |name: String, of: &dyn Fn(&Matrix, &[Measured]) -> Value| {
        columns.push(name);
        for (row, (_, m, said)) in rows.iter_mut().zip(&all) {
            row.push(of(m, said));
        }
    };
    for (n, measure) in measures().enumerate() {
        put(measure.short.into(), &|_, said| said[n].value().into());
        // What is not known exactly says how far it is known; a column of nothing else says nothing.
        let open = all
            .iter()
            .filter_map(|(.., said)| beside(said[n]))
            .find(|(_, _, says)| *says);
        if let Some((name, ..)) = open {
            let beside = |_: &Matrix, said: &[Measured]| beside(said[n]).map(|(_, value, _)| value).into();
            put(format!("{}, {name}", measure.short), &beside);
        }
    }
    put("reason".into(), &|m, _| m.reason.as_deref().into());
    Table {
        title: "Matrices".into(),
        columns,
        rows,
    }
}

/// The second number of a reading: its name, its value, and whether it says more than the first.
fn beside(reading: Measured) -> Option<(&'static str, f64, bool)> {
    match reading {
        Measured::Nothing | Measured::NeedsExact | Measured::Exactly(_) => None,
        Measured::About(_, error) => Some(("relative standard error", error, true)),
        Measured::Between(low, high) => Some(("at least", low, low < high)),
        Measured::Counted(_, open) => Some(("undecided", open.into(), open > 0)),
    }
}

/// An enum as the report's JSON spells it.
fn word(value: impl Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Value::Text(word),
        _ => Value::None,
    }
}
