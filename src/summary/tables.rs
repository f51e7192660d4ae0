//! Rows of the page's tables.

use super::apply::mean;
use crate::metrics::change_ratio::change_ratio;
use crate::metrics::intruder;
use crate::metrics::intruder_energy::intruder_energy;
use crate::metrics::tied::tied_angle;
use crate::report::{Cosine, Kind, Match, Matrix, Report, Settings, Side, Status};
use crate::series::{labels, series, type_label};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

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
    /// "query", "attention output", "MLP up"; "other" where no rule knows the type.
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
    /// Vectors whose verdict is open: an interval that holds epsilon, or nothing computed.
    pub undecided: u32,
    /// Counted vectors that lie in the space of nearly tied base vectors.
    pub tied: u32,
    /// The change sinks into the rounding of the weights.
    pub floor: bool,
    /// The counted vectors' share of sum sigma_j^2 of W; null where not all its singular values are known.
    pub intruder_energy: Option<f64>,
    /// sigma_1(dW) / sigma_1(W0).
    pub change_ratio: Option<f64>,
    /// Degrees between the counted vector that lies nearest to nearly tied base vectors and their space; null where nothing is tied.
    pub tied_angle: Option<f64>,
}

/// Rows of the summary table, one a model.
pub fn models(report: &Report, settings: &Settings) -> Vec<ModelSummary> {
    let looks = series(&report.models).into_iter().zip(labels(&report.models));
    report
        .models
        .iter()
        .zip(looks)
        .map(|(model, (look, label))| {
            let counted: Vec<Vec<f32>> = model.matrices.iter().filter_map(|m| window(m, settings)).collect();
            let count = |epsilon: f64| counted.iter().map(|s| intruder::count(s, settings.k, epsilon)).sum::<u32>();
            let with = |status: Status| model.matrices.iter().filter(|m| m.status == status).count() as u32;
            let ranks: Vec<f64> = model.matrices.iter().filter_map(|m| m.delta.as_ref()).map(|d| d.effective_rank).collect();
            let mut summary = ModelSummary {
                label,
                kind: model.kind,
                rank: model.rank,
                color: look.token,
                dashed: look.dashed,
                intruders: count(settings.epsilon),
                possible: counted.iter().map(|s| s.len() as u32).sum(),
                matrices_with_any: counted.iter().filter(|s| intruder::count(s, settings.k, settings.epsilon) > 0).count() as u32,
                weakest_match: weakest(counted.iter().flatten()),
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
            format!("None. All {} match a pre-trained vector at {:.3} or above.", s.possible, (weakest * 1000.0).floor() / 1000.0)
        }
        (done, ..) => {
            format!("In {} of {done} matrices. {} at ε = {low:.2}, {} at {high:.2}.", s.matrices_with_any, count(low), count(high))
        }
    };
    if s.failed > 0 {
        text.push_str(&format!(
            " {} could not be computed.",
            if s.failed == 1 { "1 matrix".into() } else { format!("{} matrices", s.failed) }
        ));
    }
    text
}

/// Rows of the table of matrices, in the order in which the results are first seen by layer and type.
pub fn matrices(report: &Report, settings: &Settings) -> Vec<MatrixRow> {
    let mut rows: Vec<MatrixRow> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for (i, model) in report.models.iter().enumerate() {
        for m in &model.matrices {
            let row = *at.entry(m.name.as_str()).or_insert_with(|| {
                rows.push(MatrixRow {
                    name: m.name.clone(),
                    layer: m.layer,
                    kind: m.kind.clone(),
                    type_label: type_label(m.kind.as_deref()).to_owned(),
                    rows: m.rows,
                    cols: m.cols,
                    cells: vec![None; report.models.len()],
                });
                rows.len() - 1
            });
            rows[row].cells[i] = Some(cell(m, settings));
        }
    }
    rows.sort_by_key(|r| (r.layer, crate::series::type_order(r.kind.as_deref()), r.name.clone()));
    rows
}

fn cell(m: &Matrix, settings: &Settings) -> MatrixCell {
    let best = window(m, settings).unwrap_or_default();
    let first = |sigma: &[f32]| sigma.first().map(|s| f64::from(*s));
    let counted: Vec<usize> = (0..best.len()).filter(|j| f64::from(best[*j]) < settings.epsilon).collect();
    let whole = m.sigma_tuned.len() == m.rows.min(m.cols) as usize;
    MatrixCell {
        status: m.status,
        reason: m.reason.clone(),
        intruders: intruder::intruders(m, settings),
        effective_rank: m.delta.as_ref().map(|d| d.effective_rank),
        stable_rank: m.delta.as_ref().map(|d| d.stable_rank),
        frobenius: m.delta.as_ref().map(|d| d.frobenius),
        sigma1_base: first(&m.sigma_base),
        sigma1_tuned: first(&m.sigma_tuned),
        weakest_match: weakest(best.iter()),
        intruder_energy: whole.then(|| intruder_energy(&m.sigma_tuned, &counted)).flatten(),
        change_ratio: m.delta.as_ref().and_then(|d| change_ratio(d, &m.sigma_base)),
        tied_angle: own_side(m, settings).and_then(|own| tied_angle(own.tied_cos.as_deref()?, &own.max_cos, &counted)),
        best,
        residual: m.residual,
        undecided: intruder::undecided(m, settings.into(), settings.k, settings.epsilon),
        tied: tied(m, settings),
        floor: m.delta.as_ref().is_some_and(|d| d.floor.is_some()),
    }
}

/// Intruders by the rule that are none by their space: turned ties. The space has no sign: where signs decide there is no such thing.
fn tied(m: &Matrix, settings: &Settings) -> u32 {
    if settings.cosine == Cosine::Signed {
        return 0;
    }
    let (Some(scores), Some(tied)) = (window(m, settings), own_side(m, settings).and_then(|own| own.tied_cos.as_ref())) else { return 0 };
    scores.iter().zip(tied).filter(|(s, t)| f64::from(**s) < settings.epsilon && f64::from(**t) >= settings.epsilon).count() as u32
}

fn own_side<'a>(m: &'a Matrix, settings: &Settings) -> Option<&'a Match> {
    if settings.side == Side::Right { m.right.as_ref() } else { m.left.as_ref() }
}

/// The scores looked at: the first k of the chosen side.
fn window(m: &Matrix, settings: &Settings) -> Option<Vec<f32>> {
    intruder::scores(m, settings.into()).map(|mut s| {
        s.truncate(settings.k as usize);
        s
    })
}

fn weakest<'a>(scores: impl Iterator<Item = &'a f32>) -> Option<f64> {
    scores.copied().min_by(f32::total_cmp).map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Delta, Match};
    use crate::summary::tests::{matrix, report};

    #[test]
    fn what_a_count_does_not_say_stands_beside_it() {
        let left = Match { max_cos: vec![0.3, 0.9, 0.4], tied_cos: Some(vec![0.5, 0.9, 0.4]), argmax: vec![0; 3], ..Match::default() };
        let mut m = matrix("w", 3, left, Match::default());
        (m.sigma_tuned, m.sigma_base) = (vec![2.0, 2.0, 1.0], vec![4.0, 1.0, 1.0]);
        m.delta = Some(Delta {
            effective_rank: 2.0,
            stable_rank: 4.0,
            frobenius: 2.0,
            sigma: Vec::new(),
            effective_rank_error: None,
            floor: None,
        });
        let cell = |m: &Matrix, k| {
            let settings = Settings { k, ..Settings::default() };
            matrices(&report(vec![m.clone()]), &settings).remove(0).cells.remove(0).unwrap()
        };
        let found = cell(&m, 3);
        assert_eq!((found.intruders, found.intruder_energy, found.change_ratio), (Some(2), Some(5.0 / 9.0), Some(0.25)));
        assert!((found.tied_angle.unwrap() - 60.0).abs() < 1e-4);
        assert_eq!(cell(&m, 1).intruder_energy, Some(4.0 / 9.0));
        // The last singular value is not known.
        m.sigma_tuned.pop();
        m.left.as_mut().unwrap().tied_cos = None;
        assert_eq!((cell(&m, 3).intruder_energy, cell(&m, 3).tied_angle), (None, None));
    }
}
