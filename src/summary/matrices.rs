//! Rows of the table of matrices: one a matrix, a cell a model.

use super::sort::Sort;
use crate::metrics::change_ratio::change_ratio;
use crate::metrics::intruder::{Intervals, undecided};
use crate::metrics::intruder_energy::intruder_energy;
use crate::metrics::tied::tied_angle;
use crate::report::{Match, Matrix, Report, Settings, Side, Status};
use crate::series::{type_label, type_order};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Rows of the table of matrices: all there are, and those asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Matrices {
    pub total: u32,
    pub rows: Vec<MatrixRow>,
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
    /// Vectors whose verdict is open: an interval that holds epsilon, or nothing computed.
    pub undecided: u32,
    /// The counted vectors' share of sum sigma_j^2 of W; null where not all its singular values are known.
    pub intruder_energy: Option<f64>,
    /// sigma_1(dW) / sigma_1(W0).
    pub change_ratio: Option<f64>,
    /// Degrees between the counted vector that lies nearest to nearly tied base vectors and their space; null where nothing is tied.
    pub tied_angle: Option<f64>,
}

/// A matrix of the base: what each model has of it, one at least.
pub(super) type OfModels<'a> = Vec<Option<&'a Matrix>>;

/// The first rows of the table; without a sort in the order of the network. A large run has more cells than a page can take in within a
/// frame: only the rows that are shown are made.
pub fn matrices(report: &Report, settings: &Settings, sort: Option<&Sort>, first: u32) -> Matrices {
    let mut all: Vec<OfModels> = by_name(report).into_values().collect();
    // Names are told apart by their places in the network, then by themselves.
    all.sort_by_key(|of| one(of).map(|m| (m.layer, type_order(m.kind.as_deref()), &m.name)));
    if let Some(sort) = sort {
        sort.apply(&mut all, settings);
    }
    let total = all.len() as u32;
    all.truncate(first as usize);
    Matrices {
        total,
        rows: all.iter().filter_map(|of| row(of, settings)).collect(),
    }
}

/// One row; None where no model has such a matrix.
pub fn matrix(report: &Report, settings: &Settings, name: &str) -> Option<MatrixRow> {
    let of: OfModels = report
        .models
        .iter()
        .map(|model| model.matrices.iter().find(|m| m.name == name))
        .collect();
    row(&of, settings)
}

fn by_name(report: &Report) -> HashMap<&str, OfModels<'_>> {
    let mut all: HashMap<&str, OfModels> = HashMap::new();
    for (i, model) in report.models.iter().enumerate() {
        for m in &model.matrices {
            all.entry(&m.name).or_insert_with(|| vec![None; report.models.len()])[i] = Some(m);
        }
    }
    all
}

/// The matrix as the first model has it: all share its name and its place.
pub(super) fn one<'a>(of: &OfModels<'a>) -> Option<&'a Matrix> {
    of.iter().find_map(|m| *m)
}

fn row(of: &OfModels, settings: &Settings) -> Option<MatrixRow> {
    one(of).map(|m| MatrixRow {
        name: m.name.clone(),
        layer: m.layer,
        kind: m.kind.clone(),
        type_label: type_label(m.kind.as_deref()).to_owned(),
        rows: m.rows,
        cols: m.cols,
        cells: of.iter().map(|m| m.map(|m| cell(m, settings))).collect(),
    })
}

fn cell(m: &Matrix, settings: &Settings) -> MatrixCell {
    let first = |sigma: &[f32]| sigma.first().map(|s| f64::from(*s));
    let known = Intervals::of(m, settings.into());
    let counted: Vec<usize> = known
        .into_iter()
        .flat_map(|known| known.scores().take(settings.k as usize).enumerate())
        .filter_map(|(j, score)| (f64::from(score) < settings.epsilon).then_some(j))
        .collect();
    let whole = m.sigma_tuned.len() == m.rows.min(m.cols) as usize;
    MatrixCell {
        status: m.status,
        reason: m.reason.clone(),
        intruders: known.map(|_| counted.len() as u32),
        effective_rank: m.delta.as_ref().map(|d| d.effective_rank),
        stable_rank: m.delta.as_ref().map(|d| d.stable_rank),
        frobenius: m.delta.as_ref().map(|d| d.frobenius),
        sigma1_base: first(&m.sigma_base),
        sigma1_tuned: first(&m.sigma_tuned),
        undecided: undecided(m, settings.into(), settings.k, settings.epsilon),
        intruder_energy: whole.then(|| intruder_energy(&m.sigma_tuned, &counted)).flatten(),
        change_ratio: m.delta.as_ref().and_then(|d| change_ratio(d, &m.sigma_base)),
        tied_angle: own_side(m, settings).and_then(|own| tied_angle(own.tied_cos.as_deref()?, &own.max_cos, &counted)),
    }
}

fn own_side<'a>(m: &'a Matrix, settings: &Settings) -> Option<&'a Match> {
    if settings.side == Side::Right {
        m.right.as_ref()
    } else {
        m.left.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Delta;
    use crate::summary::tests::{matrix, report};

    #[test]
    fn what_a_count_does_not_say_stands_beside_it() {
        let left = Match {
            max_cos: vec![0.3, 0.9, 0.4],
            tied_cos: Some(vec![0.5, 0.9, 0.4]),
            argmax: vec![0; 3],
            ..Match::default()
        };
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
            let settings = Settings {
                k,
                ..Settings::default()
            };
            super::matrix(&report(vec![m.clone()]), &settings, "w")
                .unwrap()
                .cells
                .remove(0)
                .unwrap()
        };
        let found = cell(&m, 3);
        assert_eq!(
            (found.intruders, found.intruder_energy, found.change_ratio),
            (Some(2), Some(5.0 / 9.0), Some(0.25))
        );
        assert!((found.tied_angle.unwrap() - 60.0).abs() < 1e-4);
        assert_eq!(cell(&m, 1).intruder_energy, Some(4.0 / 9.0));
        // The last singular value is not known.
        m.sigma_tuned.pop();
        m.left.as_mut().unwrap().tied_cos = None;
        assert_eq!((cell(&m, 3).intruder_energy, cell(&m, 3).tied_angle), (None, None));
    }
}
