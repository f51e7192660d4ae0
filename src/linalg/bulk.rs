//! The bulk of a spectrum without a decomposition: stochastic Lanczos quadrature (Ubaru, Chen, Saad 2017) beside the leading vectors, which are
//! known and kept out.
//!
//! What is asked of the bulk are sums of z / (z^2 - s^2) from a z among the leading values on. There the values next to z weigh most, so those are
//! not left to chance; behind them the sum is smooth, and a few probes know it to some thousandths.

use super::NoConvergence;
use super::compare::Settled;
use super::lanczos::Lanczos;
use super::orthonormal::random;
use super::view::View;

/// Random starts, and the steps from each: with the leading vectors out, twice as many steps change nothing that the starts do not hide.
const PROBES: usize = 6;
const STEPS: usize = 16;
/// No other random numbers of a base begin here.
const SEED: u64 = 11;
/// A leading vector whose residual is a larger part of its own square is left to the bulk: what it leaks is of second order in this.
const KNOWN: f64 = 1e-2;

/// The singular values behind the leading ones as a measure.
pub struct Bulk {
    /// The number of leading values that it leaves out.
    pub leading: usize,
    /// Nodes and how many values each stands for, one list per probe; each list stands for all of them.
    pub probes: Vec<Vec<(f64, f64)>>,
}

/// The bulk of the base that `known` was settled for.
pub fn bulk(w0: View, known: &Settled) -> Result<Bulk, NoConvergence> {
    let w0 = if w0.rows() > w0.cols() { w0.t() } else { w0 };
    let (base, n) = (&known.base, w0.rows());
    let settled = |j: &usize| *j < known.window || base.residual[*j] <= KNOWN * base.theta[*j];
    let leading = (0..base.short.ncols()).take_while(settled).count();
    let kept_out = base.short.columns(0, leading).map(f64::from).qr().q();
    let mut starts = random(n, PROBES, SEED).map(f64::from);
    for _ in 0..2 {
        starts -= &kept_out * kept_out.tr_mul(&starts);
    }
    let mut lanczos: Lanczos<f32> = Lanczos::new(w0, &starts, &kept_out);
    for _ in 0..STEPS.min(lanczos.room()) {
        lanczos.step();
    }
    let count = (n - leading) as f64;
    let values = |(x, weight): (f64, f64)| (x.max(0.0).sqrt(), weight * count);
    let probes = lanczos
        .runs
        .iter()
        .map(|run| Ok(run.quadrature()?.into_iter().map(values).collect()));
    Ok(Bulk {
        leading,
        probes: probes.collect::<Result<_, _>>()?,
    })
}
