//! One matrix: bytes -> report entries, one a model. The base is decomposed once for all of them.

use crate::linalg::{self, Matrix, Svd};
use crate::metrics::best_match::best_match;
use crate::metrics::effective_rank::effective_rank;
use crate::metrics::stable_rank::{frobenius, stable_rank};
use crate::plan::job::{Job, Recipe, TensorRef};
use crate::report::{self, Delta, Match, Similarity, Status};
use rayon::prelude::*;

/// How much of the similarity matrix is kept.
const SIMILARITY: usize = 32;
/// A decomposition with a larger residual (relative to sigma_1) is reported as failed. Sound f32 results stay below 1e-5.
const WORST_RESIDUAL: f64 = 1e-3;

/// Computes one job. `bytes` holds the tensors of [`Job::tensors`] in that order; `now` is a clock in seconds.
///
/// Whatever goes wrong with one model is data in its entry; the others are not affected.
pub fn analyze(job: &Job, bytes: &[impl AsRef<[u8]> + Sync], now: impl Fn() -> f64 + Sync) -> Vec<(u32, report::Matrix)> {
    let base = read(&job.base, bytes.first(), job, job.transposed);
    let mut offset = 1;
    let tasks: Vec<_> = job
        .tuned
        .iter()
        .map(|(model, recipe)| {
            let count = recipe.tensors().len();
            let own = bytes.get(offset..offset + count);
            offset += count;
            (*model, recipe, own)
        })
        .collect();
    let changes: Vec<_> =
        tasks.par_iter().map(|(_, recipe, own)| base.as_ref().map_err(Clone::clone).and_then(|w0| change(job, w0, recipe, *own))).collect();
    // The base's vectors are only needed where something changed; they are computed beside the tuned ones.
    let needed = changes.iter().any(|c| matches!(c, Ok(Change::Changed { .. })));
    let (base_spectrum, tuned): (_, Vec<_>) = rayon::join(
        || base.as_ref().ok().filter(|_| needed).map(|w0| timed(&now, || decompose(w0, "base"))),
        || changes.into_par_iter().map(|change| timed(&now, || change.and_then(Step::from_change))).collect(),
    );
    let base_seconds = base_spectrum.as_ref().map_or(0.0, |b| b.1);
    let base_spectrum = base_spectrum.map(|b| b.0);
    tasks
        .into_par_iter()
        .zip(tuned)
        .map(|((model, ..), (step, step_seconds))| {
            let (entry, seconds) = timed(&now, || step.and_then(|step| entry(job, step, base_spectrum.as_ref())));
            let entry = entry.unwrap_or_else(|Stop { status, reason }| report::Matrix { status, reason: Some(reason), ..blank(job) });
            (model, report::Matrix { seconds: base_seconds / job.tuned.len() as f64 + step_seconds + seconds, ..entry })
        })
        .collect()
}

fn timed<T>(now: &impl Fn() -> f64, work: impl FnOnce() -> T) -> (T, f64) {
    let start = now();
    let result = work();
    (result, now() - start)
}

/// The entry of a matrix that could not be computed for a reason outside, such as a file that cannot be read any more.
pub fn failed(job: &Job, reason: &str) -> Vec<(u32, report::Matrix)> {
    job.tuned
        .iter()
        .map(|(model, _)| (*model, report::Matrix { status: Status::Failed, reason: Some(reason.to_owned()), ..blank(job) }))
        .collect()
}

/// Why there are no numbers.
#[derive(Debug, Clone)]
struct Stop {
    status: Status,
    reason: String,
}

impl Stop {
    fn failed(reason: String) -> Stop {
        Stop { status: Status::Failed, reason }
    }
}

/// What a recipe does to the base.
enum Change {
    /// Bit for bit the base, with what to know about it.
    Unchanged(Option<String>),
    /// The tuned matrix and the singular values of its change.
    Changed { tuned: Matrix, delta: Vec<f32> },
}

fn change<B: AsRef<[u8]>>(job: &Job, w0: &Matrix, recipe: &Recipe, bytes: Option<&[B]>) -> Result<Change, Stop> {
    let at = |i: usize| bytes.and_then(|b| b.get(i));
    let no_convergence = |_| Stop::failed("The singular values of the change did not converge.".into());
    match recipe {
        Recipe::Skip(reason) => Err(Stop { status: Status::Skipped, reason: reason.clone() }),
        Recipe::Replace(tensor) => {
            let tuned = read(tensor, at(0), job, job.transposed)?;
            if tuned == *w0 {
                return Ok(Change::Unchanged(None));
            }
            let delta = linalg::singular_values(&(&tuned - w0)).map_err(no_convergence)?;
            Ok(Change::Changed { tuned, delta })
        }
        Recipe::LowRank { a, b, scale } => {
            let a_matrix = read_shape(a, at(0), None, false)?;
            let b_matrix = read_shape(b, at(1), None, false)?;
            for (name, m) in [("lora_B", &b_matrix), ("lora_A", &a_matrix)] {
                if m.iter().all(|x| *x == 0.0) {
                    return Ok(Change::Unchanged(Some(format!("{name} is all zero: this module was not trained."))));
                }
            }
            let delta = linalg::low_rank_singular_values(*scale, &b_matrix, &a_matrix).map_err(no_convergence)?;
            let tuned = linalg::add_scaled_product(w0, *scale as f32, &b_matrix, &a_matrix);
            if !tuned.iter().all(|x| x.is_finite()) {
                return Err(Stop::failed(format!("W0 + {scale} B A leaves the range of 32-bit numbers.")));
            }
            Ok(Change::Changed { tuned, delta })
        }
    }
}

/// A tuned matrix on its way to an entry.
enum Step {
    Unchanged(Option<String>),
    Decomposed { spectrum: Spectrum, delta: Vec<f32> },
}

impl Step {
    fn from_change(change: Change) -> Result<Step, Stop> {
        Ok(match change {
            Change::Unchanged(reason) => Step::Unchanged(reason),
            Change::Changed { tuned, delta } => Step::Decomposed { spectrum: decompose(&tuned, "tuned")?, delta },
        })
    }
}

/// A decomposition that was checked.
struct Spectrum {
    svd: Svd,
    residual: f64,
}

fn decompose(w: &Matrix, which: &str) -> Result<Spectrum, Stop> {
    let svd = linalg::thin_svd(w).map_err(|_| Stop::failed(format!("The decomposition of the {which} matrix did not converge.")))?;
    let residual = linalg::residual(w, &svd);
    if residual > WORST_RESIDUAL || !residual.is_finite() {
        return Err(Stop::failed(format!(
            "The decomposition of the {which} matrix is off by {residual:.1e} of its largest singular value."
        )));
    }
    Ok(Spectrum { svd, residual })
}

fn entry(job: &Job, step: Step, base: Option<&Result<Spectrum, Stop>>) -> Result<report::Matrix, Stop> {
    let (Spectrum { svd, residual }, delta) = match step {
        Step::Unchanged(reason) => return Ok(unchanged(job, reason, base.and_then(|b| b.as_ref().ok()))),
        Step::Decomposed { spectrum, delta } => (spectrum, delta),
    };
    let base = match base {
        Some(Ok(spectrum)) => spectrum,
        Some(Err(stop)) => return Err(stop.clone()),
        None => return Err(Stop::failed("The base matrix was not decomposed.".into())),
    };
    let left = linalg::abs_cosines(&base.svd.u, &svd.u);
    let right = linalg::abs_cosines(&base.svd.v, &svd.v);
    Ok(report::Matrix {
        status: Status::Analyzed,
        residual: Some(residual.max(base.residual)),
        left: Some(matches(&left)),
        right: Some(matches(&right)),
        similarity: Some(similarity(&left)),
        delta: Some(Delta {
            effective_rank: effective_rank(&delta),
            stable_rank: stable_rank(&delta),
            frobenius: frobenius(&delta),
            sigma: delta,
        }),
        sigma_base: base.svd.s.clone(),
        sigma_tuned: svd.s,
        certified: true,
        ..blank(job)
    })
}

/// Every vector is its own best match; nothing was computed but, where another model needed it, the base's spectrum.
fn unchanged(job: &Job, reason: Option<String>, base: Option<&Spectrum>) -> report::Matrix {
    let n = job.rows.min(job.cols);
    let own = Some(Match { max_cos: vec![1.0; n as usize], max_cos_upper: None, argmax: (0..n).collect() });
    let sigma = base.map(|b| b.svd.s.clone()).unwrap_or_default();
    report::Matrix {
        status: Status::Unchanged,
        reason,
        left: own.clone(),
        right: own,
        delta: Some(Delta { effective_rank: 0.0, stable_rank: 0.0, frobenius: 0.0, sigma: Vec::new() }),
        sigma_base: sigma.clone(),
        sigma_tuned: sigma,
        certified: true,
        ..blank(job)
    }
}

fn matches(cosines: &Matrix) -> Match {
    let (max_cos, argmax) = best_match(cosines.as_slice(), cosines.nrows());
    Match { max_cos, max_cos_upper: None, argmax }
}

fn similarity(cosines: &Matrix) -> Similarity {
    let (rows, cols) = (cosines.nrows().min(SIMILARITY), cosines.ncols().min(SIMILARITY));
    let values = (0..rows).flat_map(|i| (0..cols).map(move |j| cosines[(i, j)].min(1.0))).collect();
    Similarity { rows: rows as u32, cols: cols as u32, values }
}

/// An entry without numbers.
fn blank(job: &Job) -> report::Matrix {
    report::Matrix {
        name: job.base.name.clone(),
        layer: job.layer,
        kind: job.kind.clone(),
        rows: job.rows,
        cols: job.cols,
        status: Status::Skipped,
        reason: None,
        sigma_base: Vec::new(),
        sigma_tuned: Vec::new(),
        left: None,
        right: None,
        intruders: None,
        delta: None,
        similarity: None,
        residual: None,
        certified: false,
        seconds: 0.0,
    }
}

/// A tensor as the job's `[out, in]` matrix.
fn read(tensor: &TensorRef, bytes: Option<&impl AsRef<[u8]>>, job: &Job, transposed: bool) -> Result<Matrix, Stop> {
    read_shape(tensor, bytes, Some((job.rows as usize, job.cols as usize)), transposed)
}

/// A stored 2-D tensor (row-major) as a finite matrix, of the shape asked for; `transposed` when stored as `[in, out]`.
fn read_shape(
    tensor: &TensorRef,
    bytes: Option<&impl AsRef<[u8]>>,
    shape: Option<(usize, usize)>,
    transposed: bool,
) -> Result<Matrix, Stop> {
    let name = &tensor.name;
    let bytes = bytes.map(AsRef::as_ref).ok_or_else(|| Stop::failed(format!("The bytes of “{name}” were not read.")))?;
    let values = tensor.dtype.decode(bytes).ok_or_else(|| Stop {
        status: Status::Skipped,
        reason: format!("“{name}” is stored as {}, which is not read as weights.", tensor.dtype.name()),
    })?;
    let [stored_rows, stored_cols] = tensor.shape[..] else {
        return Err(Stop::failed(format!("“{name}” is not two-dimensional.")));
    };
    let (stored_rows, stored_cols) = (stored_rows as usize, stored_cols as usize);
    if stored_rows.checked_mul(stored_cols) != Some(values.len()) {
        return Err(Stop::failed(format!("“{name}” has {} values; its shape needs {stored_rows} × {stored_cols}.", values.len())));
    }
    let bad = values.iter().filter(|x| !x.is_finite()).count();
    if bad > 0 {
        let what = if values.iter().any(|x| x.is_nan()) { "not a number (NaN)" } else { "infinite" };
        return Err(Stop::failed(format!("{bad} of {} values of “{name}” are {what}.", values.len())));
    }
    let matrix = if transposed {
        Matrix::from_vec(stored_cols, stored_rows, values)
    } else {
        Matrix::from_row_slice(stored_rows, stored_cols, &values)
    };
    match shape {
        Some(shape) if shape != matrix.shape() => {
            Err(Stop::failed(format!("“{name}” is {} × {}, not {} × {}.", matrix.nrows(), matrix.ncols(), shape.0, shape.1)))
        }
        _ => Ok(matrix),
    }
}
