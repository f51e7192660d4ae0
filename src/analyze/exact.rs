//! Everything: full spectra of W0 and W, every tuned vector against every base vector, on both sides.

use super::change::Change;
use super::weights::Weights;
use super::{Answer, Numbers, Stop, corner};
use crate::linalg::{self, Matrix, Svd, View};
use crate::metrics::best_match::best_match;
use crate::metrics::tied::tied_cosines;
use crate::report::Match;
use rayon::prelude::*;

/// A decomposition with a larger residual (relative to sigma_1) is reported as failed.
const WORST_RESIDUAL: f64 = 1e-3;
/// The shorter side from which on decompositions run one after the other, because of their memory.
const ALONE: usize = 2500;

/// The base's vectors are only computed where something changed.
pub fn compute(w0: &Weights, changes: &[Result<Change, Stop>]) -> Vec<Answer> {
    let tuned = |change: &Result<Change, Stop>| -> Option<Result<Svd, Stop>> {
        let w = change.as_ref().ok()?.tuned(w0)?;
        Some(if w.iter().all(|x| x.is_finite()) {
            decompose(View::from(&w), "tuned")
        } else {
            Err(Stop::failed("The tuned matrix leaves the range of 32-bit numbers.".into()))
        })
    };
    let needed = changes.iter().any(|c| matches!(c, Ok(change) if change.tune().is_some()));
    if !needed {
        return changes.iter().map(|_| Ok(None)).collect();
    }
    let base = || decompose(w0.view(), "base");
    let alone = w0.view().rows().min(w0.view().cols()) >= ALONE;
    if alone {
        let base = base();
        return changes.iter().map(|change| tuned(change).map(|svd| compared(&base, svd)).transpose()).collect();
    }
    let (base, tuned): (_, Vec<_>) = rayon::join(base, || changes.par_iter().map(tuned).collect());
    tuned.into_par_iter().map(|svd| svd.map(|svd| compared(&base, svd)).transpose()).collect()
}

fn decompose(w: View, which: &str) -> Result<Svd, Stop> {
    let svd = linalg::thin_svd(w).map_err(|_| Stop::failed(format!("The decomposition of the {which} matrix did not converge.")))?;
    if svd.residual > WORST_RESIDUAL || !svd.residual.is_finite() {
        let residual = svd.residual;
        return Err(Stop::failed(format!(
            "The decomposition of the {which} matrix is off by {residual:.1e} of its largest singular value."
        )));
    }
    Ok(svd)
}

fn compared(base: &Result<Svd, Stop>, tuned: Result<Svd, Stop>) -> Result<Numbers, Stop> {
    let (base, tuned) = (base.as_ref().map_err(Clone::clone)?, tuned?);
    let (left, right) =
        rayon::join(|| linalg::abs_cosines(&base.u, &tuned.u), || matches(&linalg::abs_cosines(&base.v, &tuned.v), &base.s));
    Ok(Numbers {
        similarity: Some(corner(left.nrows(), left.ncols(), |i, j| left[(i, j)])),
        left: Some(matches(&left, &base.s)),
        right: Some(right),
        residual: base.residual.max(tuned.residual),
        sigma_base: base.s.clone(),
        sigma_tuned: tuned.s,
    })
}

fn matches(cosines: &Matrix, sigma: &[f32]) -> Match {
    let (max_cos, argmax) = best_match(cosines.as_slice(), cosines.nrows());
    let tied_cos = tied_cosines(cosines.as_slice(), cosines.nrows(), sigma, &argmax);
    Match { max_cos, max_cos_upper: None, argmax, tied_cos }
}
