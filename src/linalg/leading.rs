//! The leading singular vectors of a base and of its tunes.
//!
//! The base's are computed once. One more Krylov basis of W0 then serves every adapter: K(W W^T, [B, W0 A^T, X]) lies
//! inside K(W0 W0^T, [B, W0 A^T, X]), because W W^T x = W0 W0^T x + something in the start block. A dense W has a basis of its own.
//! All of them start at the leading vectors of W0, where most of theirs are.

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
pub const BEYOND: usize = 6;
/// Random columns of a start block.
const RANDOM: usize = 32;
/// Leading base vectors that start the search for a tune's.
const WARM: usize = 32;
/// Columns that adapters may bring to one start block, and columns of a basis at most.
const SHARED: usize = 320;
const WIDEST: usize = 1536;
/// A vector is settled when it is turned by less than this, or when its residual has sunk into the rounding of f32 products.
const TURN: f64 = 1e-3;
pub const ROUNDING: f64 = 2e-6;

/// The recipe for W from W0; matrices are `[out, in]`.
#[derive(Debug, Clone, Copy)]
pub enum Tune<'a> {
    Dense(View<'a>),
    LowRank { b: &'a Matrix, a: &'a Matrix, scale: f64 },
}

/// A tune of the base turned so that its short side lies down the rows.
pub enum Turned<'a> {
    Dense(View<'a>),
    /// `b` is scaled for the search; what is proved is proved of scale `unscaled` `a`.
    LowRank {
        b: Matrix,
        a: Matrix,
        unscaled: Matrix,
        scale: f64,
    },
}

impl<'a> Turned<'a> {
    /// The scale moves into B.
    pub fn new(tune: &Tune<'a>, turn: bool) -> Turned<'a> {
        match tune {
            Tune::Dense(w) => Turned::Dense(if turn { w.t() } else { *w }),
            Tune::LowRank { b, a, scale } if turn => Turned::LowRank {
                b: a.transpose() * *scale as f32,
                a: b.transpose(),
                unscaled: a.transpose(),
                scale: *scale,
            },
            Tune::LowRank { b, a, scale } => Turned::LowRank {
                b: *b * *scale as f32,
                a: (*a).clone(),
                unscaled: (*b).clone(),
                scale: *scale,
            },
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
pub fn groups(tunes: &[Turned]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (i, tune) in tunes.iter().enumerate().filter(|(_, tune)| tune.columns() > 0) {
        match groups
            .last_mut()
            .filter(|(columns, _)| columns + tune.columns() <= SHARED)
        {
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
pub struct Leading {
    pub sigma: Vec<f64>,
    /// Squares of all the values that are known, settled or not.
    pub theta: Vec<f64>,
    pub short: Matrix,
    pub long: Matrix,
    /// Residuals of W W^T u = theta u.
    pub residual: Vec<f64>,
    /// Sines of the angles to the true vectors, at most.
    pub turn: Vec<f64>,
}

impl Leading {
    fn settled(&self, count: usize) -> bool {
        (0..count.min(self.turn.len()))
            .all(|j| self.turn[j] <= TURN || self.residual[j] <= ROUNDING * rounding_size(&self.theta, j))
    }
}

/// The size that the rounding of products is a part of: W and the image of a vector of value sigma_j are rounded, sigma_1 sigma_j.
pub fn rounding_size(theta: &[f64], j: usize) -> f64 {
    (theta[0] * theta[j].max(0.0)).sqrt()
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

/// `window` of them settled, and more that are known roughly.
pub fn base(w0: View, window: usize) -> Result<Leading, NoConvergence> {
    let count = (window + BASE / 2).max(BASE).min(w0.rows());
    let start = random(w0.rows(), RANDOM.min(w0.rows()), 1);
    settle(
        w0,
        &start,
        |krylov, ritz| Ok(of_base(krylov, ritz, count)),
        |base| base.settled(window),
    )
}

fn of_base(krylov: &Krylov, ritz: &Ritz, count: usize) -> Leading {
    triplets(krylov, &ritz.theta, &ritz.y, count, |_, long| long)
}

/// A start for the search: the space where most of a tune's leading vectors are, and some directions at random.
fn warm(base: &Leading, rows: usize) -> Matrix {
    beside(
        &base.short.columns(0, base.short.ncols().min(WARM)).into_owned(),
        &random(rows, (RANDOM / 4).min(rows), 2),
    )
}

/// The leading triplets of a dense W.
pub fn dense(w: View, base: &Leading, window: usize, k: usize) -> Result<Leading, NoConvergence> {
    settle(
        w,
        &warm(base, w.rows()),
        |krylov, ritz| Ok(of_base(krylov, ritz, window)),
        |leading| leading.settled(k),
    )
}

/// The leading triplets of several W0 + B A, all from one basis of W0.
pub fn adapted(
    w0: View,
    base: &Leading,
    adapters: &[&Turned],
    window: usize,
    k: usize,
) -> Result<Vec<Leading>, NoConvergence> {
    let mut start = warm(base, w0.rows());
    for adapter in adapters {
        if let Turned::LowRank { b, a, .. } = adapter {
            start = beside(&beside(&start, b), &product(w0, View::from(a).t()));
        }
    }
    let look = |krylov: &Krylov, ritz: &Ritz| {
        adapters
            .par_iter()
            .filter_map(|adapter| updated(krylov, ritz, adapter, window).transpose())
            .collect::<Result<Vec<_>, _>>()
    };
    settle(w0, &start, look, |found: &Vec<Leading>| {
        found.iter().all(|l| l.settled(k))
    })
}

/// The leading triplets of W0 + B A in a basis of W0; none of a dense tune.
fn updated(krylov: &Krylov, ritz: &Ritz, tune: &Turned, window: usize) -> Result<Option<Leading>, NoConvergence> {
    let Turned::LowRank { b, a, .. } = tune else {
        return Ok(None);
    };
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
    let (theta, x) = Updated {
        theta: &ritz.theta,
        z,
        s,
    }
    .leading(window + 1)?;
    let y: DMatrix<f64> = product(&ritz.y, &x);
    let count = window.min(theta.len());
    Ok(Some(triplets(krylov, &theta, &y, count, |short, long| {
        let inside: Matrix = product(View::from(b).t(), short);
        long + product::<f32>(View::from(a).t(), &inside)
    })))
}

/// Vectors on both sides from coordinates in the basis; `long` turns W0^T u into W^T u.
fn triplets(
    krylov: &Krylov,
    theta: &[f64],
    y: &DMatrix<f64>,
    count: usize,
    long: impl Fn(&Matrix, Matrix) -> Matrix,
) -> Leading {
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
    let residual: Vec<f64> = (0..count)
        .map(|j| krylov.residual(&y.column(j).iter().map(|x| f64::from(*x)).collect::<Vec<_>>()))
        .collect();
    let floor = |j: usize| ROUNDING / 10.0 * rounding_size(theta, j);
    let gap = |j: usize| {
        let to = |i: usize| theta.get(i).map_or(f64::INFINITY, |t| (t - theta[j]).abs());
        j.checked_sub(1)
            .map_or(f64::INFINITY, to)
            .min(to(j + 1))
            .min(theta[j].max(0.0))
    };
    let turn = (0..count)
        .map(|j| (residual[j].max(floor(j)) / gap(j).max(f64::MIN_POSITIVE)).min(1.0))
        .collect();
    let sigma = theta[..count].iter().map(|t| t.max(0.0).sqrt()).collect();
    Leading {
        sigma,
        theta: theta.to_vec(),
        short,
        long,
        residual,
        turn,
    }
}
