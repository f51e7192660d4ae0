//! The certified comparison: leading vectors of W and W0, their cosines, and a bound for all that was not computed.

use super::best::{Question, SideMatch, known, sides};
use super::leading::{BEYOND, Leading, Tune, Turned, adapted, base, dense, groups};
use super::view::View;
use super::{Matrix, NoConvergence};

/// Leading vectors of one W against the base.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Leading singular values, as many as were settled.
    pub sigma_base: Vec<f32>,
    pub sigma_tuned: Vec<f32>,
    pub left: Option<SideMatch>,
    pub right: Option<SideMatch>,
    /// The leading left vectors of W.
    pub vectors: Matrix,
    /// max_j ||W W^T u_j - s_j^2 u_j|| / (s_j s_1) over the vectors asked for.
    pub residual: f64,
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
    let compared = |(i, l): (usize, Leading)| Compared {
        sigma_base: base.sigma.iter().map(|s| *s as f32).collect(),
        sigma_tuned: l.sigma.iter().map(|s| *s as f32).collect(),
        left: side(&left, i),
        right: side(&right, i),
        residual: (0..question.k.min(l.sigma.len())).map(|j| l.residual[j] / (l.sigma[j] * l.sigma[0])).fold(0.0, f64::max),
        vectors: if turned { l.long } else { l.short },
    };
    Ok(leading.into_iter().enumerate().map(compared).collect())
}
