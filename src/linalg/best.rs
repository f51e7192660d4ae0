//! Best matches of leading tuned vectors among all base vectors: exact cosines with those that are known, a bound for the rest.

use super::certificate::{Lanczos, Measure};
use super::cholesky::is_positive_definite;
use super::leading::{Leading, ROUNDING};
use super::product::{gram, product};
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;

/// A known cosine with a smaller error is shown as a number, not as an interval.
const POINT: f64 = 5e-4;
/// Bounds are brought below the threshold asked for, and below this where that is cheap.
const COMFORT: f64 = 0.29;
const STEPS: usize = 64;
const CHEAP_STEPS: usize = 20;
/// What is left of the base's spectrum below this part of its top drowns in the rounding of f32 products: nothing is told apart there.
const RESOLVED: f64 = 2e-4;

/// What must be known at the end.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub k: usize,
    pub epsilon: f64,
    pub left: bool,
    pub right: bool,
}

/// One side: the largest cosine of every leading tuned vector lies in `[cos, upper]`.
#[derive(Debug, Clone)]
pub struct SideMatch {
    pub cos: Vec<f32>,
    pub upper: Vec<f32>,
    pub argmax: Vec<u32>,
    /// |U0^T U| of the leading base vectors (rows) and tuned vectors (columns).
    pub cosines: Matrix,
}

/// How many base vectors are known well enough to be told from the rest. Vectors tied with each other may turn among themselves;
/// what counts is that together they are settled.
pub fn known(base: &Leading) -> usize {
    let total = base.residual.len();
    let good = |count: usize| {
        let next = base.theta.get(count).copied().unwrap_or(0.0);
        (0..count).all(|i| base.residual[i] <= 0.02 * (base.theta[i] - next).max(0.0) || base.residual[i] <= ROUNDING * base.theta[0])
    };
    // Near zero, products in f32 cannot tell a vector from its neighbours in the null space.
    let told_apart = base.theta.iter().take(total).take_while(|t| **t > 1e-5 * base.theta[0]).count();
    (0..=told_apart).rev().find(|c| good(*c)).unwrap_or(0)
}

/// Cosines and bounds of one side for every tune.
pub fn sides(
    w0: View,
    base: &Leading,
    known: usize,
    tuned: &[Leading],
    short: bool,
    question: Question,
) -> Result<Vec<SideMatch>, NoConvergence> {
    let own = |l: &Leading| if short { l.short.clone() } else { l.long.clone() };
    let vectors = own(base);
    let mut found = Vec::new();
    // Runs of Lanczos: which tune and vector, and where each starts.
    let mut asked: Vec<(usize, usize)> = Vec::new();
    let mut starts: Vec<f64> = Vec::new();
    for (t, l) in tuned.iter().enumerate() {
        let u = own(l);
        let cosines: DMatrix<f64> = product(View::from(&vectors).t(), &u);
        let leading = cosines.rows(0, known);
        let mut rest = u.map(f64::from);
        rest -= product::<f64>(View::columns(&vectors, 0..known), &leading.into_owned());
        let mut one = SideMatch { cos: vec![], upper: vec![], argmax: vec![], cosines: cosines.map(|c| c.abs() as f32) };
        for j in 0..u.ncols() {
            let (best, cos) = leading.column(j).iter().map(|c| c.abs()).enumerate().fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
            let outside = rest.column(j).norm();
            one.argmax.push(best as u32);
            one.cos.push(cos.min(1.0) as f32);
            // What is left over cannot beat the best match, or holds no base vector any more: it is known exactly.
            let exact = cos >= outside || known == w0.rows();
            one.upper.push(if exact { cos.min(1.0) } else { outside.min(1.0) } as f32);
            if !exact {
                asked.push((t, j));
                starts.extend(rest.column(j).iter());
            }
        }
        found.push(one);
    }
    let length = vectors.nrows();
    let rests = DMatrix::from_vec(length, asked.len(), starts);
    tighten(w0, base, known, rests, &asked, &mut found, short, question)?;
    for (one, l) in found.iter_mut().zip(tuned) {
        widen(one, l, base, known);
    }
    Ok(found)
}

/// Brings the upper bounds down by Lanczos until they settle what was asked.
#[allow(clippy::too_many_arguments)]
fn tighten(
    w0: View,
    base: &Leading,
    known: usize,
    rests: DMatrix<f64>,
    asked: &[(usize, usize)],
    found: &mut [SideMatch],
    short: bool,
    question: Question,
) -> Result<(), NoConvergence> {
    if asked.is_empty() {
        return Ok(());
    }
    let high = base.theta.get(known).copied().unwrap_or(0.0) * (1.0 + 1e-3) + base.residual.get(known).copied().unwrap_or(0.0);
    if high < RESOLVED * base.theta[0] {
        return Ok(());
    }
    // Both sides of a square matrix are short. The long side of another has mass outside the base's thin space too, which is no base
    // vector's. W0 takes it away: <u0_i, y> = <v0_i, W0^T y> / sigma_i.
    let outside = !short && w0.rows() != w0.cols();
    let (operator, vectors) = if short || outside { (w0, &base.short) } else { (w0.t(), &base.long) };
    let starts = if outside { product::<f64>(w0, &rests) } else { rests };
    let mut lanczos = Lanczos::new(operator, &starts, vectors.columns(0, known).into_owned());
    let before: Vec<f32> = asked.iter().map(|(t, j)| found[*t].upper[*j]).collect();
    let mut low = 0.0;
    for step in 1..=STEPS {
        lanczos.step();
        if step < 8 || step % 4 != 0 {
            continue;
        }
        let measures = lanczos.measures();
        if outside {
            low = guess_least(&measures)?;
        }
        let mut open = false;
        for ((measure, (t, j)), before) in measures.iter().zip(asked).zip(&before) {
            let mass = if outside { measure.largest_mass(low, high, |x| 1.0 / x)? } else { measure.largest_mass(low, high, |_| 1.0)? };
            let one = &mut found[*t];
            // Not the least of all looks: the others were made with another guess.
            one.upper[*j] = (mass.sqrt() as f32).max(one.cos[*j]).min(*before);
            let goal = if step < CHEAP_STEPS { question.epsilon.min(COMFORT) } else { question.epsilon };
            let settled = f64::from(one.upper[*j]) < goal || one.upper[*j] <= one.cos[*j] || f64::from(one.cos[*j]) >= question.epsilon;
            open |= *j < question.k && !settled;
        }
        if !open {
            break;
        }
    }
    // A guess that does not hold leaves what the mass alone says.
    if outside && !is_above(w0, low) {
        for ((t, j), upper) in asked.iter().zip(before) {
            found[*t].upper[*j] = upper;
        }
    }
    Ok(())
}

/// A number below the base's smallest squared singular value, probably. Lanczos comes close to that value from above.
fn guess_least(measures: &[Measure]) -> Result<f64, NoConvergence> {
    let mut least = f64::INFINITY;
    for measure in measures {
        // A node without weight is rounding.
        least = measure.quadrature()?.iter().filter(|n| n.1 > 1e-12).map(|n| n.0).fold(least, f64::min);
    }
    Ok(least.max(0.0) / 16.0)
}

/// Proves that every squared singular value is above `low`: W0 W0^T - low is positive definite.
fn is_above(w0: View, low: f64) -> bool {
    if low <= 0.0 {
        return false;
    }
    let mut g: DMatrix<f64> = gram(w0);
    for i in 0..g.nrows() {
        g[(i, i)] -= low;
    }
    is_positive_definite(g)
}

/// Vectors that are not settled make every cosine uncertain by their angle to the true ones.
fn widen(one: &mut SideMatch, tuned: &Leading, base: &Leading, known: usize) {
    for j in 0..one.cos.len() {
        let best = one.argmax[j] as usize;
        let turn = tuned.turn[j] + base.turn.get(best).copied().unwrap_or(0.0) * f64::from(one.cos[j]);
        // Known base vectors that are slightly turned towards the rest leave some of themselves in what is left over.
        let next = base.theta.get(known).copied().unwrap_or(0.0);
        let leak: f64 =
            (0..known).map(|i| f64::from(one.cosines[(i, j)]) * (base.residual[i] / (base.theta[i] - next)).clamp(0.0, 1.0)).sum();
        let error = (turn + leak) as f32;
        if f64::from(error) > POINT {
            one.cos[j] = (one.cos[j] - error).max(0.0);
            one.upper[j] = (one.upper[j] + error).min(1.0);
        } else if one.upper[j] > one.cos[j] {
            one.upper[j] = (one.upper[j] + error).min(1.0);
        }
    }
}
