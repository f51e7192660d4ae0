//! The certified comparison: leading vectors of W and W0, their cosines, and a bound for all that was not computed.
//!
//! The base's leading vectors are computed once. One more Krylov basis of W0 then serves every adapter: K(W W^T, [B, W0 A^T, X]) lies
//! inside K(W0 W0^T, [B, W0 A^T, X]), because W W^T x = W0 W0^T x + something in the start block. A dense W has a basis of its own.
//! All of them start at the leading vectors of W0, where most of theirs are.

use super::certificate::Lanczos;
use super::cholesky::is_positive_definite;
use super::krylov::{Krylov, Ritz};
use super::low_rank::Updated;
use super::orthonormal::{beside, random};
use super::product::{gram, product};
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Leading base vectors that are looked for.
const BASE: usize = 96;
/// Vectors of W beyond the k asked for: the slider has some room, and the last one a known gap.
const BEYOND: usize = 6;
/// Random columns of a start block.
const RANDOM: usize = 32;
/// Leading base vectors that start the search for a tune's.
const WARM: usize = 32;
/// Columns that adapters may bring to one start block, and columns of a basis at most.
const SHARED: usize = 320;
const WIDEST: usize = 1536;
/// A vector is settled when it is turned by less than this, or when its residual has sunk into the rounding of f32 products.
const TURN: f64 = 1e-3;
const ROUNDING: f64 = 2e-6;
/// A known cosine with a smaller error is shown as a number, not as an interval.
const POINT: f64 = 5e-4;
/// Bounds are brought below the threshold asked for, and below this where that is cheap.
const COMFORT: f64 = 0.29;
const STEPS: usize = 64;
const CHEAP_STEPS: usize = 20;

/// How W is made from W0; matrices are `[out, in]`.
#[derive(Debug, Clone, Copy)]
pub enum Tune<'a> {
    Dense(View<'a>),
    LowRank { b: &'a Matrix, a: &'a Matrix, scale: f64 },
}

/// What must be known at the end.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub k: usize,
    pub epsilon: f64,
    pub left: bool,
    pub right: bool,
}

/// Leading vectors of one W against the base.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Leading singular values, as many as were settled.
    pub sigma_base: Vec<f32>,
    pub sigma_tuned: Vec<f32>,
    pub left: Option<SideMatch>,
    pub right: Option<SideMatch>,
    /// max_j ||W W^T u_j - s_j^2 u_j|| / (s_j s_1) over the vectors asked for.
    pub residual: f64,
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

/// Compares every tune with the base.
pub fn compare(w0: View, tunes: &[Tune], question: Question) -> Result<Vec<Compared>, NoConvergence> {
    let turned = w0.rows() > w0.cols();
    let tunes: Vec<Turned> = tunes.iter().map(|t| Turned::new(t, turned)).collect();
    let w0 = if turned { w0.t() } else { w0 };
    let window = (question.k + BEYOND).min(w0.rows());
    let base = base(w0, window)?;
    let mut leading: Vec<Option<Leading>> = tunes.iter().map(|_| None).collect();
    for group in groups(&tunes) {
        let adapters: Vec<&Turned> = group.iter().map(|i| &tunes[*i]).collect();
        for (i, one) in group.into_iter().zip(adapted(w0, &base, &adapters, window, question.k)?) {
            leading[i] = Some(one);
        }
    }
    for (tune, leading) in tunes.iter().zip(&mut leading) {
        if let Turned::Dense(w) = tune {
            *leading = Some(dense(*w, &base, window, question.k)?);
        }
    }
    let leading: Vec<Leading> = leading.into_iter().flatten().collect();
    let known = known(&base);
    let sides = |short: bool| sides(w0, &base, known, &leading, short, question);
    // The left side of a turned matrix is its long one.
    let left = question.left.then(|| sides(!turned)).transpose()?;
    let right = question.right.then(|| sides(turned)).transpose()?;
    let side = |all: &Option<Vec<SideMatch>>, i: usize| all.as_ref().map(|all| all[i].clone());
    let compared = |(i, l): (usize, &Leading)| Compared {
        sigma_base: base.sigma.iter().map(|s| *s as f32).collect(),
        sigma_tuned: l.sigma.iter().map(|s| *s as f32).collect(),
        left: side(&left, i),
        right: side(&right, i),
        residual: (0..question.k.min(l.sigma.len())).map(|j| l.residual[j] / (l.sigma[j] * l.sigma[0])).fold(0.0, f64::max),
    };
    Ok(leading.iter().enumerate().map(compared).collect())
}

/// A tune of the base turned so that its short side lies down the rows.
enum Turned<'a> {
    Dense(View<'a>),
    LowRank { b: Matrix, a: Matrix },
}

impl<'a> Turned<'a> {
    /// The scale moves into B.
    fn new(tune: &Tune<'a>, turn: bool) -> Turned<'a> {
        match tune {
            Tune::Dense(w) => Turned::Dense(if turn { w.t() } else { *w }),
            Tune::LowRank { b, a, scale } if turn => Turned::LowRank { b: a.transpose() * *scale as f32, a: b.transpose() },
            Tune::LowRank { b, a, scale } => Turned::LowRank { b: *b * *scale as f32, a: (*a).clone() },
        }
    }

    fn columns(&self) -> usize {
        match self {
            Turned::Dense(_) => 0,
            Turned::LowRank { b, .. } => 2 * b.ncols(),
        }
    }
}

/// Adapters whose start blocks go together.
fn groups(tunes: &[Turned]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (i, tune) in tunes.iter().enumerate().filter(|(_, tune)| tune.columns() > 0) {
        match groups.last_mut().filter(|(columns, _)| columns + tune.columns() <= SHARED) {
            Some((columns, group)) => {
                *columns += tune.columns();
                group.push(i);
            }
            None => groups.push((tune.columns(), vec![i])),
        }
    }
    groups.into_iter().map(|g| g.1).collect()
}

/// Leading singular triplets with their errors.
struct Leading {
    sigma: Vec<f64>,
    /// Squares of all the values that are known, settled or not.
    theta: Vec<f64>,
    short: Matrix,
    long: Matrix,
    /// Residuals of W W^T u = theta u.
    residual: Vec<f64>,
    /// Sines of the angles to the true vectors, at most.
    turn: Vec<f64>,
}

impl Leading {
    fn settled(&self, count: usize) -> bool {
        (0..count.min(self.turn.len())).all(|j| self.turn[j] <= TURN || self.residual[j] <= ROUNDING * self.theta[0])
    }
}

/// A basis that grows until what it is asked for is settled.
fn settle<T>(
    w: View,
    start: &Matrix,
    look: impl Fn(&Krylov, &Ritz) -> Result<T, NoConvergence>,
    settled: impl Fn(&T) -> bool,
) -> Result<T, NoConvergence> {
    let mut krylov = Krylov::start(w, start)?;
    let widest = WIDEST.min(w.rows());
    let mut blocks = 3;
    loop {
        for _ in 1..blocks {
            if !krylov.exhausted() && krylov.dimension() < widest {
                krylov.grow()?;
            }
        }
        let found = look(&krylov, &krylov.ritz()?)?;
        if settled(&found) || krylov.exhausted() || krylov.dimension() >= widest {
            return Ok(found);
        }
        // A look costs about as much as a block of a small basis.
        blocks = if krylov.dimension() < 512 { 3 } else { 2 };
    }
}

fn base(w0: View, window: usize) -> Result<Leading, NoConvergence> {
    let count = (window + BEYOND).max(BASE).min(w0.rows());
    let start = random(w0.rows(), RANDOM.min(w0.rows()), 1);
    settle(w0, &start, |krylov, ritz| Ok(of_base(krylov, ritz, count)), |base| base.settled(window))
}

fn of_base(krylov: &Krylov, ritz: &Ritz, count: usize) -> Leading {
    triplets(krylov, &ritz.theta, &ritz.y, count, |_, long| long)
}

/// Where most of a tune's leading vectors are, and some directions at random.
fn warm(base: &Leading, rows: usize) -> Matrix {
    beside(&base.short.columns(0, base.short.ncols().min(WARM)).into_owned(), &random(rows, (RANDOM / 4).min(rows), 2))
}

/// The leading triplets of a dense W.
fn dense(w: View, base: &Leading, window: usize, k: usize) -> Result<Leading, NoConvergence> {
    settle(w, &warm(base, w.rows()), |krylov, ritz| Ok(of_base(krylov, ritz, window)), |leading| leading.settled(k))
}

/// The leading triplets of several W0 + B A, all from one basis of W0.
fn adapted(w0: View, base: &Leading, adapters: &[&Turned], window: usize, k: usize) -> Result<Vec<Leading>, NoConvergence> {
    let mut start = warm(base, w0.rows());
    for adapter in adapters {
        if let Turned::LowRank { b, a } = adapter {
            start = beside(&beside(&start, b), &product(w0, View::from(a).t()));
        }
    }
    let look = |krylov: &Krylov, ritz: &Ritz| {
        adapters.par_iter().filter_map(|adapter| updated(krylov, ritz, adapter, window).transpose()).collect::<Result<Vec<_>, _>>()
    };
    settle(w0, &start, look, |found: &Vec<Leading>| found.iter().all(|l| l.settled(k)))
}

/// The leading triplets of W0 + B A in a basis of W0; none of a dense tune.
fn updated(krylov: &Krylov, ritz: &Ritz, tune: &Turned, window: usize) -> Result<Option<Leading>, NoConvergence> {
    let Turned::LowRank { b, a } = tune else { return Ok(None) };
    let r = b.ncols();
    let inside: DMatrix<f64> = product(View::from(&krylov.q).t(), b);
    let image: DMatrix<f64> = product(View::from(&krylov.image).t(), View::from(a).t());
    let mut both = DMatrix::zeros(krylov.dimension(), 2 * r);
    both.columns_mut(0, r).copy_from(&inside);
    both.columns_mut(r, r).copy_from(&image);
    let z: DMatrix<f64> = product(View::from(&ritz.y).t(), &both);
    let mut s = DMatrix::zeros(2 * r, 2 * r);
    s.view_mut((0, 0), (r, r)).copy_from(&gram::<f64>(a));
    s.view_mut((0, r), (r, r)).fill_with_identity();
    s.view_mut((r, 0), (r, r)).fill_with_identity();
    let (theta, x) = Updated { theta: &ritz.theta, z, s }.leading(window + 1)?;
    let y: DMatrix<f64> = product(&ritz.y, &x);
    let count = window.min(theta.len());
    Ok(Some(triplets(krylov, &theta, &y, count, |short, long| {
        let inside: Matrix = product(View::from(b).t(), short);
        long + product::<f32>(View::from(a).t(), &inside)
    })))
}

/// Vectors on both sides from coordinates in the basis; `long` turns W0^T u into W^T u.
fn triplets(krylov: &Krylov, theta: &[f64], y: &DMatrix<f64>, count: usize, long: impl Fn(&Matrix, Matrix) -> Matrix) -> Leading {
    let count = count.min(theta.len());
    let y = y.columns(0, count).map(|x| x as f32);
    let mut short: Matrix = product(&krylov.q, &y);
    let mut long = long(&short, product(&krylov.image, &y));
    for mut column in short.column_iter_mut().chain(long.column_iter_mut()) {
        let norm = column.norm();
        if norm > 0.0 {
            column /= norm;
        }
    }
    let residual: Vec<f64> = (0..count).map(|j| krylov.residual(&y.column(j).iter().map(|x| f64::from(*x)).collect::<Vec<_>>())).collect();
    let floor = ROUNDING / 10.0 * theta[0];
    let gap = |j: usize| {
        let to = |i: usize| theta.get(i).map_or(f64::INFINITY, |t| (t - theta[j]).abs());
        j.checked_sub(1).map_or(f64::INFINITY, to).min(to(j + 1)).min(theta[j].max(0.0))
    };
    let turn = (0..count).map(|j| (residual[j].max(floor) / gap(j).max(f64::MIN_POSITIVE)).min(1.0)).collect();
    let sigma = theta[..count].iter().map(|t| t.max(0.0).sqrt()).collect();
    Leading { sigma, theta: theta.to_vec(), short, long, residual, turn }
}

/// How many base vectors are known well enough to be told from the rest. Vectors tied with each other may turn among themselves;
/// what counts is that together they are settled.
fn known(base: &Leading) -> usize {
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
fn sides(
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
fn guess_least(measures: &[super::certificate::Measure]) -> Result<f64, NoConvergence> {
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
