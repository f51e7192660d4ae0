//! The cost of one matrix, estimated from its shape.

use crate::plan::PlanMatrix;
use crate::plan::job::Job;
use crate::report::EXACT_UP_TO;

pub fn plan_matrix(job: &Job) -> PlanMatrix {
    let (m, n) = (f64::from(job.rows), f64::from(job.cols));
    let short = m.min(n);
    let models = job.tuned.len() as f64;
    let stored: f64 = job.tensors().iter().map(|t| t.bytes() as f64).sum();
    let memory = if short <= f64::from(EXACT_UP_TO) {
        // The Gram matrix, its vectors and workspace in f64; W and both blocks of vectors in f32; the base and every model at once.
        stored + (1.0 + models) * (8.0 * 4.0 * short * short + 4.0 * (2.0 * m * n + (m + n) * short))
    } else {
        // A basis of some hundred columns on both sides, one change at a time.
        stored + 4.0 * (m * n + 3.0 * 640.0 * (m + n))
    };
    PlanMatrix {
        name: job.base.name.clone(),
        layer: job.layer,
        kind: job.kind.clone(),
        type_label: crate::series::type_label(job.kind.as_deref()).to_owned(),
        rows: job.rows,
        cols: job.cols,
        models: job.tuned.iter().map(|t| t.0).collect(),
        memory,
        flops: flops(job),
    }
}

/// Operations of the default mode: Gram matrices, their spectra and products of vectors, or a Krylov basis and the bound.
pub fn flops(job: &Job) -> f64 {
    let (long, short) = (f64::from(job.rows.max(job.cols)), f64::from(job.rows.min(job.cols)));
    let each = |dense: f64, low: f64| {
        job.tuned
            .iter()
            .map(|(_, r)| if r.is_adapted() { low } else { dense })
            .sum::<f64>()
    };
    if short <= f64::from(EXACT_UP_TO) {
        let svd = 3.0 * long * short * short + 6.0 * short.powi(3);
        let pair = svd + 2.0 * short * short * (long + short);
        return svd + each(pair + long * short * short + 2.0 * short.powi(3), pair);
    }
    let krylov = 4.0 * long * short * 512.0 + 4.0 * (long + short) * 512.0 * 512.0;
    let bound = 4.0 * long * short * 16.0 * 24.0;
    krylov + each(krylov + bound + 4.0 * long * short * 640.0, bound)
}
