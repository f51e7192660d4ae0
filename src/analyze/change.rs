//! A recipe -> the tuned matrix and what its change amounts to.

use super::Stop;
use super::weights::{Merged, Weights};
use crate::linalg::{self, AlongAxes, Matrix, Tune, View};
use crate::methods::{self, Factor, Parts};
use crate::metrics::effective_rank::effective_rank;
use crate::metrics::stable_rank::{frobenius, stable_rank};
use crate::plan::job::{Columns, Job, Recipe, Scale, TensorRef};
use crate::report::{Delta, Floor, Status};

/// What a recipe does to the base.
pub enum Change<'a> {
    /// Bit for bit the base, with what to know about it.
    Unchanged(Option<String>),
    Dense(Weights<'a>),
    /// Computed: the tuned matrix, and by how much it differs.
    Made {
        w: Matrix,
        delta: Matrix,
    },
    LowRank {
        b: Matrix,
        a: Matrix,
        scale: f64,
    },
}

/// A tuned matrix: as its file stores it, or merged.
pub enum Tuned<'a> {
    Stored(View<'a>),
    Merged(Merged),
}

impl Tuned<'_> {
    pub fn view(&self) -> View<'_> {
        match self {
            Tuned::Stored(view) => *view,
            Tuned::Merged(merged) => merged.view(),
        }
    }

    /// What a file holds was looked at when it was read.
    pub fn is_finite(&self) -> bool {
        match self {
            Tuned::Stored(_) => true,
            Tuned::Merged(merged) => merged.is_finite(),
        }
    }
}

impl<'a> Change<'a> {
    pub fn read<B: AsRef<[u8]>>(job: &Job, w0: &Weights, recipe: &Recipe, bytes: Option<&'a [B]>) -> Result<Change<'a>, Stop> {
        match recipe {
            Recipe::Skip(reason) => Err(Stop { status: Status::Skipped, reason: reason.clone() }),
            Recipe::Replace(tensor) => {
                let whole = (w0.view().rows(), w0.view().cols());
                let tuned = Weights::read(tensor, bytes, Some(whole), job.transposed)?;
                Ok(if tuned.equals(w0) { Change::Unchanged(None) } else { Change::Dense(tuned) })
            }
            Recipe::Adapted { method, parts, scale } => {
                let parts = read_parts(parts, bytes)?;
                let scale = match scale {
                    Scale::Known(scale) => *scale,
                    Scale::Stored { rank } => stored(&parts, *rank)?,
                };
                let input = methods::Input { w0: w0.view(), parts: &parts, scale };
                made(w0, (method.change)(&input).map_err(Stop::failed)?)
            }
        }
    }

    /// What it does to some of the outputs.
    pub fn rows(self, rows: &[usize]) -> Change<'a> {
        match self {
            Change::Unchanged(reason) => Change::Unchanged(reason),
            Change::Dense(w) => Change::Dense(w.select(rows)),
            Change::Made { w, delta } => Change::Made { w: w.select_rows(rows), delta: delta.select_rows(rows) },
            Change::LowRank { b, a, scale } => Change::LowRank { b: b.select_rows(rows), a, scale },
        }
    }

    /// How the engine makes W; none where there is nothing to compare.
    pub fn tune(&self) -> Option<Tune<'_>> {
        match self {
            Change::Unchanged(_) => None,
            Change::Dense(w) => Some(Tune::Dense(w.view())),
            Change::Made { w, .. } => Some(Tune::Dense(View::from(w))),
            Change::LowRank { b, a, scale } => Some(Tune::LowRank { b, a, scale: *scale }),
        }
    }

    /// W itself; none where there is nothing to compare.
    pub fn tuned(&self, w0: &Weights) -> Option<Tuned<'_>> {
        match self {
            Change::Unchanged(_) => None,
            Change::Dense(w) => Some(Tuned::Stored(w.view())),
            Change::Made { w, .. } => Some(Tuned::Stored(View::from(w))),
            Change::LowRank { b, a, scale } => Some(Tuned::Merged(w0.plus(b, a, *scale))),
        }
    }

    /// W = diag(sigma) + dW taken apart, where that is short.
    pub fn along_axes(&self, sigma: &[f32]) -> Result<Option<AlongAxes>, linalg::NoConvergence> {
        match self {
            Change::LowRank { b, a, scale } => linalg::plus_low_rank(sigma, &(b * *scale as f32), a),
            _ => Ok(None),
        }
    }

    /// The spectrum of the change in numbers: `whole` for all its singular values, an estimate otherwise.
    pub fn delta(&self, w0: &Weights, whole: bool) -> Result<Delta, Stop> {
        match self {
            Change::Unchanged(_) => Ok(of_spectrum(Vec::new(), 0.0)),
            Change::LowRank { b, a, scale } => {
                Ok(of_spectrum(linalg::low_rank_singular_values(*scale, b, a).map_err(no_convergence)?, 0.0))
            }
            Change::Dense(w) => spectrum(&w.minus(w0), w.rounding(), whole),
            Change::Made { delta, .. } => spectrum(delta, 0.0, whole),
        }
    }
}

fn spectrum(change: &Matrix, rounding: f64, whole: bool) -> Result<Delta, Stop> {
    if !whole {
        return estimated(change, rounding);
    }
    Ok(of_spectrum(linalg::singular_values(View::from(change)).map_err(no_convergence)?, rounding))
}

fn read_parts<B: AsRef<[u8]>>(parts: &[(&'static str, TensorRef)], bytes: Option<&[B]>) -> Result<Parts, Stop> {
    let read = |(i, (part, tensor)): (usize, &(&'static str, TensorRef))| {
        let mut matrix = Weights::read(tensor, bytes.and_then(|b| b.get(i..)), None, false)?.matrix();
        if let Some(Columns { first, step, .. }) = tensor.columns {
            let picked: Vec<usize> = (first as usize..matrix.ncols()).step_by(step.max(1) as usize).collect();
            matrix = matrix.select_columns(&picked);
        }
        Ok((*part, Factor { shape: tensor.shape.clone(), matrix }))
    };
    parts.iter().enumerate().map(read).collect::<Result<_, _>>().map(Parts)
}

/// alpha / r from the module's own alpha; writers leave 0 where they mean alpha = r.
fn stored(parts: &Parts, rank: f64) -> Result<f64, Stop> {
    let alpha = parts.vector("alpha").map_err(Stop::failed)?.first().copied().unwrap_or(0.0);
    Ok(if alpha == 0.0 { 1.0 } else { f64::from(alpha) / rank })
}

/// A method's answer, checked against the base.
fn made<'a>(w0: &Weights, change: methods::Change) -> Result<Change<'a>, Stop> {
    match change {
        methods::Change::Nothing(reason) => Ok(Change::Unchanged(Some(reason))),
        methods::Change::LowRank { b, a, scale } => {
            let (own, needed) = ((b.nrows(), a.ncols()), (w0.view().rows(), w0.view().cols()));
            if own != needed {
                return Err(Stop::failed(format!("B A is {} × {}, the base {} × {}.", own.0, own.1, needed.0, needed.1)));
            }
            let sigma = linalg::low_rank_singular_values(scale, &b, &a).map_err(no_convergence)?;
            if sigma.first().is_some_and(|s| *s >= f32::MAX) {
                return Err(Stop::failed(format!("W0 + {scale} B A leaves the range of 32-bit numbers.")));
            }
            Ok(Change::LowRank { b, a, scale })
        }
        methods::Change::Dense(delta) => {
            let mut w = w0.matrix();
            if w.shape() != delta.shape() {
                return Err(Stop::failed(format!(
                    "The change is {} × {}, the base {} × {}.",
                    delta.nrows(),
                    delta.ncols(),
                    w.nrows(),
                    w.ncols()
                )));
            }
            if delta.iter().all(|x| *x == 0.0) {
                return Ok(Change::Unchanged(None));
            }
            w += &delta;
            if !w.iter().all(|x| x.is_finite()) {
                return Err(Stop::failed("The tuned matrix leaves the range of 32-bit numbers.".into()));
            }
            Ok(Change::Made { w, delta })
        }
    }
}

fn no_convergence(_: linalg::NoConvergence) -> Stop {
    Stop::failed("The singular values of the change did not converge.".into())
}

fn of_spectrum(sigma: Vec<f32>, rounding: f64) -> Delta {
    let above = sigma.iter().take_while(|s| f64::from(**s) > rounding).count();
    // A floor is what most of the spectrum lies on.
    let floor = (rounding > 0.0 && 2 * above < sigma.len()).then(|| Floor {
        sigma: rounding as f32,
        above: above as u32,
        effective_rank: effective_rank(&sigma[..above]),
    });
    Delta {
        effective_rank: effective_rank(&sigma),
        stable_rank: stable_rank(&sigma),
        frobenius: frobenius(&sigma),
        sigma,
        effective_rank_error: None,
        floor,
    }
}

fn estimated(change: &Matrix, rounding: f64) -> Result<Delta, Stop> {
    let spectrum = linalg::estimate(View::from(change)).map_err(no_convergence)?;
    let (effective_rank, error) = spectrum.effective_rank(0.0);
    let squares: f64 = change.iter().map(|x| f64::from(*x).powi(2)).sum();
    let above = spectrum.above(rounding);
    let short = change.nrows().min(change.ncols()) as f64;
    let floor = (rounding > 0.0 && 2.0 * above < short).then(|| Floor {
        sigma: rounding as f32,
        above: above.round() as u32,
        effective_rank: spectrum.effective_rank(rounding).0,
    });
    Ok(Delta {
        effective_rank,
        stable_rank: squares / spectrum.largest().powi(2).max(f64::MIN_POSITIVE),
        frobenius: squares.sqrt(),
        sigma: Vec::new(),
        effective_rank_error: Some(error),
        floor,
    })
}
