//! The sentences beside the figures: what is seen, with its numbers, and nothing more.

use super::tables::{ModelSummary, models};
use crate::metrics::intruder::intruders;
use crate::report::{Kind, Report, Settings};
use crate::series::{labels, type_label};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    pub epsilon_curve: String,
    pub effective_rank: String,
    pub matrices: String,
}

/// The findings under the given settings; empty where there is nothing to say.
pub fn findings(report: &Report, settings: &Settings) -> Findings {
    let summaries = models(report, settings);
    let done: Vec<&ModelSummary> = summaries.iter().filter(|s| s.done > 0).collect();
    Findings { epsilon_curve: counts(&done, settings), effective_rank: ranks(report, &done), matrices: most(report, settings) }
}

/// "At ε = 0.50 LoRA r = 8 has 59 intruders and full fine-tuning 0."
fn counts(done: &[&ModelSummary], settings: &Settings) -> String {
    let mut sorted = done.to_vec();
    // Among equals full fine-tuning comes last: it is what the others are held against.
    sorted.sort_by_key(|s| (std::cmp::Reverse(s.intruders), s.kind == Kind::Full));
    let name = |s: &ModelSummary| if s.label == "Full" { "full fine-tuning".to_owned() } else { s.label.clone() };
    let so_many = |n: u32| if n == 1 { "1 intruder".to_owned() } else { format!("{n} intruders") };
    let epsilon = settings.epsilon;
    match sorted[..] {
        [] => String::new(),
        [first, ..] if first.intruders == 0 => {
            format!("At ε = {epsilon:.2} no model has an intruder among its {} strongest vectors a matrix.", settings.k)
        }
        [only] => format!("At ε = {epsilon:.2} {} has {}.", name(only), so_many(only.intruders)),
        [first, .., last] => {
            format!("At ε = {epsilon:.2} {} has {} and {} {}.", name(first), so_many(first.intruders), name(last), last.intruders)
        }
    }
}

/// "Full fine-tuning spreads over 181 to 323 directions. LoRA r = 64 uses 41 on average."
fn ranks(report: &Report, done: &[&ModelSummary]) -> String {
    let mut sentences = Vec::new();
    if let Some(full) = report.models.iter().find(|m| m.kind == Kind::Full) {
        let values: Vec<f64> =
            full.matrices.iter().filter_map(|m| m.delta.as_ref()).map(|d| d.effective_rank).filter(|r| *r > 0.0).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        if high > 0.0 {
            sentences.push(format!("Full fine-tuning spreads over {low:.0} to {high:.0} directions."));
        }
    }
    let widest = done.iter().filter(|s| s.kind == Kind::Lora).max_by_key(|s| s.rank);
    if let Some((s, mean)) = widest.and_then(|s| s.mean_effective_rank.map(|mean| (s, mean))) {
        let digits = if mean < 10.0 { 1 } else { 0 };
        let of = s.rank.map(|r| format!(" of its {r}")).filter(|_| s.rank != Some(1)).unwrap_or_default();
        sentences.push(format!("{} uses {mean:.digits$}{of} on average.", s.label));
    }
    sentences.join(" ")
}

/// "Layer 4, attention output holds the most: 5 in LoRA r = 8."
fn most(report: &Report, settings: &Settings) -> String {
    let cells: Vec<_> = report
        .models
        .iter()
        .zip(labels(&report.models))
        .flat_map(|(model, label)| model.matrices.iter().filter_map(move |m| Some((intruders(m, settings)?, m, label.clone()))))
        .collect();
    let highest = cells.iter().map(|c| c.0).max().unwrap_or(0);
    let mut holders = cells.iter().filter(|c| c.0 == highest);
    match (highest, holders.next(), holders.next()) {
        (0, ..) | (_, None, _) => String::new(),
        (count, Some((_, m, label)), None) => {
            let layer = m.layer.map(|l| format!("Layer {l}, ")).unwrap_or_default();
            format!("{layer}{} holds the most: {count} in {label}.", type_label(m.kind.as_deref()))
        }
        (count, Some(_), Some(_)) => format!("No matrix holds more than {count} in any model."),
    }
}
