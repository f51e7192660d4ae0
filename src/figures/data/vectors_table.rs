//! The table of figures that look at single vectors: one row per fine-tuned vector.

use super::subject::Subject;
use super::table::{Table, Value};
use crate::metrics::Measured;
use crate::metrics::vector::{OF_VECTORS, Vector, VectorMeasure};
use crate::report::Mode;
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
        let first: [Value; 8] = [
            (j + 1).into(),
            sigma(|m| &m.sigma_base, j).into(),
            sigma(|m| &m.sigma_tuned, j).into(),
            best.map(|b| b.cos as f32).into(),
            best.and_then(|b| b.upper).map(|u| u as f32).into(),
            best.and_then(|b| b.i).map(|i| i + 1).into(),
            best.map_or(Value::None, |b| yes(b.below(subject.settings.epsilon))),
            yes(subject.is_intruder(j)),
        ];
        first.into_iter().chain(beside(subject, j)).collect()
    };
    Table {
        title: String::new(),
        columns: COLUMNS.map(String::from).into_iter().chain(heads(subject)).collect(),
        rows: range.map(row).collect(),
    }
}

/// Every measure of a vector, those that certified mode bounds with their upper bounds in a column of their own.
fn heads(subject: &Subject) -> impl Iterator<Item = String> {
    let bounds = has_bounds(subject);
    let upper = move |m: &VectorMeasure| (bounds && m.bounded).then(|| format!("{}, upper bound", m.name));
    OF_VECTORS
        .iter()
        .flat_map(move |m| std::iter::once(m.name.to_owned()).chain(upper(m)))
}

fn has_bounds(subject: &Subject) -> bool {
    subject.matrix.is_some_and(|m| m.mode == Some(Mode::Certified))
}

fn beside(subject: &Subject, j: usize) -> impl Iterator<Item = Value> {
    let vector = subject.matrix.and_then(|m| Vector::of(m, subject.settings, j));
    let bounds = has_bounds(subject);
    OF_VECTORS.iter().flat_map(move |m| {
        let reading = vector.as_ref().map_or(Measured::Nothing, |vector| (m.of)(vector));
        let number = |x: f64| Value::from(Some(x as f32).filter(|x| x.is_finite()));
        let (low, high) = match reading {
            Measured::Between(low, high) => (number(low), number(high)),
            reading => (reading.value().map_or(Value::None, number), Value::None),
        };
        std::iter::once(low).chain((bounds && m.bounded).then_some(high))
    })
}
