//! Report -> the numbers and sentences of the page's tables, for any settings, without computing spectra again.

use crate::report::{Kind, Report, Settings, Status};
use serde::{Deserialize, Serialize};

/// One line of the summary table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ModelSummary {
    pub label: String,
    pub kind: Kind,
    pub rank: Option<u32>,
    /// The colour token: `full` or `lora-1` ... `lora-7`.
    pub color: String,
    /// The second model of the same kind and rank is dashed.
    pub dashed: bool,
    pub intruders: u32,
    /// The most that could be counted in the matrices done: sum of min(k, n).
    pub possible: u32,
    pub matrices_with_any: u32,
    /// The smallest best match among the vectors looked at.
    pub weakest_match: Option<f64>,
    pub mean_effective_rank: Option<f64>,
    /// Matrices in the numbers above (analyzed or unchanged).
    pub done: u32,
    pub failed: u32,
    pub unchanged: u32,
    /// The finding in one sentence.
    pub reading: String,
}

/// One line of the table of matrices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct MatrixRow {
    pub name: String,
    pub layer: Option<u32>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// "query", "attention output", "MLP up"; the tensor's own name where no rule knows the type.
    pub type_label: String,
    pub rows: u32,
    pub cols: u32,
    /// One cell a model; null where the model has no such matrix or it is not computed yet.
    pub cells: Vec<Option<MatrixCell>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct MatrixCell {
    pub status: Status,
    pub reason: Option<String>,
    pub intruders: Option<u32>,
    pub effective_rank: Option<f64>,
    pub stable_rank: Option<f64>,
    pub frobenius: Option<f64>,
    pub sigma1_base: Option<f64>,
    pub sigma1_tuned: Option<f64>,
    pub weakest_match: Option<f64>,
    /// Best matches of the first k vectors, for the strip.
    pub best: Vec<f32>,
    pub residual: Option<f64>,
}

/// Rows of the summary table, one a model.
pub fn models(_report: &Report, _settings: &Settings) -> Vec<ModelSummary> {
    Vec::new()
}

/// Rows of the table of matrices, in the order of the base.
pub fn matrices(_report: &Report, _settings: &Settings) -> Vec<MatrixRow> {
    Vec::new()
}
