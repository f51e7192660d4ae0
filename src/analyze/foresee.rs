//! The margins of changes to the threshold of their base, before anything is compared: no vector of any W is computed.

use super::change::Change;
use super::weights::Weights;
use super::{blank, certified, read, way};
use crate::linalg::{self, Settled};
use crate::metrics::threshold_margin::THRESHOLD_MARGIN;
use crate::plan::job::Job;
use crate::report::{self, Bulk, Mode, Settings, Status, Task};
use serde::{Deserialize, Serialize};

/// The margin of one model's change of one matrix.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Foreseen {
    /// Its place in the plan.
    pub model: u32,
    /// sigma_1(dW) / theta*_k; none where nothing changed, or it cannot be computed.
    pub margin: Option<f64>,
}

/// `bytes` as [`super::analyze`] takes them. The same numbers as of the measure once everything is computed: up to 1e-4 where certified mode
/// looks for more vectors then, and for changes stored whole, whose strength is an estimate here.
pub fn foresee(job: &Job, bytes: &[impl AsRef<[u8]> + Sync], task: &Task) -> Vec<Foreseen> {
    let (base, changes) = read(job, bytes);
    let known = base.ok().and_then(|w0| Some((values(job, &w0, task)?, w0)));
    let margin = |change: &Result<Change, super::Stop>| {
        let (((sigma_base, bulk), w0), change) = (known.as_ref()?, change.as_ref().ok()?);
        let matrix = report::Matrix {
            status: Status::Analyzed,
            mode: Some(way(task, job.rows, job.cols)),
            sigma_base: sigma_base.clone(),
            bulk: bulk.clone(),
            delta: Some(change.delta(w0, false).ok()?),
            ..blank(job)
        };
        let settings = Settings {
            k: task.k,
            ..Settings::default()
        };
        let margin = THRESHOLD_MARGIN.read(&matrix, &settings).value();
        margin.filter(|margin| *margin > 0.0)
    };
    let models = job.tuned.iter().map(|(model, _)| *model);
    models
        .zip(&changes)
        .map(|(model, change)| Foreseen {
            model,
            margin: margin(change),
        })
        .collect()
}

/// The base's singular values, as far as the way that the task takes with the matrix knows them one by one, and the others.
fn values(job: &Job, w0: &Weights, task: &Task) -> Option<(Vec<f32>, Option<Bulk>)> {
    if way(task, job.rows, job.cols) == Mode::Exact {
        return Some((linalg::singular_values(w0.view()).ok()?, None));
    }
    let known = Settled::of(w0.view(), task.k as usize).ok()?;
    Some((known.values(), certified::bulk(w0, &known)))
}
