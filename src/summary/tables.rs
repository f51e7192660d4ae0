//! Rows of the summary table.

use super::apply::mean;
use crate::metrics::change_ratio;
use crate::metrics::intruder::{Interval, Intervals, count, undecided};
use crate::metrics::weakest_match::weakest;
use crate::report::{Kind, Matrix, Report, Settings, Status};
use crate::series::{labels, series};
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
    /// The second model of the same kind and rank is dashed.
    pub dashed: bool,
    /// How strong the changes are beside what they change: the mean of sigma_1(dW) / sigma_1(W0).
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
            let counted: Vec<Vec<Interval>> = model.matrices.iter().filter_map(|m| window(m, settings)).collect();
            let below = |window: &Vec<Interval>, epsilon| count(window.iter().map(|i| i.1), settings.k, epsilon);
            let count = |epsilon: f64| counted.iter().map(|w| below(w, epsilon)).sum::<u32>();
            let open = |m: &Matrix| undecided(m, settings.into(), settings.k, settings.epsilon);
            let with = |status: Status| model.matrices.iter().filter(|m| m.status == status).count() as u32;
            let ranks: Vec<f64> = model
                .matrices
                .iter()
                .filter_map(|m| m.delta.as_ref())
                .map(|d| d.effective_rank)
                .collect();
            let weakest = weakest(counted.iter().flatten().copied());
            let mut summary = ModelSummary {
                label,
                kind: model.kind,
                rank: model.rank,
                color: look.token,
                dashed: look.dashed,
                mean_change_ratio: change_ratio::mean(&model.matrices),
                intruders: count(settings.epsilon),
                possible: counted.iter().map(|s| s.len() as u32).sum(),
                matrices_with_any: counted.iter().filter(|w| below(w, settings.epsilon) > 0).count() as u32,
                undecided: model.matrices.iter().map(open).sum(),
                weakest_match: weakest.map(|(_, high)| high),
                weakest_low: weakest.map(|(low, _)| low),
                mean_effective_rank: mean(&ranks),
                done: counted.len() as u32,
                failed: with(Status::Failed),
                unchanged: with(Status::Unchanged),
                reading: String::new(),
            };
            summary.reading = reading(&summary, settings, count);
            summary
        })
        .collect()
}

/// "In 29 of 36 matrices. 24 at ε = 0.30, 134 at 0.70."
fn reading(s: &ModelSummary, settings: &Settings, count: impl Fn(f64) -> u32) -> String {
    let low = (settings.epsilon - 0.2).max(0.0);
    let high = (settings.epsilon + 0.2).min(1.0);
    let mut text = match (s.done, s.intruders, s.weakest_match) {
        (0, ..) => "No matrix is computed.".to_owned(),
        (done, ..) if done == s.unchanged => "Equal to the base, bit for bit.".to_owned(),
        (_, 0, Some(weakest)) => {
            // Rounded down: "or above" must stay true.
            format!(
                "None. All {} match a pre-trained vector at {:.3} or above.",
                s.possible,
                (weakest * 1000.0).floor() / 1000.0
            )
        }
        (done, ..) => {
            format!(
                "In {} of {done} matrices. {} at ε = {low:.2}, {} at {high:.2}.",
                s.matrices_with_any,
                count(low),
                count(high)
            )
        }
    };
    if s.failed > 0 {
        text.push_str(&format!(
            " {} could not be computed.",
            if s.failed == 1 {
                "1 matrix".into()
            } else {
                format!("{} matrices", s.failed)
            }
        ));
    }
    text
}

/// What is looked at: the first k of the chosen side.
fn window(m: &Matrix, settings: &Settings) -> Option<Vec<Interval>> {
    Intervals::of(m, settings.into()).map(|i| i.iter().take(settings.k as usize).collect())
}
