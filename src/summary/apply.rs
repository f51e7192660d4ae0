//! A report brought to new settings: its counts, verdicts and totals, as the JSON carries them.

use crate::metrics::change_ratio;
use crate::metrics::intruder::{Intervals, intruders, undecided};
use crate::report::{Matrix, Mode, Report, Settings, Side, Status, Totals};

/// Writes the settings into the report and everything that follows from them.
pub fn apply(report: &mut Report, settings: &Settings) {
    report.settings = settings.clone();
    for model in &mut report.models {
        for matrix in &mut model.matrices {
            matrix.intruders = intruders(matrix, settings);
            if matrix.status == Status::Analyzed {
                let doubt = doubtful(matrix, settings);
                matrix.certified = doubt.is_none();
                matrix.reason = doubt;
            }
        }
        model.totals = totals(&model.matrices);
    }
}

fn totals(matrices: &[Matrix]) -> Totals {
    let with = |status: Status| matrices.iter().filter(|m| m.status == status).count() as u32;
    let ranks: Vec<f64> = matrices
        .iter()
        .filter_map(|m| m.delta.as_ref())
        .map(|d| d.effective_rank)
        .collect();
    Totals {
        intruders: matrices.iter().filter_map(|m| m.intruders).sum(),
        matrices: matrices.len() as u32,
        unchanged: with(Status::Unchanged),
        skipped: with(Status::Skipped),
        failed: with(Status::Failed),
        mean_effective_rank: mean(&ranks),
        mean_change_ratio: change_ratio::mean(matrices),
    }
}

/// The mean; none of an empty list.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The first counted vector whose verdict is open, in words: an interval that holds epsilon, or a score within its error of it.
fn doubtful(matrix: &Matrix, settings: &Settings) -> Option<String> {
    let undecided = undecided(matrix, settings.into(), settings.k, settings.epsilon);
    if undecided > 0 {
        let vectors = if undecided == 1 {
            "1 vector is"
        } else {
            &format!("{undecided} vectors are")
        };
        return Some(format!(
            "{vectors} not decided at ε = {}: exact mode settles it.",
            settings.epsilon
        ));
    }
    let (j, score, error) = within_error(matrix, settings).next()?;
    Some(format!(
        "The best match of vector {} is {score:.6}, within its error {error:.0e} of ε = {}.",
        j + 1,
        settings.epsilon
    ))
}

/// The counted vectors whose best match lies within its rounding error of epsilon: place, match, error. Those of certified mode have their
/// errors in their intervals.
pub(super) fn within_error(matrix: &Matrix, settings: &Settings) -> impl Iterator<Item = (usize, f32, f64)> {
    let exact = (matrix.mode != Some(Mode::Certified)).then(|| Intervals::of(matrix, settings.into()));
    let scores = exact.flatten().into_iter().flat_map(Intervals::scores);
    let near = move |(j, score): (usize, f32)| {
        let error = score_error(matrix, settings.side, j);
        ((f64::from(score) - settings.epsilon).abs() < error).then_some((j, score, error))
    };
    scores.take(settings.k as usize).enumerate().filter_map(near)
}

/// The largest error of a score by rounding: a vector turns by about residual / gap towards its neighbour, in both spectra
/// (Davis and Kahan 1970, with the computed residual), but no further than the mass that the other vectors have to offer.
fn score_error(matrix: &Matrix, side: Side, j: usize) -> f64 {
    let Some(residual) = matrix.residual else { return 0.0 };
    let matched = match side {
        Side::Right => &matrix.right,
        Side::Left | Side::Both => &matrix.left,
    };
    let best = matched
        .as_ref()
        .and_then(|m| m.argmax.get(j))
        .map_or(j, |i| *i as usize);
    let turn = |sigma: &[f32], j: usize| {
        let gap = relative_gap(sigma, j);
        // f32 spectra cannot be told from their rounding below this.
        residual.max(f64::from(f32::EPSILON)) / gap.max(f64::MIN_POSITIVE)
    };
    (turn(&matrix.sigma_tuned, j) + turn(&matrix.sigma_base, best)).min(1.0)
}

/// The distance of a singular value to its nearest neighbour, relative to the largest; 1 where it has none.
fn relative_gap(sigma: &[f32], j: usize) -> f64 {
    let value = |j: usize| sigma.get(j).map(|s| f64::from(*s));
    let (Some(own), Some(first)) = (value(j), value(0).filter(|s| *s > 0.0)) else {
        return 1.0;
    };
    let before = j.checked_sub(1).and_then(value).map(|s| s - own);
    let after = value(j + 1).map(|s| own - s);
    before.into_iter().chain(after).fold(first, f64::min) / first
}
