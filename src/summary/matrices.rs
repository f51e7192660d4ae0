//! Rows of the table of matrices: one per matrix, a cell per model.

use super::apart::Apart;
use super::remark::remarks;
use super::sort::Sort;
use crate::metrics::intruder::{Interval, Intervals, intruders, undecided};
use crate::metrics::{Measure, Measured, measures};
use crate::report::{Matrix, Report, Settings, Status};
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
    /// The parts of its name that tell it from the other matrices of its layer and type; empty where there is no other.
    pub told_apart: String,
    pub rows: u32,
    pub cols: u32,
    /// One cell per model; null where the model has no such matrix, it is not computed yet, or it is not asked for.
    pub cells: Vec<Option<MatrixCell>>,
}

/// One model in one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct MatrixCell {
    pub status: Status,
    pub reason: Option<String>,
    pub intruders: Option<u32>,
    /// Vectors whose verdict is open: an interval that holds epsilon, or nothing computed.
    pub undecided: u32,
    /// The values of the measures, in the order of the list: those of the table, or of one matrix all.
    pub readings: Vec<Told>,
    /// The best matches of the vectors looked at: where each lies, from the strongest on. Of one matrix, and of the model asked for.
    pub window: Vec<Interval>,
    /// Caveats of its numbers, a sentence each; of one matrix.
    pub remarks: Vec<String>,
}

/// The value of one measure, in print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// None where there is no number.
    pub value: Option<f64>,
    pub text: String,
    /// The value for a narrow column.
    pub narrow: String,
}

/// A matrix of the base: what each model has of it, one at least.
pub(super) type OfModels<'a> = Vec<Option<&'a Matrix>>;

/// The part of the table that is shown: a large run has more cells than a page can take in within a frame.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Rows from the first on.
    pub first: u32,
    /// The model whose best matches are shown.
    pub model: u32,
    /// The models from the first on that have cells, beside that one.
    pub models: u32,
}

/// Rows of the table; without a sort in the order of the network.
pub fn matrices(report: &Report, settings: &Settings, sort: Option<&Sort>, asked: Asked) -> Matrices {
    let Asked { first, model, models } = asked;
    let shown = |at: usize| at < models as usize || at == model as usize;
    let all = in_order(report, settings, sort);
    let total = all.len() as u32;
    let apart = Apart::of(all.iter().filter_map(one), first as usize);
    let cell = |at: usize, m: &Matrix| {
        shown(at).then(|| MatrixCell {
            window: if at == model as usize {
                window(m, settings)
            } else {
                Vec::new()
            },
            ..cell(m, settings, |measure| measure.in_table)
        })
    };
    Matrices {
        total,
        rows: all
            .iter()
            .take(first as usize)
            .filter_map(|of| row(of, &apart, cell))
            .collect(),
    }
}

/// Every matrix of the base.
pub(super) fn in_order<'a>(report: &'a Report, settings: &Settings, sort: Option<&Sort>) -> Vec<OfModels<'a>> {
    let mut all: Vec<OfModels> = by_name(report).into_values().collect();
    // Names are told apart by their places in the network, then by themselves.
    all.sort_by_key(|of| one(of).map(|m| (m.layer, type_order(m.kind.as_deref()), &m.name)));
    if let Some(sort) = sort {
        sort.apply(&mut all, settings);
    }
    all
}

/// One row with all that is known; None where no model has such a matrix.
pub fn matrix(report: &Report, settings: &Settings, name: &str) -> Option<MatrixRow> {
    let of: OfModels = report
        .models
        .iter()
        .map(|model| model.matrices.iter().find(|m| m.name == name))
        .collect();
    row(&of, &Apart::default(), |_, m| {
        Some(MatrixCell {
            window: window(m, settings),
            remarks: remarks(m, settings),
            ..cell(m, settings, |_| true)
        })
    })
}

/// Every matrix in the order of the table, and what each model shows in it: the readings of all measures, in the order of their list.
pub fn readings<'a>(
    report: &'a Report,
    settings: &Settings,
    sort: Option<&Sort>,
) -> Vec<(usize, &'a Matrix, Vec<Measured>)> {
    let of_matrix = |of: OfModels<'a>| {
        let own = of.into_iter().enumerate().filter_map(|(at, m)| Some((at, m?)));
        own.map(|(at, m)| (at, m, measures().map(|measure| measure.read(m, settings)).collect()))
            .collect::<Vec<_>>()
    };
    in_order(report, settings, sort)
        .into_iter()
        .flat_map(of_matrix)
        .collect()
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

fn row(of: &OfModels, apart: &Apart, cell: impl Fn(usize, &Matrix) -> Option<MatrixCell>) -> Option<MatrixRow> {
    one(of).map(|m| MatrixRow {
        name: m.name.clone(),
        layer: m.layer,
        kind: m.kind.clone(),
        type_label: type_label(m.kind.as_deref()).to_owned(),
        told_apart: apart.words(m),
        rows: m.rows,
        cols: m.cols,
        cells: of
            .iter()
            .enumerate()
            .map(|(at, m)| m.and_then(|m| cell(at, m)))
            .collect(),
    })
}

fn cell(m: &Matrix, settings: &Settings, shown: impl Fn(&Measure) -> bool) -> MatrixCell {
    let told = |measure: &Measure| {
        let reading = measure.read(m, settings);
        Told {
            value: reading.value(),
            text: measure.print(reading),
            narrow: measure.print_narrow(reading),
        }
    };
    MatrixCell {
        status: m.status,
        reason: m.reason.clone(),
        intruders: intruders(m, settings),
        undecided: undecided(m, settings.into(), settings.k, settings.epsilon),
        readings: measures().filter(|measure| shown(measure)).map(told).collect(),
        window: Vec::new(),
        remarks: Vec::new(),
    }
}

/// The matches within the window: the first k of the chosen side; none where it was not computed.
pub(super) fn window(m: &Matrix, settings: &Settings) -> Vec<Interval> {
    let all = Intervals::of(m, settings.into()).into_iter().flat_map(Intervals::iter);
    all.take(settings.k as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Delta, Match, Mode};
    use crate::summary::tests::{matrix, report};

    fn cell(m: &Matrix, k: u32) -> MatrixCell {
        let settings = Settings {
            k,
            ..Settings::default()
        };
        let mut row = super::matrix(&report(vec![m.clone()]), &settings, "w").unwrap();
        row.cells.remove(0).unwrap()
    }

    #[track_caller]
    fn said(cell: &MatrixCell, id: &str) -> (Option<f64>, String) {
        let at = measures().position(|m| m.id == id).unwrap();
        (cell.readings[at].value, cell.readings[at].text.clone())
    }

    fn example() -> Matrix {
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
            ..Delta::default()
        });
        m
    }

    #[test]
    fn what_a_count_does_not_say_stands_beside_it() {
        let mut m = example();
        let found = cell(&m, 3);
        assert_eq!((found.intruders, found.window.len()), (Some(2), 3));
        assert_eq!(said(&found, "intruder-energy"), (Some(5.0 / 9.0), "56 %".into()));
        assert_eq!(said(&found, "change-ratio"), (Some(0.25), "0.250".into()));
        assert_eq!(said(&found, "weakest-match").1, "0.30");
        assert_eq!(said(&found, "tied-angle").1, "60°");
        assert_eq!(said(&cell(&m, 1), "intruder-energy").0, Some(4.0 / 9.0));
        // The last singular value is not known.
        m.sigma_tuned.pop();
        m.left.as_mut().unwrap().tied_cos = None;
        assert_eq!(said(&cell(&m, 3), "intruder-energy"), (None, "–".into()));
        assert_eq!(said(&cell(&m, 3), "tied-angle").0, None);
    }

    #[test]
    fn what_certified_mode_cannot_give_is_said() {
        let mut m = example();
        m.sigma_tuned.pop();
        m.mode = Some(Mode::Certified);
        let found = cell(&m, 3);
        assert_eq!(said(&found, "intruder-energy"), (None, "exact mode only".into()));
        assert_eq!(said(&found, "effective-rank").1, "2.0");
    }
}
