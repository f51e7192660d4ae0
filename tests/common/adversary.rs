//! Pairs of matrices made to mislead: every spectrum and every update that a bound may trip over, from a seed.
#![allow(dead_code)]

use super::synthetic::{Case, case_of, normal};
use nalgebra::{DMatrix, DVector};

/// A base's singular values.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// (1 + i)^-p.
    Power(f64),
    Geometric(f64),
    /// 1 - slope i / n.
    Slope(f64),
    /// A random matrix's.
    Noise,
    /// Halved after every so many.
    Steps(usize),
    /// One or two values that tower above the rest.
    Outlier(f64),
    /// A geometric spectrum with a cluster of this relative width, from a place on.
    Cluster {
        at: usize,
        count: usize,
        width: f64,
    },
    /// Zero from a part of n on.
    Deficient(f64),
    /// Entries that depend on i - j, not a spectrum of its own.
    Toeplitz,
    /// Two blocks on the diagonal with the same kind of spectrum.
    Blocks,
    /// A diagonal matrix: every singular vector is one-hot.
    OneHot,
}

pub const SHAPES: [Shape; 29] = [
    Shape::Power(0.3),
    Shape::Power(0.5),
    Shape::Power(0.7),
    Shape::Power(1.0),
    Shape::Power(1.2),
    Shape::Geometric(0.9),
    Shape::Geometric(0.95),
    Shape::Geometric(0.97),
    Shape::Geometric(0.99),
    Shape::Slope(0.05),
    Shape::Slope(0.8),
    Shape::Noise,
    Shape::Steps(6),
    Shape::Steps(25),
    Shape::Outlier(10.0),
    Shape::Outlier(1e3),
    Shape::Outlier(1e5),
    Shape::Outlier(1e7),
    Shape::Cluster {
        at: 8,
        count: 6,
        width: 1e-3,
    },
    Shape::Cluster {
        at: 8,
        count: 6,
        width: 1e-6,
    },
    Shape::Cluster {
        at: 8,
        count: 4,
        width: 0.0,
    },
    Shape::Cluster {
        at: 14,
        count: 5,
        width: 1e-4,
    },
    Shape::Cluster {
        at: 22,
        count: 8,
        width: 1e-5,
    },
    Shape::Cluster {
        at: 28,
        count: 8,
        width: 0.0,
    },
    Shape::Cluster {
        at: 90,
        count: 12,
        width: 1e-4,
    },
    Shape::Deficient(0.5),
    Shape::Deficient(0.1),
    Shape::Toeplitz,
    Shape::Blocks,
];

/// The change that is made to the base.
#[derive(Debug, Clone, Copy)]
pub enum Update {
    /// A rank-one update whose two sides have this cosine with a base vector.
    Aligned {
        at: usize,
        cosine: f64,
        strength: f64,
    },
    /// Between a base vector and the next.
    Neighbours {
        at: usize,
        strength: f64,
    },
    LowRank(usize),
    Noise(f64),
    /// One singular value made as large as the largest, times this.
    Boost {
        at: usize,
        by: f64,
    },
    /// Low rank and noise together.
    Mixed,
}

impl Update {
    /// True of those that an adapter can hold.
    fn rank(self) -> Option<usize> {
        match self {
            Update::Aligned { .. } | Update::Neighbours { .. } | Update::Boost { .. } => Some(1),
            Update::LowRank(r) => Some(r),
            Update::Noise(_) | Update::Mixed => None,
        }
    }
}

pub struct Made {
    pub label: String,
    pub case: Case,
    pub class: &'static str,
    /// The base or the tuned matrix has vectors of equal strength.
    pub tied: bool,
}

/// The case of a seed: a shape, an update, a form, adapters or a dense matrix.
pub fn made(seed: u64, sizes: &[usize]) -> Made {
    let mut random = normal(seed.wrapping_mul(0x9e37_79b9).wrapping_add(17));
    let mut uniform = {
        let mut next = normal(seed ^ 0x5bd1_e995);
        move || ((next() * 1e3).rem_euclid(1.0)).min(0.999_999)
    };
    let mut pick = |n: usize| (uniform() * n as f64) as usize;
    let shape = SHAPES[pick(SHAPES.len())];
    let short = sizes[pick(sizes.len())];
    let long = [short, short, short + short / 3, 2 * short][pick(4)];
    let tall = pick(2) == 0;
    let depths = [
        0,
        1,
        4,
        9,
        10,
        15,
        20,
        25,
        28,
        30,
        31,
        32,
        33,
        35,
        40,
        45,
        60,
        63,
        64,
        70,
        95,
        96,
        97,
        110,
        short / 2,
        short - 2,
    ];
    let at = depths[pick(depths.len())].min(short - 2);
    let cosine = [0.9, 0.8, 0.52, 0.5, 0.48, 0.3, 1.0][pick(7)];
    let strength = [0.3, 1.0, 1.5, 5.0][pick(4)];
    let update = match pick(7) {
        0 | 1 => Update::Aligned { at, cosine, strength },
        2 => Update::Neighbours { at, strength },
        3 => Update::LowRank([1, 2, 4, 16][pick(4)]),
        4 => Update::Noise([1e-4, 0.02, 0.3][pick(3)]),
        5 => Update::Boost {
            at: [at, short / 2, short - 1][pick(3)],
            by: [0.5, 1.0, 1.001, 2.0][pick(4)],
        },
        _ => Update::Mixed,
    };
    let dense = update.rank().is_none() || pick(3) == 0;
    let several = !dense && pick(4) == 0;
    build(seed, shape, short, long, tall, update, dense, several, &mut random)
}

/// A power law and an adapter of rank one whose sides have cosine 0.8 with base vector `at`.
pub fn aligned(n: usize, at: usize) -> Made {
    let update = Update::Aligned {
        at,
        cosine: 0.8,
        strength: 1.5,
    };
    build(1, Shape::Power(0.7), n, n, false, update, false, false, &mut normal(1))
}

/// A cluster among the leading values, and a middle vector made the strongest.
pub fn boosted_middle() -> Made {
    let (shape, update) = (
        Shape::Cluster {
            at: 8,
            count: 6,
            width: 1e-5,
        },
        Update::Boost { at: 75, by: 2.0 },
    );
    build(2, shape, 150, 330, false, update, true, false, &mut normal(2))
}

#[allow(clippy::too_many_arguments)]
fn build(
    seed: u64,
    shape: Shape,
    short: usize,
    long: usize,
    tall: bool,
    update: Update,
    dense: bool,
    several: bool,
    random: &mut impl FnMut() -> f64,
) -> Made {
    let (u, v, sigma, w0) = base(shape, short, long, random);
    let first = change(&u, &v, &sigma, update, random);
    let mut changes = vec![first];
    if several {
        changes.push(change(&u, &v, &sigma, Update::LowRank(3), random));
        changes.push(change(
            &u,
            &v,
            &sigma,
            Update::Aligned {
                at: (short / 3).min(30),
                cosine: 0.7,
                strength: 2.0,
            },
            random,
        ));
    }
    let label = format!(
        "seed {seed}: {shape:?} {short} x {long}{} {update:?}{}{}",
        if tall { " tall" } else { "" },
        if dense { " dense" } else { "" },
        if several { " several" } else { "" }
    );
    let turn = |m: &DMatrix<f64>| if tall { m.transpose() } else { m.clone() };
    let tuned: Vec<(DMatrix<f64>, Option<DMatrix<f64>>)> = changes
        .into_iter()
        .map(|(b, a)| match a {
            Some(a) if !dense => {
                if tall {
                    (a.transpose(), Some(b.transpose()))
                } else {
                    (b, Some(a))
                }
            }
            Some(a) => (turn(&(&w0 + b * a)), None),
            None => (turn(&(&w0 + b)), None),
        })
        .collect();
    let tied = matches!(
        shape,
        Shape::Steps(_) | Shape::Deficient(_) | Shape::Cluster { width: ..1e-5, .. } | Shape::Blocks
    ) || matches!(update, Update::Boost { by: 1.0, .. })
        || boosted_onto_another(&sigma, update);
    let class = match update {
        _ if matches!(shape, Shape::Outlier(by) if by > 100.0) => "lost in f32",
        Update::Aligned { .. } => "aligned",
        Update::Neighbours { .. } => "neighbours",
        Update::LowRank(_) => "low rank",
        Update::Noise(_) => "noise",
        Update::Boost { .. } => "boosted",
        Update::Mixed => "mixed",
    };
    Made {
        label,
        case: case_of(&turn(&w0), &tuned),
        class,
        tied,
    }
}

/// The value that is boosted becomes as large as one that is there.
fn boosted_onto_another(sigma: &DVector<f64>, update: Update) -> bool {
    let Update::Boost { at, by } = update else { return false };
    sigma
        .iter()
        .enumerate()
        .any(|(i, s)| i != at && (s / (by * sigma[0]) - 1.0).abs() < 1e-6)
}

/// Left and right vectors, values, and their product: `[short, long]`.
fn base(
    shape: Shape,
    n: usize,
    long: usize,
    random: &mut impl FnMut() -> f64,
) -> (DMatrix<f64>, DMatrix<f64>, DVector<f64>, DMatrix<f64>) {
    let dense = |m: DMatrix<f64>| {
        let svd = m.clone().svd(true, true);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| svd.singular_values[*b].total_cmp(&svd.singular_values[*a]));
        let (u, v_t) = (svd.u.unwrap(), svd.v_t.unwrap());
        let pick = |i: usize| order[i];
        let sigma = DVector::from_fn(n, |i, _| svd.singular_values[pick(i)]);
        (
            DMatrix::from_fn(n, n, |r, c| u[(r, pick(c))]),
            DMatrix::from_fn(long, n, |r, c| v_t[(pick(c), r)]),
            sigma,
            m,
        )
    };
    match shape {
        Shape::Noise if n <= 300 => return dense(DMatrix::from_fn(n, long, |_, _| random())),
        Shape::Toeplitz if n <= 300 => {
            let line: Vec<f64> = (0..n + long)
                .map(|k| random() * (-((k as f64 - n as f64).abs()) / 12.0).exp())
                .collect();
            return dense(DMatrix::from_fn(n, long, |i, j| line[n + j - i]));
        }
        _ => {}
    }
    let value = |i: usize| {
        let x = i as f64;
        match shape {
            Shape::Power(p) => (1.0 + x).powf(-p),
            Shape::Geometric(q) => q.powf(x),
            Shape::Slope(s) => 1.0 - s * x / n as f64,
            Shape::Noise | Shape::Toeplitz => 2.0 - 1.8 * x / n as f64,
            Shape::Steps(every) => 0.5f64.powi((i / every) as i32),
            Shape::Outlier(by) => match i {
                0 => by,
                1 => by * 0.1 + 1.0,
                _ => (1.0 + x).powf(-0.4),
            },
            Shape::Cluster { at, count, width } => {
                let start = 0.97f64.powi(at as i32);
                if (at..at + count).contains(&i) {
                    start * (1.0 - width * (i - at) as f64 / count as f64)
                } else if i < at {
                    0.97f64.powf(x)
                } else {
                    start * 0.97f64.powf(x - (at + count) as f64 + 1.0)
                }
            }
            Shape::Deficient(part) => {
                if x >= part * n as f64 {
                    0.0
                } else {
                    0.96f64.powf(x)
                }
            }
            Shape::Blocks => 0.95f64.powi((i / 2) as i32),
            Shape::OneHot => 0.98f64.powf(x),
        }
    };
    let sigma = DVector::from_fn(n, |i, _| value(i));
    let (u, v) = match shape {
        Shape::OneHot => (DMatrix::identity(n, n), DMatrix::identity(long, n)),
        _ => (frame(n, n, random), frame(long, n, random)),
    };
    let mut left = u.clone();
    left.column_iter_mut().zip(sigma.iter()).for_each(|(mut c, s)| c *= *s);
    let w0 = left * v.transpose();
    (u, v, sigma, w0)
}

/// B and A, or a dense change and none.
fn change(
    u: &DMatrix<f64>,
    v: &DMatrix<f64>,
    sigma: &DVector<f64>,
    update: Update,
    random: &mut impl FnMut() -> f64,
) -> (DMatrix<f64>, Option<DMatrix<f64>>) {
    let (n, long, top) = (u.nrows(), v.nrows(), sigma[0]);
    let mut unit = |length: usize| DVector::from_fn(length, |_, _| random()).normalize();
    let mut near = |x: &DMatrix<f64>, at: usize, cosine: f64| {
        let mut other = unit(x.nrows());
        other -= x.column(at) * x.column(at).dot(&other);
        x.column(at) * cosine + other.normalize() * (1.0 - cosine * cosine).max(0.0).sqrt()
    };
    let one = |b: DVector<f64>, a: DVector<f64>, by: f64| {
        (
            DMatrix::from_columns(&[b * by]),
            Some(DMatrix::from_rows(&[a.transpose()])),
        )
    };
    match update {
        Update::Aligned { at, cosine, strength } => {
            let (b, a) = (near(u, at, cosine), near(v, at, cosine));
            one(b, a, strength * top)
        }
        Update::Neighbours { at, strength } => {
            let next = (at + 1).min(n - 1);
            let mix = |x: &DMatrix<f64>| (x.column(at) * 0.8 + x.column(next) * 0.6).normalize();
            one(mix(u), mix(v), strength * top)
        }
        Update::LowRank(r) => {
            let b = DMatrix::from_fn(n, r, |_, k| random() / (n as f64).sqrt() * top * 1.5 / (1.0 + k as f64));
            let a = DMatrix::from_fn(r, long, |_, _| random() / (long as f64).sqrt());
            (b, Some(a))
        }
        Update::Noise(by) => (
            DMatrix::from_fn(n, long, |_, _| random() * by * top / (long as f64).sqrt()),
            None,
        ),
        Update::Boost { at, by } => one(
            u.column(at).into_owned(),
            v.column(at).into_owned(),
            by * top - sigma[at],
        ),
        Update::Mixed => {
            let (b, a) = (unit(n), unit(long));
            let noise = DMatrix::from_fn(n, long, |_, _| random() * 0.02 * top / (long as f64).sqrt());
            (b * a.transpose() * (1.3 * top) + noise, None)
        }
    }
}

/// Orthonormal columns: of a random matrix, or, where that would take long, reflections of the axes.
fn frame(rows: usize, cols: usize, random: &mut impl FnMut() -> f64) -> DMatrix<f64> {
    if rows <= 200 {
        return DMatrix::from_fn(rows, cols, |_, _| random()).qr().q();
    }
    let mut q = DMatrix::identity(rows, cols);
    for _ in 0..12 {
        let h = DVector::from_fn(rows, |_, _| random()).normalize();
        let along = q.tr_mul(&h);
        q -= h * along.transpose() * 2.0;
    }
    q
}
