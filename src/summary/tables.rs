//! Rows of the summary table.

use super::apply::mean;
use crate::metrics::change_ratio;
use crate::metrics::intruder::{Interval, Intervals, undecided};
use crate::metrics::weakest_match::weaker;
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
            let mut seen = Seen::default();
            let windows = model.matrices.iter().filter_map(|m| Intervals::of(m, settings.into()));
            windows.for_each(|window| seen.take(window.iter().take(settings.k as usize), settings.epsilon));
            let open = |m: &Matrix| undecided(m, settings.into(), settings.k, settings.epsilon);
            let with = |status: Status| model.matrices.iter().filter(|m| m.status == status).count() as u32;
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
                dashed: look.dashed,
                mean_change_ratio: change_ratio::mean(&model.matrices),
                intruders: seen.below[0],
                possible: seen.possible,
                matrices_with_any: seen.with_any,
                undecided: model.matrices.iter().map(open).sum(),
                weakest_match: seen.weakest.map(|(_, high)| high.into()),
                weakest_low: seen.weakest.map(|(low, _)| low.into()),
                mean_effective_rank: mean(&ranks),
                done: seen.matrices,
                failed: with(Status::Failed),
                unchanged: with(Status::Unchanged),
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
                s.matrices_with_any, seen.below[1], seen.below[2]
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

/// Epsilon, and what a reading compares it with.
fn thresholds(epsilon: f64) -> [f64; 3] {
    [epsilon, (epsilon - 0.2).max(0.0), (epsilon + 0.2).min(1.0)]
}

/// What is looked at of one model, the first k of the chosen side of every matrix, counted in one pass: a slider asks with every step.
#[derive(Default)]
struct Seen {
    matrices: u32,
    with_any: u32,
    possible: u32,
    /// Strictly below each of the thresholds.
    below: [u32; 3],
    /// The smallest of the lower and of the upper ends.
    weakest: Option<Interval>,
}

impl Seen {
    fn take(&mut self, window: impl Iterator<Item = Interval>, epsilon: f64) {
        let before = self.below[0];
        for (low, high) in window {
            self.possible += 1;
            for (count, threshold) in self.below.iter_mut().zip(thresholds(epsilon)) {
                *count += u32::from(f64::from(high) < threshold);
            }
            self.weakest = Some(self.weakest.map_or((low, high), |before| weaker(before, (low, high))));
        }
        self.matrices += 1;
        self.with_any += u32::from(self.below[0] > before);
    }
}
