//! The arms as changes: every one is a share of D, and a product of few columns beside it.

use super::patient::Patient;
use crate::linalg::{Precise, SplitMix, View, product};
use crate::report::surgery::{Arm, Cut};

/// share D + left right^T.
#[derive(Debug, Clone)]
pub struct Edit {
    pub share: f64,
    /// `[out, columns]`.
    pub left: Precise,
    /// `[in, columns]`.
    pub right: Precise,
}

impl Edit {
    fn none(patient: &Patient) -> Edit {
        Edit::shrunk(patient, 1.0)
    }

    fn shrunk(patient: &Patient, share: f64) -> Edit {
        let (rows, cols) = patient.shape();
        Edit {
            share,
            left: Precise::zeros(rows, 0),
            right: Precise::zeros(cols, 0),
        }
    }

    fn times(mut self, factor: f64) -> Edit {
        self.share *= factor;
        self.left *= factor;
        self
    }

    /// The change of one arm at one lambda. `chosen`: vectors of W, from 0, all of them known to the patient.
    pub fn of(patient: &Patient, arm: Arm, lambda: f64, chosen: &[u32], cut: &Cut) -> Edit {
        let whole = patient.norm();
        let nothing = chosen.is_empty() || lambda == 1.0 || whole == 0.0;
        match arm {
            Arm::Trained => Edit::none(patient),
            Arm::Projected => projected(patient, cut.k as usize),
            _ if nothing => Edit::none(patient),
            Arm::Scaled => scaled(patient, lambda, chosen),
            Arm::Shrunk => Edit::shrunk(patient, patient.norm_of(&scaled(patient, lambda, chosen)) / whole),
            Arm::Restored => {
                let edit = scaled(patient, lambda, chosen);
                let norm = patient.norm_of(&edit);
                if norm > 0.0 { edit.times(whole / norm) } else { edit }
            }
            Arm::Random => {
                let norm = patient.norm_of(&scaled(patient, lambda, chosen));
                random(patient, norm, chosen, cut.seed)
            }
        }
    }
}

/// (lambda - 1) sum sigma_j u_j v_j^T.
fn scaled(patient: &Patient, lambda: f64, chosen: &[u32]) -> Edit {
    let w = patient.tuned();
    let columns: Vec<usize> = chosen.iter().map(|j| *j as usize).collect();
    let mut left = w.left.select_columns(&columns);
    for (mut column, j) in left.column_iter_mut().zip(&columns) {
        column *= (lambda - 1.0) * w.sigma[*j];
    }
    Edit {
        share: 1.0,
        left,
        right: w.right.select_columns(&columns),
    }
}

/// (I - U_k U_k^T) D (I - V_k V_k^T) = D - U_k (U_k^T D) - (D V_k - U_k (U_k^T D V_k)) V_k^T.
fn projected(patient: &Patient, k: usize) -> Edit {
    let (u, v) = patient.base(k);
    let (to, from) = (patient.back(&u), patient.image(&v));
    let inside = &from - &u * u.tr_mul(&from);
    let k = u.ncols();
    let (rows, cols) = patient.shape();
    let (mut left, mut right) = (Precise::zeros(rows, 2 * k), Precise::zeros(cols, 2 * k));
    left.columns_mut(0, k).copy_from(&-u);
    left.columns_mut(k, k).copy_from(&-inside);
    right.columns_mut(0, k).copy_from(&to);
    right.columns_mut(k, k).copy_from(&v);
    Edit {
        share: 1.0,
        left,
        right,
    }
}

/// D - t A (A^T D B) B^T: the least number of random directions, at least as many as were chosen, that hold what the edit takes at any
/// lambda up to 1; then t is the same question for every lambda, and curves over lambda have no steps.
///
/// |D - t A M B^T|^2 = |D|^2 - (2 t - t^2) |M|^2 with M = A^T D B; a longer change asks for t < 0. Where the directions of a large change that
/// are known hold less than that, the rest of the norm is shrunk away.
fn random(patient: &Patient, norm: f64, chosen: &[u32], seed: u32) -> Edit {
    let own = patient.own();
    let rank = patient.rank();
    let (a, b) = (turn(rank, u64::from(seed)), turn(rank, u64::from(seed) ^ 0x5eed));
    // M for all directions: those of the first d are its leading block.
    let strengths = Precise::from_fn(rank, rank, |i, j| own.sigma[i] * b[(i, j)]);
    let all: Precise = product(View::from(&a).t(), &strengths);
    let energy = |d: usize| all.view((0, 0), (d, d)).norm_squared();
    let whole = patient.norm().powi(2);
    let most = whole - patient.least(chosen);
    let first = chosen.len().clamp(1, rank);
    let d = (first..=rank).find(|d| energy(*d) >= most).unwrap_or(rank);
    let taken = (whole - norm * norm) / energy(d);
    let t = 1.0 - (1.0 - taken).max(0.0).sqrt();
    let m = all.view((0, 0), (d, d));
    let edit = Edit {
        share: 1.0,
        left: own.left.columns(0, rank) * (a.columns(0, d) * m) * -t,
        right: own.right.columns(0, rank) * b.columns(0, d),
    };
    if taken <= 1.0 {
        return edit;
    }
    let left = patient.norm_of(&edit);
    if left > 0.0 { edit.times(norm / left) } else { edit }
}

/// A random rotation: the Q of a QR whose R has a positive diagonal, of standard normal numbers.
fn turn(n: usize, seed: u64) -> Precise {
    let mut stream = SplitMix(seed);
    let (mut q, r) = Precise::from_fn(n, n, |_, _| stream.normals()[0]).qr().unpack();
    let signs = r.diagonal();
    q.column_iter_mut()
        .zip(signs.iter())
        .for_each(|(mut column, sign)| column *= sign.signum());
    q
}
