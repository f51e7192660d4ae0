//! What an arm makes of a matrix whose base is known whole: all singular values, exact best matches.

use super::edit::Edit;
use super::patient::{Body, Patient, decides};
use crate::analyze::Stop;
use crate::linalg::{Beside, Frame, Precise, triples};
use crate::report::surgery::{After, Arm, Cut};
use rayon::prelude::*;

pub fn after(patient: &Patient, frame: &Frame, edits: &[(Arm, f64, Edit)], cut: &Cut) -> Result<Vec<After>, Stop> {
    let failed = |_| Stop::failed("The decomposition of the edited matrix did not converge.".into());
    let k = cut.k as usize;
    let one = |(arm, lambda, edit): &(Arm, f64, Edit)| {
        let beside = match &patient.change {
            Body::Factors { left, right } => frame
                .plus(
                    &side_by_side(&(left * edit.share), &edit.left),
                    &side_by_side(right, &edit.right),
                    k,
                )
                .map_err(failed)?,
            Body::Dense { w0, .. } => {
                let w = w0.map(f64::from) + patient.dense(edit);
                frame.beside(&triples(&w, k).map_err(failed)?)
            }
        };
        Ok(read(*arm, *lambda, &beside, cut))
    };
    edits.par_iter().map(one).collect()
}

fn read(arm: Arm, lambda: f64, beside: &Beside, cut: &Cut) -> After {
    let larger = |a: (f64, u32), b: (f64, u32)| if a.0 >= b.0 { a } else { b };
    let best: Vec<(f64, u32)> = beside
        .left
        .iter()
        .zip(&beside.right)
        .map(|(left, right)| decides(cut.side, *left, *right, larger))
        .collect();
    let sigma: Vec<f32> = beside.sigma.iter().map(|s| *s as f32).collect();
    let mut after = After {
        arm,
        lambda,
        intruders: 0,
        undecided: 0,
        energy: None,
        frobenius: 0.0,
        effective_rank: None,
        sigma: Vec::new(),
        best: best.iter().map(|(cos, _)| *cos as f32).collect(),
        places: best.iter().map(|(_, place)| *place).collect(),
    };
    let found: Vec<usize> = below(&after, cut).into_iter().map(|j| j as usize).collect();
    after.intruders = found.len() as u32;
    let own: f64 = found.iter().filter_map(|j| beside.sigma.get(*j)).map(|s| s * s).sum();
    after.energy = (beside.squares > 0.0).then(|| own / beside.squares);
    after.sigma = sigma.into_iter().take(cut.k as usize).collect();
    after
}

/// Vectors of the window whose best match is strictly below epsilon.
pub fn below(after: &After, cut: &Cut) -> Vec<u32> {
    (0u32..)
        .zip(&after.best)
        .take(cut.k as usize)
        .filter(|(_, cos)| f64::from(**cos) < cut.epsilon)
        .map(|(j, _)| j)
        .collect()
}

/// Two blocks of columns beside each other.
pub fn side_by_side(a: &Precise, b: &Precise) -> Precise {
    let values = a.as_slice().iter().chain(b.as_slice()).copied().collect();
    Precise::from_vec(a.nrows(), a.ncols() + b.ncols(), values)
}
