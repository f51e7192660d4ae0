//! Rows of the summary table.

use super::apply::mean;
use super::seen::{Seen, thresholds};
use crate::metrics::change_ratio;
use crate::print::count;
use crate::report::{Kind, Report, Settings};
use crate::series::{Dash, labels, series};
use serde::{Deserialize, Serialize};

/// One line of the summary table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ModelSummary {
    /// Short: "Full", "LoRA r = 8"; the model's own label where two would read the same.
    pub label: String,
    pub kind: Kind,
    pub rank: Option<u32>,
    /// The colour token: `full` or `lora-1` ... `lora-7`.
    pub color: String,
    /// The stroke of its lines, which tells models of one colour apart.
    pub dash: Dash,
    /// The share of the colour on the paper, in (0, 1]: earlier checkpoints of a run are paler.
    pub shade: f64,
    /// The change ratio, the mean of sigma_1(dW) / sigma_1(W0) over the matrices.
    pub mean_change_ratio: Option<f64>,
    pub intruders: u32,
    /// The most that could be counted in the matrices done: sum of min(k, n).
    pub possible: u32,
    pub matrices_with_any: u32,
    /// Vectors whose verdict is open: an interval that holds epsilon, or nothing computed.
    pub undecided: u32,
    /// The smallest best match among the vectors looked at; the upper end where only bounds are known.
    pub weakest_match: Option<f64>,
    /// The lower end.
    pub weakest_low: Option<f64>,
    pub mean_effective_rank: Option<f64>,
    /// Matrices in the numbers above (analyzed or unchanged).
    pub done: u32,
    pub failed: u32,
    pub unchanged: u32,
    /// The finding in one sentence.
    pub reading: String,
}

/// Rows of the summary table, one per model.
pub fn models(report: &Report, settings: &Settings) -> Vec<ModelSummary> {
    let looks = series(&report.models).into_iter().zip(labels(&report.models));
    report
        .models
        .iter()
        .zip(looks)
        .map(|(model, (look, label))| {
            let seen = Seen::of(model, settings);
            let ranks: Vec<f64> = model
                .matrices
                .iter()
                .filter_map(|m| m.delta.as_ref())
                .map(|d| d.effective_rank)
                .collect();
            let mut summary = ModelSummary {
                label,
                kind: model.kind,
                rank: model.rank,
                color: look.token,
                dash: look.dash,
                shade: look.shade,
                mean_change_ratio: change_ratio::mean(&model.matrices),
                intruders: seen.below[0],
                possible: seen.possible,
                matrices_with_any: seen.with_any,
                undecided: seen.undecided,
                weakest_match: seen.weakest.map(|(_, high)| high.into()),
                weakest_low: seen.weakest.map(|(low, _)| low.into()),
                mean_effective_rank: mean(&ranks),
                done: seen.matrices,
                failed: seen.failed,
                unchanged: seen.unchanged,
                reading: String::new(),
            };
            summary.reading = reading(&summary, settings, &seen);
            summary
        })
        .collect()
}

/// "In 29 of 36 matrices. 24 at ε = 0.30, 134 at 0.70."
fn reading(s: &ModelSummary, settings: &Settings, seen: &Seen) -> String {
    let [_, low, high] = thresholds(settings.epsilon);
    let mut text = match (s.done, s.intruders, s.weakest_match) {
        (0, ..) if s.undecided > 0 => {
            "Not counted: this report does not hold what the rule in force compares.".to_owned()
        }
        (0, ..) => "No matrix is computed.".to_owned(),
        (done, ..) if done == s.unchanged => "Equal to the base, bit for bit.".to_owned(),
        (_, 0, Some(weakest)) => {
            // Rounded down: "or above" must stay true.
            format!(
                "None. The best matches of all {} are {:.3} or above.",
                count(s.possible.into()),
                (weakest * 1000.0).floor() / 1000.0
            )
        }
        (done, ..) => {
            format!(
                "In {} of {} matrices. {} at ε = {low:.2}, {} at {high:.2}.",
                count(s.matrices_with_any.into()),
                count(done.into()),
                count(seen.below[1].into()),
                count(seen.below[2].into())
            )
        }
    };
    if s.failed > 0 {
        text.push_str(&format!(
            " {} could not be computed.",
            if s.failed == 1 {
                "1 matrix".into()
            } else {
                format!("{} matrices", count(s.failed.into()))
            }
        ));
    }
    text
}
