//! The analysis of one matrix: from its bytes to report entries, one per model. The base is decomposed once for all of them.

mod certified;
mod change;
mod exact;
mod follows;
mod foresee;
mod known;
mod rounded;
/// Surgery.
pub mod surgery;
mod vectors;
mod weights;

pub use foresee::{Foreseen, foresee};
pub use known::{Known, Look, Tuning};
pub use vectors::{Vectors, vectors};

use crate::linalg::Matrix;
use crate::metrics::Spectrum;
use crate::metrics::measure::of_change;
use crate::metrics::rounding::rounding_norm;
use crate::plan::job::Job;
use crate::report::{self, Bulk, EXACT_UP_TO, Match, Mode, Similarity, Status, Task};
pub use change::Change;
use rayon::prelude::*;
pub use weights::Weights;

/// Computes one job. `bytes` holds the tensors of [`Job::tensors`] in that order; `now` is a clock in seconds.
///
/// Whatever goes wrong with one model is an entry with a reason; the others are not affected.
pub fn analyze(
    job: &Job,
    bytes: &[impl AsRef<[u8]> + Sync],
    task: &Task,
    now: impl Fn() -> f64 + Sync,
) -> Vec<(u32, report::Matrix)> {
    let begin = now();
    let (base, changes) = read(job, bytes);
    let mut entries: Vec<report::Matrix> = match &base {
        Ok(w0) => compute(job, w0, &changes, task),
        Err(stop) => changes.iter().map(|_| stopped(job, stop)).collect(),
    };
    let seconds = (now() - begin) / entries.len().max(1) as f64;
    entries.iter_mut().for_each(|entry| entry.seconds = seconds);
    job.tuned.iter().map(|(model, _)| *model).zip(entries).collect()
}

/// The base and what each recipe does to it, in the order of [`Job::tuned`].
pub fn read<'a, B: AsRef<[u8]> + Sync>(
    job: &Job,
    bytes: &'a [B],
) -> (Result<Weights<'a>, Stop>, Vec<Result<Change<'a>, Stop>>) {
    // A part of a fused layer is cut out of the whole, which every method needs.
    let shape = job.lines.is_none().then_some((job.rows as usize, job.cols as usize));
    let base = Weights::read(&job.base, Some(bytes), shape, job.transposed);
    let mut offset = job.base.all().count();
    let own: Vec<_> = job
        .tuned
        .iter()
        .map(|(_, recipe)| {
            let count = recipe.tensors().len();
            let own = bytes.get(offset..offset + count);
            offset += count;
            (recipe, own)
        })
        .collect();
    let changes: Vec<Result<Change, Stop>> = own
        .into_par_iter()
        .map(|(recipe, own)| {
            base.as_ref()
                .map_err(Clone::clone)
                .and_then(|w0| Change::read(job.transposed, w0, recipe, own))
        })
        .collect();
    match job.lines {
        None => (base, changes),
        Some(lines) => {
            let rows: Vec<usize> = lines.rows().map(|r| r as usize).collect();
            let cut = |change: Result<Change<'a>, Stop>| change.map(|c| c.rows(&rows));
            (base.map(|w0| w0.select(&rows)), changes.into_iter().map(cut).collect())
        }
    }
}

/// The base's matrix, `[out, in]` by rows; none where it cannot be read.
pub fn base(job: &Job, bytes: &[impl AsRef<[u8]> + Sync]) -> Option<Vec<f32>> {
    let (base, _) = read(job, bytes);
    Some(base.ok()?.matrix().transpose().as_slice().to_vec())
}

/// The tuned matrices themselves, `[out, in]` by rows, in the order of [`Job::tuned`]; none where nothing changed or it cannot be computed.
pub fn merged(job: &Job, bytes: &[impl AsRef<[u8]> + Sync]) -> Vec<Option<Vec<f32>>> {
    let (base, changes) = read(job, bytes);
    let by_rows = |change: &Result<Change, Stop>| {
        let tuned = change.as_ref().ok()?.tuned(base.as_ref().ok()?)?;
        Some(tuned.view().matrix().transpose().as_slice().to_vec())
    };
    changes.iter().map(by_rows).collect()
}

/// The way that a task takes with a matrix.
pub fn way(task: &Task, rows: u32, cols: u32) -> Mode {
    match task.mode {
        Mode::Auto if rows.min(cols) <= EXACT_UP_TO => Mode::Exact,
        Mode::Auto => Mode::Certified,
        mode => mode,
    }
}

fn compute(job: &Job, w0: &Weights, changes: &[Result<Change, Stop>], task: &Task) -> Vec<report::Matrix> {
    let way = way(task, job.rows, job.cols);
    let mut computed = match way {
        Mode::Exact => exact::compute(w0, changes, |place| job.is_in_run(place)),
        _ => certified::compute(w0, changes, task),
    };
    // The parts of a tuned matrix that are kept once it is compared.
    let vectors: Vec<Option<Matrix>> = computed
        .iter_mut()
        .enumerate()
        .map(|(place, answer)| {
            answer
                .as_mut()
                .ok()?
                .as_mut()?
                .vectors
                .take()
                .filter(|_| job.is_in_run(place))
        })
        .collect();
    let whole = way == Mode::Exact;
    let mut entries: Vec<report::Matrix> = changes
        .iter()
        .zip(computed)
        .map(|(change, numbers)| entry(job, w0, change, numbers, way, whole).unwrap_or_else(|stop| stopped(job, &stop)))
        .collect();
    if task.mode == Mode::Auto && !whole {
        // A verdict that stays open is settled by computing everything, for these models alone.
        let open = |e: &report::Matrix| e.status == Status::Analyzed && certified::open(e, task);
        for (entry, change) in entries.iter_mut().zip(changes) {
            if open(entry) {
                *entry = settle(job, w0, change, entry);
            }
        }
    }
    follows::fill(job, &mut entries, &vectors);
    entries
}

/// The entry of one change, computed exactly; what is known of the change itself stays.
fn settle(job: &Job, w0: &Weights, change: &Result<Change, Stop>, known: &report::Matrix) -> report::Matrix {
    let numbers = exact::compute(w0, std::slice::from_ref(change), |_| false)
        .pop()
        .unwrap_or_else(|| Err(Stop::failed(String::new())));
    let Ok(numbers) = numbers else { return known.clone() };
    match numbers {
        Some(numbers) => report::Matrix {
            delta: known.delta.clone(),
            rounding: change.as_ref().ok().and_then(|change| rounding(w0, change)),
            mode: Some(Mode::Exact),
            ..fill(job, numbers)
        },
        None => known.clone(),
    }
}

/// A matrix without numbers: its status, and the reason.
#[derive(Debug, Clone)]
pub struct Stop {
    status: Status,
    reason: String,
}

impl Stop {
    /// In a sentence.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn failed(reason: String) -> Stop {
        Stop {
            status: Status::Failed,
            reason,
        }
    }
}

/// The numbers of one tuned matrix, from either mode.
pub struct Numbers {
    sigma_base: Vec<f32>,
    sigma_tuned: Vec<f32>,
    /// What `sigma_base` leaves out.
    bulk: Option<Bulk>,
    left: Option<Match>,
    right: Option<Match>,
    similarity: Option<Similarity>,
    /// Leading left vectors of W, where they are asked for.
    vectors: Option<Matrix>,
    residual: f64,
}

type Answer = Result<Option<Numbers>, Stop>;

fn entry(
    job: &Job,
    w0: &Weights,
    change: &Result<Change, Stop>,
    numbers: Answer,
    way: Mode,
    whole: bool,
) -> Result<report::Matrix, Stop> {
    let change = change.as_ref().map_err(Clone::clone)?;
    if let Change::Unchanged(reason) = change {
        return Ok(unchanged(job, reason.clone()));
    }
    let delta = change.delta(w0, whole)?;
    let numbers = numbers?.ok_or_else(|| Stop::failed("The matrix was not compared.".into()))?;
    Ok(report::Matrix {
        delta: Some(delta),
        rounding: rounding(w0, change).filter(|_| way == Mode::Exact),
        mode: Some(way),
        ..fill(job, numbers)
    })
}

/// What rounding the tuned matrix to bf16 does to it, whatever it is stored as.
fn rounding(w0: &Weights, change: &Change) -> Option<f32> {
    let tuned = change.tuned(w0)?;
    let w = tuned.view().matrix();
    let norm = rounding_norm(w.nrows(), w.ncols(), |i, j| w[(i, j)]) as f32;
    Some(norm).filter(|norm| norm.is_finite())
}

fn fill(job: &Job, mut numbers: Numbers) -> report::Matrix {
    // Base vectors that are a basis leave nothing outside.
    let n = job.rows.min(job.cols);
    for (side, dimension) in [(&mut numbers.left, job.rows), (&mut numbers.right, job.cols)] {
        if let Some(makeup) = side
            .as_mut()
            .and_then(|side| side.makeup.as_mut())
            .filter(|_| dimension == n)
        {
            makeup.outside.clear();
        }
    }
    report::Matrix {
        status: Status::Analyzed,
        sigma_base: numbers.sigma_base,
        sigma_tuned: numbers.sigma_tuned,
        bulk: numbers.bulk,
        left: numbers.left,
        right: numbers.right,
        similarity: numbers.similarity,
        residual: Some(numbers.residual),
        certified: true,
        ..blank(job)
    }
}

/// Every vector is its own best match; nothing was computed.
fn unchanged(job: &Job, reason: Option<String>) -> report::Matrix {
    let n = job.rows.min(job.cols);
    let ones = vec![1.0; n as usize];
    let own = Some(Match {
        max_cos: ones.clone(),
        argmax: (0..n).collect(),
        signed_cos: Some(ones),
        ..Match::default()
    });
    report::Matrix {
        status: Status::Unchanged,
        reason,
        left: own.clone(),
        right: own,
        delta: Some(of_change(&Spectrum::Whole(&[]))),
        certified: true,
        ..blank(job)
    }
}

fn stopped(job: &Job, stop: &Stop) -> report::Matrix {
    report::Matrix {
        status: stop.status,
        reason: Some(stop.reason.clone()),
        ..blank(job)
    }
}

/// The entry of a matrix that could not be computed for a reason outside, such as a file that cannot be read any more.
pub fn failed(job: &Job, reason: &str) -> Vec<(u32, report::Matrix)> {
    job.tuned
        .iter()
        .map(|(model, _)| (*model, stopped(job, &Stop::failed(reason.to_owned()))))
        .collect()
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
        mode: None,
        reason: None,
        sigma_base: Vec::new(),
        sigma_tuned: Vec::new(),
        bulk: None,
        left: None,
        right: None,
        intruders: None,
        delta: None,
        similarity: None,
        follows: None,
        residual: None,
        rounding: None,
        certified: false,
        seconds: 0.0,
    }
}

fn bytes_of<B: AsRef<[u8]>>(bytes: Option<&[B]>, i: usize) -> Option<&[u8]> {
    bytes.and_then(|b| b.get(i)).map(AsRef::as_ref)
}
