//! Pairs of matrices with a chosen spectrum, as files would hold them.

use lorascope::checkpoint::Dtype;
use lorascope::methods::METHODS;
use lorascope::plan::job::{Job, Recipe, Scale, TensorRef};
use lorascope::report::Kind;
use nalgebra::DMatrix;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spectrum {
    PowerLaw,
    Flat,
    /// Leading values 1 % apart, then a bulk.
    Close,
    Deficient,
    /// Pairs of equal values.
    Tied,
}

impl Spectrum {
    pub const ALL: [Spectrum; 5] = [
        Spectrum::PowerLaw,
        Spectrum::Flat,
        Spectrum::Close,
        Spectrum::Deficient,
        Spectrum::Tied,
    ];

    /// Every vector is well defined: a null space, like a tie, has no vectors of its own.
    pub fn separated(self) -> bool {
        !matches!(self, Spectrum::Tied | Spectrum::Deficient)
    }

    fn value(self, i: usize, n: usize) -> f64 {
        match self {
            Spectrum::PowerLaw => (1.0 + i as f64).powf(-0.5),
            Spectrum::Flat => 1.0 - 0.8 * i as f64 / n as f64,
            Spectrum::Close => 0.99f64.powi(i as i32),
            Spectrum::Deficient if i >= n / 2 => 0.0,
            Spectrum::Deficient => 0.97f64.powi(i as i32),
            Spectrum::Tied => 0.9f64.powi(i as i32 / 2),
        }
    }
}

pub struct Case {
    pub job: Job,
    pub bytes: Vec<Vec<u8>>,
}

/// A base of this spectrum and one fine-tune: dense, or an adapter of a rank; some of its directions stand out.
pub fn case(seed: u64, spectrum: Spectrum, rows: usize, cols: usize, rank: Option<usize>) -> Case {
    let mut random = normal(seed * 7919 + rows as u64 * 31 + cols as u64 * 17 + rank.unwrap_or(0) as u64);
    let n = rows.min(cols);
    let (u, v) = (frame(rows, n, &mut random), frame(cols, n, &mut random));
    let mut w0 = vec![0.0f64; rows * cols];
    for k in 0..n {
        let s = spectrum.value(k, n);
        for i in 0..rows {
            for j in 0..cols {
                w0[i * cols + j] += s * u[k][i] * v[k][j];
            }
        }
    }
    let r = rank.unwrap_or(3);
    let b: Vec<f64> = (0..rows * r)
        .map(|at| random() / (rows as f64).sqrt() * (1.6 / (1.0 + (at % r) as f64)))
        .collect();
    let a: Vec<f64> = (0..r * cols).map(|_| random() / (cols as f64).sqrt()).collect();
    let shape = |rows: usize, cols: usize| vec![rows as u64, cols as u64];
    let (tuned, mut bytes) = match rank {
        Some(_) => (
            lora(tensor("a", shape(r, cols)), tensor("b", shape(rows, r))),
            vec![stored(&a), stored(&b)],
        ),
        None => {
            let mut w = w0.clone();
            for i in 0..rows {
                for j in 0..cols {
                    let strong: f64 = (0..r).map(|k| b[i * r + k] * a[k * cols + j]).sum();
                    w[i * cols + j] += 0.6 * strong + 0.02 * random() / (cols as f64).sqrt();
                }
            }
            (Recipe::Replace(tensor("w", shape(rows, cols))), vec![stored(&w)])
        }
    };
    bytes.insert(0, stored(&w0));
    let base = tensor("layers.0.q.weight", shape(rows, cols));
    let job = Job {
        base,
        layer: Some(0),
        kind: None,
        rows: rows as u32,
        cols: cols as u32,
        transposed: false,
        lines: None,
        tuned: vec![(0, tuned)],
        follows: vec![None],
    };
    Case { job, bytes }
}

/// A base and fine-tunes of it, dense or as the factors B and A.
pub fn case_of(w0: &DMatrix<f64>, tuned: &[(DMatrix<f64>, Option<DMatrix<f64>>)]) -> Case {
    let rows = |m: &DMatrix<f64>| stored(m.transpose().as_slice());
    let shape = |m: &DMatrix<f64>| vec![m.nrows() as u64, m.ncols() as u64];
    let mut bytes = vec![rows(w0)];
    let mut recipes = Vec::new();
    for (at, (b, a)) in tuned.iter().enumerate() {
        let recipe = match a {
            Some(a) => {
                bytes.extend([rows(a), rows(b)]);
                lora(tensor("a", shape(a)), tensor("b", shape(b)))
            }
            None => {
                bytes.push(rows(b));
                Recipe::Replace(tensor("w", shape(b)))
            }
        };
        recipes.push((at as u32, recipe));
    }
    let job = Job {
        base: tensor("layers.0.q.weight", shape(w0)),
        layer: Some(0),
        kind: None,
        rows: w0.nrows() as u32,
        cols: w0.ncols() as u32,
        transposed: false,
        lines: None,
        follows: vec![None; tuned.len()],
        tuned: recipes,
    };
    Case { job, bytes }
}

/// A base of this spectrum and checkpoints W0 + lambda u v^T of one run, one a lambda, with random unit u and v.
pub fn run(spectrum: Spectrum, rows: usize, cols: usize, lambdas: &[f64]) -> Case {
    let Case { mut job, mut bytes } = case(1, spectrum, rows, cols, None);
    let mut random = normal(rows as u64 * 13 + cols as u64);
    let (u, v) = (
        frame(rows, 1, &mut random).remove(0),
        frame(cols, 1, &mut random).remove(0),
    );
    let w0: Vec<f64> = bytes[0]
        .as_chunks::<4>()
        .0
        .iter()
        .map(|x| f64::from(f32::from_le_bytes(*x)))
        .collect();
    bytes.truncate(1);
    bytes.extend(lambdas.iter().map(|lambda| {
        let w: Vec<f64> = (0..rows * cols)
            .map(|at| w0[at] + lambda * u[at / cols] * v[at % cols])
            .collect();
        stored(&w)
    }));
    let recipe = job.tuned.remove(0).1;
    job.tuned = (0..lambdas.len() as u32).map(|model| (model, recipe.clone())).collect();
    job.follows = (0..lambdas.len()).map(|place| place.checked_sub(1)).collect();
    Case { job, bytes }
}

/// The leading left singular vectors of a matrix by rows, by one-sided Jacobi rotations of its transpose.
pub fn left_vectors(bytes: &[u8], rows: usize, cols: usize, count: usize) -> Vec<Vec<f64>> {
    let w: Vec<f64> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|x| f64::from(f32::from_le_bytes(*x)))
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // The columns of W turn until they are orthogonal: then they are u_j sigma_j.
    let mut columns: Vec<Vec<f64>> = (0..cols)
        .map(|j| (0..rows).map(|i| w[i * cols + j]).collect())
        .collect();
    for _ in 0..30 {
        for p in 0..cols {
            for q in p + 1..cols {
                let (a, b, c) = (
                    dot(&columns[p], &columns[p]),
                    dot(&columns[q], &columns[q]),
                    dot(&columns[p], &columns[q]),
                );
                if c.abs() <= 1e-14 * (a * b).sqrt() {
                    continue;
                }
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cos = 1.0 / (1.0 + t * t).sqrt();
                let (before, after) = columns.split_at_mut(q);
                for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
                    (*x, *y) = (cos * (*x - t * *y), cos * (t * *x + *y));
                }
            }
        }
    }
    columns.sort_by(|a, b| dot(b, b).total_cmp(&dot(a, a)));
    let unit = |column: Vec<f64>| {
        let norm = dot(&column, &column).sqrt();
        column.into_iter().map(|x| x / norm).collect()
    };
    columns.into_iter().take(count).map(unit).collect()
}

fn tensor(name: &str, shape: Vec<u64>) -> TensorRef {
    let end = shape.iter().product::<u64>() * 4;
    TensorRef {
        file: 0,
        name: name.into(),
        dtype: Dtype::F32,
        shape,
        begin: 0,
        end,
        by_columns: false,
        columns: None,
        rows: None,
        packing: None,
    }
}

fn stored(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect()
}

/// Orthonormal columns: Gram and Schmidt, twice.
fn frame(length: usize, count: usize, random: &mut impl FnMut() -> f64) -> Vec<Vec<f64>> {
    let mut frame: Vec<Vec<f64>> = Vec::new();
    while frame.len() < count {
        let mut x: Vec<f64> = (0..length).map(|_| random()).collect();
        for _ in 0..2 {
            for q in &frame {
                let dot: f64 = q.iter().zip(&x).map(|(a, b)| a * b).sum();
                x.iter_mut().zip(q).for_each(|(x, q)| *x -= dot * q);
            }
        }
        let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
        frame.push(x.into_iter().map(|x| x / norm).collect());
    }
    frame
}

/// splitmix64 and Box-Muller.
pub fn normal(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    move || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

fn lora(a: TensorRef, b: TensorRef) -> Recipe {
    let method = METHODS
        .iter()
        .copied()
        .find(|m| m.kind == Kind::Lora)
        .expect("LoRA is a method");
    Recipe::Adapted {
        method,
        parts: vec![("lora_A", a), ("lora_B", b)],
        scale: Scale::Known(1.0),
        alpha: None,
        turned: false,
    }
}
