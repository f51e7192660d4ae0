//! Surgery on one matrix: its change edited at any lambda, with the controls that belong to the edit.

mod beside;
mod edit;
mod large;
mod patient;
mod save;
mod sketch;
mod small;

pub use beside::{beside, report};
pub use edit::Edit;
pub use patient::{Edited, EditedChange, Patient};
pub use save::{Precision, SavedFile, Saver, Wanted};

use super::{Change, Stop, Weights, read};
use crate::plan::job::Job;
use crate::report::EXACT_UP_TO;
use crate::report::surgery::{Arm, Cut};

/// The edits of one change, an arm at a lambda each.
pub fn edits(job: &Job, w0: &Weights, change: &Change, cut: &Cut, arms: &[(Arm, f64)]) -> Result<Vec<Edit>, String> {
    let patient = opened(job, w0, change, cut.k)?;
    patient.edits(cut, arms)
}

/// Reads one matrix of one model for surgery. `bytes` as [`super::vectors`] takes them; the error is the reason in words.
pub fn open(job: &Job, bytes: &[impl AsRef<[u8]> + Sync], model: u32, k: u32) -> Result<Patient, String> {
    let own = job
        .tuned
        .iter()
        .position(|(m, _)| *m == model)
        .ok_or("The model does not change this matrix.")?;
    let (base, changes) = read(job, bytes);
    let w0 = base.map_err(|stop| stop.reason)?;
    let change = changes[own].as_ref().map_err(|stop| stop.reason.clone())?;
    opened(job, &w0, change, k)
}

fn opened(job: &Job, w0: &Weights, change: &Change, k: u32) -> Result<Patient, String> {
    let exact = job.rows.min(job.cols) <= EXACT_UP_TO;
    Patient::open(&job.base.name, w0, change, k as usize, exact).map_err(|stop: Stop| stop.reason)
}
