//! One matrix under every arm, as entries of a report: what any figure of a matrix shows of it.

use super::edit::Edit;
use super::patient::{Body, Patient};
use super::small::side_by_side;
use crate::analyze::change::Change;
use crate::analyze::{compute, read};
use crate::linalg::{Matrix, Precise};
use crate::plan::job::{Job, Recipe};
use crate::report::surgery::{ARMS, Arm, Cut};
use crate::report::{self, Mode, Model, Report, Task};

/// The arms at one lambda, analysed as fine-tunes of their own; in the order of [`ARMS`]. `bytes` as [`super::open`] takes them.
pub fn beside(
    job: &Job,
    bytes: &[impl AsRef<[u8]> + Sync],
    patient: &Patient,
    cut: &Cut,
    lambda: f64,
) -> Result<Vec<(Arm, report::Matrix)>, String> {
    let (base, _) = read(job, bytes);
    let w0 = base.map_err(|stop| stop.reason)?;
    let chosen = patient
        .operate(&Cut {
            lambdas: Vec::new(),
            ..cut.clone()
        })?
        .chosen;
    let changes: Vec<_> = ARMS
        .iter()
        .map(|words| Ok(change(patient, &Edit::of(patient, words.arm, lambda, &chosen, cut))))
        .collect();
    // Recipes of their own: the changes are made already.
    let job = Job {
        tuned: (0u32..)
            .zip(&ARMS)
            .map(|(at, words)| (at, Recipe::Skip(words.name.to_owned())))
            .collect(),
        follows: vec![None; ARMS.len()],
        ..job.clone()
    };
    let task = Task {
        mode: Mode::Auto,
        k: cut.k,
        epsilon: cut.epsilon,
        side: cut.side,
    };
    Ok(ARMS
        .iter()
        .map(|words| words.arm)
        .zip(compute(&job, &w0, &changes, &task))
        .collect())
}

/// The arms as a report: a model per arm, so that every figure of a matrix shows them. `head`: of the plan in force, without matrices.
pub fn report(head: &Report, model: u32, entries: Vec<(Arm, report::Matrix)>) -> Option<Report> {
    let own = head.models.get(model as usize)?;
    let models = entries.into_iter().map(|(arm, matrix)| {
        let mut model = Model {
            label: arm.words().name.to_owned(),
            formula: Some(arm.words().formula.to_owned()),
            run: None,
            ..own.bare()
        };
        model.take(matrix);
        model
    });
    Some(Report {
        models: models.collect(),
        ..head.clone()
    })
}

/// In the precision of the engine's own comparison.
fn change<'a>(patient: &Patient, edit: &Edit) -> Change<'a> {
    let narrow = |m: &Precise| -> Matrix { m.map(|x| x as f32) };
    match &patient.change {
        Body::Factors { left, right } => Change::LowRank {
            b: narrow(&side_by_side(&(left * edit.share), &edit.left)),
            a: narrow(&side_by_side(right, &edit.right).transpose()),
            scale: 1.0,
        },
        Body::Dense { w0, .. } => {
            let delta = patient.dense(edit);
            Change::Made {
                w: narrow(&(w0.map(f64::from) + &delta)),
                delta: narrow(&delta),
            }
        }
    }
}
