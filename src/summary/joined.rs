//! Reports put together: parts of one run, or runs over several models of one base.

use crate::report::{Matrix, Model, Report, Status};
use std::collections::{HashMap, HashSet};

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    pub report: Report,
    /// Of every model that is not whole its place, and the matrices that no report has.
    pub missing: Vec<(usize, Vec<String>)>,
    /// Matrices that several reports have with different numbers: an exact one stands before a certified one, then the first.
    pub contested: u32,
}

/// Puts reports together under the rule of the first; the error says which one does not belong to it. None of an empty list.
pub fn joined(reports: Vec<(String, Report)>) -> Result<Option<Joined>, String> {
    let mut all = reports.into_iter();
    let Some((first, mut report)) = all.next() else {
        return Ok(None);
    };
    let mut found: Vec<HashMap<String, Matrix>> = report.models.iter_mut().map(taken).collect();
    let mut contested = 0;
    for (name, mut other) in all {
        belongs(&report, &other).map_err(|why| format!("{name} does not belong to {first}: {why}"))?;
        let (mine, others) = (&mut report.base.files, &other.base.files);
        mine.iter_mut()
            .zip(others)
            .for_each(|(a, b)| a.sha256 = a.sha256.take().or(b.sha256.clone()));
        report.loss = report.loss.take().or(other.loss.take());
        for mut model in std::mem::take(&mut other.models) {
            let matrices = taken(&mut model);
            let Some(at) = report.models.iter().position(|m| m.label == model.label) else {
                report.models.push(model);
                found.push(matrices);
                continue;
            };
            let own = &mut report.models[at];
            let files = own.files.iter_mut().zip(&model.files);
            files.for_each(|(a, b)| a.sha256 = a.sha256.take().or(b.sha256.clone()));
            own.surgery = own.surgery.take().or(model.surgery);
            for (name, matrix) in matrices {
                let before = found[at].get(&name);
                contested += u32::from(before.is_some_and(|before| are_contested(before, &matrix)));
                if before.is_none_or(|before| worth(&matrix) > worth(before)) {
                    found[at].insert(name, matrix);
                }
            }
        }
    }
    let mut missing = Vec::new();
    for (at, (model, matrices)) in report.models.iter_mut().zip(found).enumerate() {
        let sources = model.sources.iter().map(|source| &source.base.tensor);
        let lacks: Vec<String> = sources.filter(|name| !matrices.contains_key(*name)).cloned().collect();
        if !lacks.is_empty() {
            missing.push((at, lacks));
        }
        model.fill(matrices.into_values().collect());
    }
    let settings = report.settings.clone();
    super::apply(&mut report, &settings);
    Ok(Some(Joined {
        report,
        missing,
        contested,
    }))
}

fn taken(model: &mut Model) -> HashMap<String, Matrix> {
    let matrices = std::mem::take(&mut model.matrices).into_iter();
    matrices.map(|m| (m.name.clone(), m)).collect()
}

/// The reason why another report is not of the same base and models.
fn belongs(report: &Report, other: &Report) -> Result<(), String> {
    let files =
        |files: &[crate::report::FileInfo]| files.iter().map(|f| (f.name.clone(), f.size)).collect::<HashSet<_>>();
    let contradicts = |a: &[crate::report::FileInfo], b: &[crate::report::FileInfo]| {
        let known: HashMap<&str, &str> = a
            .iter()
            .filter_map(|f| Some((&*f.name, f.sha256.as_deref()?)))
            .collect();
        b.iter().any(|f| {
            f.sha256
                .as_deref()
                .is_some_and(|h| known.get(&*f.name).is_some_and(|k| *k != h))
        })
    };
    let same =
        |a: &[crate::report::FileInfo], b: &[crate::report::FileInfo]| files(a) == files(b) && !contradicts(a, b);
    if !same(&report.base.files, &other.base.files) {
        let (ours, theirs) = (&report.base.label, &other.base.label);
        return Err(format!("its base “{theirs}” has other files than “{ours}”."));
    }
    if report.generator.engine != other.generator.engine {
        return Err(
            "it was computed by another version of Lorascope, whose numbers may differ. Compute it again.".into(),
        );
    }
    for model in &other.models {
        let own = report.models.iter().find(|m| m.label == model.label);
        if own.is_some_and(|own| !same(&own.files, &model.files)) {
            return Err(format!(
                "both have a model “{}”, made of other files. Name one of them: LABEL=PATH.",
                model.label
            ));
        }
        if own.is_some_and(|own| (own.scale, own.alpha, own.rank) != (model.scale, model.alpha, model.rank)) {
            return Err(format!("“{}” has another scale there.", model.label));
        }
    }
    Ok(())
}

/// What is computed exactly is worth most, what failed least.
fn worth(matrix: &Matrix) -> u32 {
    match (matrix.status, matrix.mode) {
        (Status::Failed, _) => 0,
        (Status::Skipped, _) => 1,
        (_, Some(crate::report::Mode::Certified)) => 2,
        _ => 3,
    }
}

fn are_contested(a: &Matrix, b: &Matrix) -> bool {
    let computed = |m: &Matrix| matches!(m.status, Status::Analyzed | Status::Unchanged);
    computed(a) && computed(b) && (&a.sigma_tuned, &a.left, &a.right) != (&b.sigma_tuned, &b.left, &b.right)
}
