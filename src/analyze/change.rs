//! A recipe applied to its base matrix: the tuned matrix, and the size and spectrum of its change.

use super::Stop;
use super::weights::{Merged, Weights};
use crate::linalg::{self, AlongAxes, Matrix, Tune, View};
use crate::methods::{self, Factor, Parts};
use crate::metrics::Spectrum;
use crate::metrics::effective_rank::effective_rank;
use crate::metrics::measure::of_change;
use crate::plan::job::{Columns, Lines, Recipe, Scale, TensorRef};
use crate::report::{Delta, Floor, Status};

/// The change that a recipe makes to the base.
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

    /// A stored tensor was checked when its file was read.
    pub fn is_finite(&self) -> bool {
        match self {
            Tuned::Stored(_) => true,
            Tuned::Merged(merged) => merged.is_finite(),
        }
    }
}

impl<'a> Change<'a> {
    /// `transposed`: a whole tuned matrix is stored as `[in, out]`, as its base is.
    pub fn read<B: AsRef<[u8]>>(
        transposed: bool,
        w0: &Weights,
        recipe: &Recipe,
        bytes: Option<&'a [B]>,
    ) -> Result<Change<'a>, Stop> {
        match recipe {
            Recipe::Skip(reason) => Err(Stop {
                status: Status::Skipped,
                reason: reason.clone(),
            }),
            Recipe::Replace(tensor) => {
                let tuned = replaced(w0, tensor, bytes, transposed)?;
                Ok(if tuned.equals(w0) {
                    Change::Unchanged(None)
                } else {
                    Change::Dense(tuned)
                })
            }
            Recipe::Adapted {
                method,
                parts,
                scale,
                turned,
                ..
            } => {
                let parts = read_parts(parts, bytes)?;
                let scale = match scale {
                    Scale::Known(scale) => *scale,
                    Scale::Stored { rank } => stored(&parts, *rank)?,
                };
                let own = if *turned { w0.view().t() } else { w0.view() };
                let change = (method.change)(&methods::Input {
                    w0: own,
                    parts: &parts,
                    scale,
                })
                .map_err(Stop::failed)?;
                made(w0, if *turned { change.turned() } else { change })
            }
            Recipe::Joined(parts) => joined(w0, parts, bytes),
        }
    }

    /// The change of some of the outputs.
    pub fn rows(self, rows: &[usize]) -> Change<'a> {
        match self {
            Change::Unchanged(reason) => Change::Unchanged(reason),
            Change::Dense(w) => Change::Dense(w.select(rows)),
            Change::Made { w, delta } => Change::Made {
                w: w.select_rows(rows),
                delta: delta.select_rows(rows),
            },
            Change::LowRank { b, a, scale } => Change::LowRank {
                b: b.select_rows(rows),
                a,
                scale,
            },
        }
    }

    /// The change as the algebra takes it; none where there is nothing to compare.
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

    /// W where it is not made of factors; none where nothing changed either.
    pub fn dense(&self) -> Option<View<'_>> {
        match self {
            Change::Dense(w) => Some(w.view()),
            Change::Made { w, .. } => Some(View::from(w)),
            Change::Unchanged(_) | Change::LowRank { .. } => None,
        }
    }

    /// B, A and the scale of a change of low rank.
    pub fn factors(&self) -> Option<(&Matrix, &Matrix, f64)> {
        match self {
            Change::LowRank { b, a, scale } => Some((b, a, *scale)),
            _ => None,
        }
    }

    /// Some outputs of W, where it is not made of factors.
    pub fn lines(&self, wanted: &[usize]) -> Option<Matrix> {
        match self {
            Change::Dense(w) => Some(w.select(wanted).matrix()),
            Change::Made { w, .. } => Some(w.select_rows(wanted)),
            Change::Unchanged(_) | Change::LowRank { .. } => None,
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
            Change::LowRank { b, a, scale } => Ok(of_spectrum(
                linalg::low_rank_singular_values(*scale, b, a).map_err(no_convergence)?,
                0.0,
            )),
            Change::Dense(w) => {
                let change = w.minus(w0);
                spectrum(&change, w.rounding().max(w.packed_rounding(w0, &change)), whole)
            }
            Change::Made { delta, .. } => spectrum(delta, 0.0, whole),
        }
    }
}

/// A whole tuned matrix, or the outputs of it that are meant.
fn replaced<'a, B: AsRef<[u8]>>(
    w0: &Weights,
    tensor: &TensorRef,
    bytes: Option<&'a [B]>,
    transposed: bool,
) -> Result<Weights<'a>, Stop> {
    let shape = (w0.view().rows(), w0.view().cols());
    let Some(lines) = tensor.rows else {
        return Weights::read(tensor, bytes, Some(shape), transposed);
    };
    let whole = Weights::read(tensor, bytes, None, transposed)?;
    let rows: Vec<usize> = lines.rows().map(|r| r as usize).collect();
    if rows.iter().any(|r| *r >= whole.view().rows()) || (rows.len(), whole.view().cols()) != shape {
        return Err(Stop::failed(format!(
            "“{}” does not hold the part that is asked for.",
            tensor.name
        )));
    }
    Ok(whole.select(&rows))
}

/// Several parts of the outputs, each made in its own way.
fn joined<'a, B: AsRef<[u8]>>(
    w0: &Weights,
    parts: &[(Lines, Recipe)],
    bytes: Option<&'a [B]>,
) -> Result<Change<'a>, Stop> {
    let (outputs, inputs) = (w0.view().rows(), w0.view().cols());
    let mut at = 0;
    let mut made_of: Vec<(Vec<usize>, Change<'a>)> = Vec::new();
    for (lines, recipe) in parts {
        let rows: Vec<usize> = lines.rows().map(|r| r as usize).collect();
        if rows.iter().any(|r| *r >= outputs) {
            return Err(Stop::failed(format!(
                "A part ends at output {}; the base has {outputs}.",
                lines.first + lines.len()
            )));
        }
        let own = bytes.and_then(|b| b.get(at..));
        at += recipe.tensors().len();
        let change = Change::read(false, &w0.select(&rows), recipe, own)?;
        made_of.push((rows, change));
    }
    made_of.retain(|(_, change)| !matches!(change, Change::Unchanged(_)));
    if made_of.is_empty() {
        return Ok(Change::Unchanged(None));
    }
    let ranks = made_of.iter().map(|(_, change)| {
        if let Change::LowRank { b, .. } = change {
            Some(b.ncols())
        } else {
            None
        }
    });
    if let Some(ranks) = ranks.collect::<Option<Vec<usize>>>() {
        // Their factors side by side: the product of the whole is of the sum of their ranks.
        let (mut all_b, mut all_a) = (
            Matrix::zeros(outputs, ranks.iter().sum()),
            Matrix::zeros(ranks.iter().sum(), inputs),
        );
        let mut first = 0;
        for (rows, change) in &made_of {
            let Change::LowRank { b, a, scale } = change else {
                continue;
            };
            for (i, row) in rows.iter().enumerate() {
                for j in 0..b.ncols() {
                    all_b[(*row, first + j)] = b[(i, j)] * *scale as f32;
                }
            }
            all_a.rows_mut(first, a.nrows()).copy_from(a);
            first += a.nrows();
        }
        return made(
            w0,
            methods::Change::LowRank {
                b: all_b,
                a: all_a,
                scale: 1.0,
            },
        );
    }
    let whole: Option<Vec<(&[usize], &Weights)>> = made_of
        .iter()
        .map(|(rows, c)| {
            if let Change::Dense(w) = c {
                Some((rows.as_slice(), w))
            } else {
                None
            }
        })
        .collect();
    if let Some(w) = whole.and_then(|whole| w0.with(&whole)) {
        return Ok(Change::Dense(w));
    }
    let mut delta = Matrix::zeros(outputs, inputs);
    for (rows, change) in &made_of {
        let own = w0.select(rows);
        let Some(tuned) = change.tuned(&own) else { continue };
        let part = tuned.view().matrix() - own.matrix();
        for (i, row) in rows.iter().enumerate() {
            delta.row_mut(*row).copy_from(&part.row(i));
        }
    }
    made(w0, methods::Change::Dense(delta))
}

fn spectrum(change: &Matrix, rounding: f64, whole: bool) -> Result<Delta, Stop> {
    if !whole {
        return estimated(change, rounding);
    }
    Ok(of_spectrum(
        linalg::singular_values(View::from(change)).map_err(no_convergence)?,
        rounding,
    ))
}

fn read_parts<B: AsRef<[u8]>>(parts: &[(&'static str, TensorRef)], bytes: Option<&[B]>) -> Result<Parts, Stop> {
    let read = |(i, (part, tensor)): (usize, &(&'static str, TensorRef))| {
        let own = bytes.and_then(|b| b.get(i..));
        // A scalar may be a whole number.
        let whole = own
            .and_then(|b| tensor.dtype.integer(b.first()?.as_ref()))
            .filter(|_| *part == "alpha");
        let mut matrix = match whole {
            Some(number) => Matrix::from_element(1, 1, number),
            None => Weights::read(tensor, own, None, false)?.matrix(),
        };
        if let Some(Columns { first, step, .. }) = tensor.columns {
            let picked: Vec<usize> = (first as usize..matrix.ncols()).step_by(step.max(1) as usize).collect();
            matrix = matrix.select_columns(&picked);
        }
        if let Some(lines) = tensor.rows {
            let picked: Vec<usize> = lines.rows().map(|r| r as usize).collect();
            if picked.iter().any(|r| *r >= matrix.nrows()) {
                return Err(Stop::failed(format!(
                    "“{}” does not hold the part that is asked for.",
                    tensor.name
                )));
            }
            matrix = matrix.select_rows(&picked);
        }
        Ok((
            *part,
            Factor {
                shape: tensor.shape.clone(),
                matrix,
            },
        ))
    };
    parts.iter().enumerate().map(read).collect::<Result<_, _>>().map(Parts)
}

/// alpha / r from the module's own alpha; writers leave 0 where they mean alpha = r.
fn stored(parts: &Parts, rank: f64) -> Result<f64, Stop> {
    let alpha = parts
        .vector("alpha")
        .map_err(Stop::failed)?
        .first()
        .copied()
        .unwrap_or(0.0);
    Ok(if alpha == 0.0 { 1.0 } else { f64::from(alpha) / rank })
}

/// A method's answer, checked against the base.
fn made<'a>(w0: &Weights, change: methods::Change) -> Result<Change<'a>, Stop> {
    match change {
        methods::Change::Nothing(reason) => Ok(Change::Unchanged(Some(reason))),
        methods::Change::LowRank { b, a, scale } => {
            let (own, needed) = ((b.nrows(), a.ncols()), (w0.view().rows(), w0.view().cols()));
            if own != needed {
                return Err(Stop::failed(format!(
                    "B A is {} × {}, the base {} × {}.",
                    own.0, own.1, needed.0, needed.1
                )));
            }
            let sigma = linalg::low_rank_singular_values(scale, &b, &a).map_err(no_convergence)?;
            if sigma.first().is_some_and(|s| *s >= f32::MAX) {
                return Err(Stop::failed(format!(
                    "W0 + {scale} B A leaves the range of 32-bit numbers."
                )));
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
                return Err(Stop::failed(
                    "The tuned matrix leaves the range of 32-bit numbers.".into(),
                ));
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
    let measured = of_change(&Spectrum::Whole(&sigma));
    Delta {
        sigma,
        floor,
        ..measured
    }
}

fn estimated(change: &Matrix, rounding: f64) -> Result<Delta, Stop> {
    let spectrum = linalg::estimate(View::from(change)).map_err(no_convergence)?;
    let squares: f64 = change.iter().map(|x| f64::from(*x).powi(2)).sum();
    let above = spectrum.above(rounding);
    let short = change.nrows().min(change.ncols()) as f64;
    let floor = (rounding > 0.0 && 2.0 * above < short).then(|| Floor {
        sigma: rounding as f32,
        above: above.round() as u32,
        effective_rank: spectrum.effective_rank(rounding).0,
    });
    let measured = of_change(&Spectrum::Estimated {
        effective_rank: spectrum.effective_rank(0.0),
        squares,
        largest: spectrum.largest(),
    });
    Ok(Delta { floor, ..measured })
}
