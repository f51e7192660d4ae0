//! The cost of one matrix, estimated from its shape.

use crate::plan::PlanMatrix;
use crate::plan::job::Job;
use crate::report::{EXACT_UP_TO, Mode};

pub fn plan_matrix(job: &Job) -> PlanMatrix {
    PlanMatrix {
        name: job.base.name.clone(),
        layer: job.layer,
        kind: job.kind.clone(),
        type_label: crate::series::type_label(job.kind.as_deref()).to_owned(),
        rows: job.rows,
        cols: job.cols,
        models: job.tuned.iter().map(|t| t.0).collect(),
        memory: memory(job, Mode::Auto),
        flops: flops(job, Mode::Auto),
    }
}

/// Outputs and inputs: the longer side first.
fn sides(job: &Job) -> (f64, f64) {
    (f64::from(job.rows.max(job.cols)), f64::from(job.rows.min(job.cols)))
}

fn is_exact(job: &Job, mode: Mode) -> bool {
    match mode {
        Mode::Auto => job.rows.min(job.cols) <= EXACT_UP_TO,
        mode => mode == Mode::Exact,
    }
}

/// Bytes while it is computed.
pub fn memory(job: &Job, mode: Mode) -> f64 {
    let (long, short) = sides(job);
    let models = job.tuned.len() as f64;
    let stored: f64 = job.tensors().iter().map(|t| t.bytes() as f64).sum();
    if is_exact(job, mode) {
        // The Gram matrix, its vectors and workspace in f64; W and both blocks of vectors in f32; the base and every model at once.
        stored + (1.0 + models) * (8.0 * 4.0 * short * short + 4.0 * (2.0 * long * short + (long + short) * short))
    } else {
        // A basis of some hundred columns on both sides, one change at a time.
        stored + 4.0 * (long * short + 3.0 * 640.0 * (long + short))
    }
}

/// Operations: Gram matrices, their spectra and products of vectors, or a Krylov basis and the bound.
pub fn flops(job: &Job, mode: Mode) -> f64 {
    let (long, short) = sides(job);
    let each = |dense: f64, low: f64| {
        job.tuned
            .iter()
            .map(|(_, r)| if r.is_adapted() { low } else { dense })
            .sum::<f64>()
    };
    if is_exact(job, mode) {
        let svd = 3.0 * long * short * short + 6.0 * short.powi(3);
        let pair = svd + 2.0 * short * short * (long + short);
        return svd + each(pair + long * short * short + 2.0 * short.powi(3), pair);
    }
    let krylov = 4.0 * long * short * 512.0 + 4.0 * (long + short) * 512.0 * 512.0;
    let bound = 4.0 * long * short * 16.0 * 24.0;
    krylov + each(krylov + bound + 4.0 * long * short * 640.0, bound)
}
