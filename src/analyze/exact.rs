//! Exact mode: full spectra of W0 and W, every tuned vector against every base vector, on both sides.

use super::change::{Change, Tuned};
use super::weights::Weights;
use super::{Answer, Numbers, Stop};
use crate::linalg::{self, AlongAxes, Cosines, Matrix, Svd, View};
use crate::metrics::best_match::best_match;
use crate::metrics::tied::tied_cosines;
use crate::metrics::vector::makeup;
use crate::report::{CORNER, Match, Similarity};
use rayon::prelude::*;

/// A decomposition with a larger residual (relative to sigma_1) is reported as failed.
const WORST_RESIDUAL: f64 = 1e-3;
/// The shorter side from which on decompositions run one after the other, because of their memory.
const ALONE: usize = 2500;

/// The base's vectors are only computed where something changed. `keep`: whose leading vectors are asked for.
pub fn compute(w0: &Weights, changes: &[Result<Change, Stop>], keep: impl Fn(usize) -> bool + Sync) -> Vec<Answer> {
    if !changes
        .iter()
        .any(|change| matches!(change, Ok(change) if change.tune().is_some()))
    {
        return changes.iter().map(|_| Ok(None)).collect();
    }
    let base = || decompose(w0.view(), "base");
    // A tuned matrix and its vectors live only as long as they are compared.
    let answer = |base: &Result<Svd, Stop>, (i, change): (usize, &Result<Change, Stop>)| match merged(w0, change) {
        Some(tuned) => compared(base, decompose_tuned(&tuned), keep(i)).map(Some),
        None => Ok(None),
    };
    if w0.view().rows().min(w0.view().cols()) >= ALONE {
        let base = base();
        return changes.iter().enumerate().map(|change| answer(&base, change)).collect();
    }
    let first = merged(w0, &changes[0]);
    let (base, svd) = rayon::join(base, || first.as_ref().map(decompose_tuned));
    let mut answers = vec![svd.map(|svd| compared(&base, svd, keep(0))).transpose()];
    answers.par_extend(
        changes
            .par_iter()
            .enumerate()
            .skip(1)
            .map(|change| answer(&base, change)),
    );
    answers
}

/// A square base that is diagonal, with descending `sigma`: its vectors are the axes, so that the components of a tuned vector are its
/// cosines, and there is no base to decompose.
pub fn along_axes(sigma: &[f32], w0: &Weights, changes: &[Result<Change, Stop>]) -> Vec<Answer> {
    let answer = |change: &Result<Change, Stop>| {
        let own = match change {
            Ok(change) => change.along_axes(sigma).map_err(|_| no_convergence("tuned"))?,
            Err(_) => None,
        };
        if let Some(AlongAxes {
            sigma: values,
            left,
            right,
            residual,
        }) = own
        {
            let vectors = left.columns(0, CORNER.min(values.len())).into_owned();
            let values = values.into_iter().map(|s| s as f32).collect();
            return Ok(Some(numbers(
                [sigma.to_vec(), values],
                &Cosines { left, right },
                Some(vectors),
                residual,
            )));
        }
        let Some(tuned) = merged(w0, change) else {
            return Ok(None);
        };
        let tuned = decompose_tuned(&tuned)?;
        let [left, right] = tuned.sides().map_err(not_orthogonal)?;
        let vectors = leading_of(&tuned)?;
        Ok(Some(numbers(
            [sigma.to_vec(), tuned.values()],
            &Cosines { left, right },
            Some(vectors),
            tuned.residual,
        )))
    };
    changes.par_iter().map(answer).collect()
}

/// One change with all its cosines, and its leading vectors.
pub fn whole(w0: &Weights, change: &Change) -> Result<(Numbers, Cosines), Stop> {
    let tuned = change
        .tuned(w0)
        .ok_or_else(|| Stop::failed("There is nothing to compare.".into()))?;
    let (base, tuned) = (decompose(w0.view(), "base")?, decompose_tuned(&tuned)?);
    let cosines = cosines(&base, &tuned)?;
    let vectors = Some(leading_of(&tuned)?);
    Ok((
        numbers(
            [base.values(), tuned.values()],
            &cosines,
            vectors,
            base.residual.max(tuned.residual),
        ),
        cosines,
    ))
}

/// The leading left vectors of one tuned matrix.
pub fn leading(w0: &Weights, change: &Change) -> Result<Matrix, Stop> {
    let tuned = change
        .tuned(w0)
        .ok_or_else(|| Stop::failed("There is nothing to decompose.".into()))?;
    leading_of(&decompose_tuned(&tuned)?)
}

fn merged<'a>(w0: &Weights, change: &'a Result<Change, Stop>) -> Option<Tuned<'a>> {
    change.as_ref().ok()?.tuned(w0)
}

fn decompose_tuned<'a>(tuned: &'a Tuned) -> Result<Svd<'a>, Stop> {
    if !tuned.is_finite() {
        return Err(Stop::failed(
            "The tuned matrix leaves the range of 32-bit numbers.".into(),
        ));
    }
    decompose(tuned.view(), "tuned")
}

fn decompose<'a>(w: View<'a>, which: &str) -> Result<Svd<'a>, Stop> {
    let svd = linalg::thin_svd(w).map_err(|_| no_convergence(which))?;
    if svd.residual > WORST_RESIDUAL || !svd.residual.is_finite() {
        let residual = svd.residual;
        return Err(Stop::failed(format!(
            "The decomposition of the {which} matrix is off by {residual:.1e} of its largest singular value."
        )));
    }
    Ok(svd)
}

fn no_convergence(which: &str) -> Stop {
    Stop::failed(format!("The decomposition of the {which} matrix did not converge."))
}

fn compared(base: &Result<Svd, Stop>, tuned: Result<Svd, Stop>, keep: bool) -> Result<Numbers, Stop> {
    let (base, tuned) = (base.as_ref().map_err(Clone::clone)?, tuned?);
    let vectors = keep.then(|| leading_of(&tuned)).transpose()?;
    let cosines = cosines(base, &tuned)?;
    Ok(numbers(
        [base.values(), tuned.values()],
        &cosines,
        vectors,
        base.residual.max(tuned.residual),
    ))
}

fn cosines(base: &Svd, tuned: &Svd) -> Result<Cosines, Stop> {
    linalg::cosines(base, tuned).map_err(not_orthogonal)
}

fn not_orthogonal(_: linalg::NoConvergence) -> Stop {
    Stop::failed("The vectors of the null space did not become orthogonal to the others.".into())
}

fn leading_of(tuned: &Svd) -> Result<Matrix, Stop> {
    tuned.left_vectors(CORNER).map_err(not_orthogonal)
}

/// `sigma`: of the base and of the tuned matrix.
fn numbers(sigma: [Vec<f32>; 2], cosines: &Cosines, vectors: Option<Matrix>, residual: f64) -> Numbers {
    let (Cosines { left, right }, [sigma_base, sigma_tuned]) = (cosines, sigma);
    let corner = |side: &Matrix| Some(Similarity::corner(side.nrows(), side.ncols(), |i, j| side[(i, j)]));
    Numbers {
        similarity: corner(left),
        left: Some(matches(left, &sigma_base)),
        right: Some(Match {
            vectors: corner(right),
            ..matches(right, &sigma_base)
        }),
        vectors,
        residual,
        sigma_base,
        sigma_tuned,
        bulk: None,
    }
}

fn matches(cosines: &Matrix, sigma: &[f32]) -> Match {
    let best = best_match(cosines.as_slice(), cosines.nrows());
    let tied_cos = tied_cosines(cosines.as_slice(), cosines.nrows(), sigma, &best.row);
    Match {
        max_cos: best.cos,
        argmax: best.row,
        tied_cos,
        signed_cos: Some(best.signed),
        makeup: Some(makeup(cosines.as_slice(), cosines.nrows(), sigma)),
        ..Match::default()
    }
}
