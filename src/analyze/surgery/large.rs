//! What an arm makes of a matrix that is too large for all of its base's vectors: bounds, from the base's leading vectors found once.

use super::edit::Edit;
use super::patient::{Base, Body, Patient};
use super::small::side_by_side;
use crate::analyze::Stop;
use crate::analyze::weights::Weights;
use crate::linalg::{
    Compared, Matrix, NoConvergence, Precise, Question, Settled, SideMatch, Triples, Tune, View, compare_with, product,
};
use crate::report::Side;
use crate::report::surgery::{After, Arm, Cut};

/// The most numbers of a matrix that is edited whole: it is held in full, with the base and one arm beside it.
const MOST_NUMBERS: usize = 1 << 25;

/// The base's leading vectors, and those of W.
pub fn open(w0: &Weights, body: &Body, k: usize) -> Result<(Base, Triples), Stop> {
    let known = Settled::of(w0.view(), k).map_err(failed)?;
    let u = match body {
        Body::Factors { left, right } => {
            let (b, a) = factors(left, right);
            leading_of(w0, &known, tune(&b, &a), k)?
        }
        Body::Dense { w, .. } if w.len() > MOST_NUMBERS => {
            return Err(Stop::failed(format!(
                "A change stored whole, or of a method without two factors, is edited where it has at most {} million numbers; of larger \
                 matrices those of LoRA are.",
                MOST_NUMBERS >> 20
            )));
        }
        Body::Dense { w, .. } => leading_of(w0, &known, Tune::Dense(View::from(w)), k)?,
    };
    // W^T u and its length, in f64.
    let mut v = product::<f64>(w0.view().t(), &u) + body.back(&u);
    let sigma: Vec<f64> = v.column_iter().map(|v| v.norm()).collect();
    v.column_iter_mut()
        .zip(&sigma)
        .for_each(|(mut v, s)| v /= s.max(f64::MIN_POSITIVE));
    let base = Base::Leading { w0: w0.owned(), known };
    Ok((
        base,
        Triples {
            sigma,
            left: u,
            right: v,
        },
    ))
}

/// The `k` leading left vectors of W, at most.
fn leading_of(w0: &Weights, known: &Settled, tune: Tune, k: usize) -> Result<Precise, Stop> {
    let question = Question {
        k,
        epsilon: 0.5,
        left: false,
        right: false,
    };
    let found = compare_with(w0.view(), known, &[tune], question).map_err(failed)?;
    let vectors = found.first().map(|c| c.vectors.map(f64::from));
    let vectors = vectors.unwrap_or_else(|| Precise::zeros(w0.view().rows(), 0));
    Ok(vectors.columns(0, k.min(vectors.ncols())).into_owned())
}

pub fn after(
    patient: &Patient,
    w0: &Weights,
    known: &Settled,
    edits: &[(Arm, f64, Edit)],
    cut: &Cut,
) -> Result<Vec<After>, Stop> {
    let question = Question {
        k: (cut.k as usize).min(patient.window() as usize),
        epsilon: cut.epsilon,
        left: cut.side != Side::Right,
        right: cut.side != Side::Left,
    };
    let found = match &patient.change {
        Body::Factors { left, right } => {
            let all: Vec<(Matrix, Matrix)> = edits
                .iter()
                .map(|(_, _, edit)| {
                    factors(
                        &side_by_side(&(left * edit.share), &edit.left),
                        &side_by_side(right, &edit.right),
                    )
                })
                .collect();
            let tunes: Vec<Tune> = all.iter().map(|(b, a)| tune(b, a)).collect();
            compare_with(w0.view(), known, &tunes, question).map_err(failed)?
        }
        Body::Dense { w0: base, w } => {
            // One at a time: each is as large as the matrix.
            let one = |(_, _, edit): &(Arm, f64, Edit)| {
                let w = patient.merged(base, w, edit);
                compare_with(w0.view(), known, &[Tune::Dense(View::from(&w))], question).map_err(failed)
            };
            let all: Vec<Vec<Compared>> = edits.iter().map(one).collect::<Result<_, _>>()?;
            all.into_iter().flatten().collect()
        }
    };
    Ok(edits
        .iter()
        .zip(found)
        .map(|((arm, lambda, _), compared)| read(*arm, *lambda, compared, cut))
        .collect())
}

fn factors(left: &Precise, right: &Precise) -> (Matrix, Matrix) {
    (left.map(|x| x as f32), right.transpose().map(|x| x as f32))
}

fn tune<'a>(b: &'a Matrix, a: &'a Matrix) -> Tune<'a> {
    Tune::LowRank { b, a, scale: 1.0 }
}

fn read(arm: Arm, lambda: f64, compared: Compared, cut: &Cut) -> After {
    let k = cut.k as usize;
    let ends = |side: &SideMatch| -> Vec<(f32, f32, u32)> {
        let ends = side.cos.iter().zip(&side.upper).zip(&side.argmax);
        ends.map(|((low, high), place)| (*low, *high, *place)).take(k).collect()
    };
    let best = match (&compared.left, &compared.right) {
        (Some(left), Some(right)) => {
            let larger = |(a, b): ((f32, f32, u32), (f32, f32, u32))| {
                (a.0.max(b.0), a.1.max(b.1), if a.0 >= b.0 { a.2 } else { b.2 })
            };
            ends(left).into_iter().zip(ends(right)).map(larger).collect()
        }
        (Some(one), None) | (None, Some(one)) => ends(one),
        (None, None) => Vec::new(),
    };
    let below = |cos: f32| f64::from(cos) < cut.epsilon;
    After {
        arm,
        lambda,
        intruders: best.iter().filter(|(_, high, _)| below(*high)).count() as u32,
        undecided: best
            .iter()
            .filter(|(low, high, _)| below(*low) && !below(*high))
            .count() as u32,
        energy: None,
        frobenius: 0.0,
        effective_rank: None,
        sigma: compared.sigma_tuned.into_iter().take(k).collect(),
        best: best.iter().map(|(_, high, _)| *high).collect(),
        places: best.iter().map(|(_, _, place)| *place).collect(),
    }
}

fn failed(_: NoConvergence) -> Stop {
    Stop::failed("The leading singular vectors did not converge.".into())
}
