//! The reading of one model: what is seen, how sure that is, what follows under which condition, and where to look next. It is made of numbers
//! alone; docs/reading.md says how each sentence is computed, and from which source.

mod facts;
mod follows;
mod next;
mod sure;
mod what;

use crate::report::{Report, Settings};
use facts::Facts;
use serde::{Deserialize, Serialize};

/// Three parts of one or more sentences each; none of them is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Index into the report's models.
    pub model: u32,
    /// The findings: how many intruders, where, and how large the change is.
    pub what: String,
    /// The robustness of the count: over epsilon, by bounds, ties and rounding, against chance.
    pub how_sure: String,
    /// The consequence: under which condition, by which source.
    pub what_follows: String,
    /// Something that can be done about it elsewhere; none where there is nothing.
    pub action: Option<Action>,
    /// The next things to look at.
    pub next: Vec<Next>,
}

/// Something that can be done about it elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Lines of Python.
    pub code: String,
    /// A note on it.
    pub note: String,
}

/// A place to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// The thing in a sentence.
    pub text: String,
    /// The matrix that it is about.
    pub matrix: Option<String>,
    /// The threshold that it is about.
    pub epsilon: Option<f64>,
}

/// The reading of the model at a place; `planned`: how many matrices the whole run has, 0 where that is not known. None past the last model.
pub fn reading(report: &Report, settings: &Settings, model: usize, planned: u32) -> Option<Reading> {
    let facts = Facts::of(report, settings, model, planned)?;
    Some(Reading {
        model: model as u32,
        what: what::what(&facts),
        how_sure: sure::how_sure(&facts),
        what_follows: follows::what_follows(&facts),
        action: follows::action(&facts),
        next: next::next(&facts),
    })
}

/// The first sentence of a reading, at a small part of its cost.
pub fn gist(report: &Report, settings: &Settings, model: usize) -> Option<String> {
    Some(what::gist(&Facts::of(report, settings, model, 0)?))
}

/// A count and its word: "1 matrix", "1,460 matrices".
fn counted(n: u32, one: &str, many: &str) -> String {
    format!("{} {}", crate::print::count(n.into()), if n == 1 { one } else { many })
}

/// The subject of a sentence, n of a number of things, and the verb's form: "It lies", "All 10 lie", "1 of the 10 lies".
fn subject(n: u32, of: u32, [one, many]: [&str; 2]) -> String {
    let count = |n: u32| crate::print::count(n.into());
    match (n, of) {
        (1, 1) => format!("It {one}"),
        (n, of) if n >= of => format!("All {} {many}", count(n)),
        (1, of) => format!("1 of the {} {one}", count(of)),
        (n, of) => format!("{} of the {} {many}", count(n), count(of)),
    }
}

/// The words with a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}
