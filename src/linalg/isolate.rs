//! Isolation of the eigenvalues of A = W W^T above an edge: their number, an interval for each, and how far known vectors are turned from the
//! true ones.
//!
//! Let X be orthonormal with A X = X Theta + R, q of its columns, and let B = P A P (P takes X out) have no eigenvalue above `edge`. In the
//! basis of X and its complement A is [[Theta, R^T], [R, B]].
//!
//! **How many.** For t > edge the number of A's eigenvalues above t is that of Theta - t + R^T (t - B)^-1 R (Haynsworth 1968, inertia of the
//! Schur complement), at most that of M - t with M = Theta + R^T R / (t - edge), because (t - B)^-1 <= 1 / (t - edge). For every larger t
//! M is smaller, so the i-th eigenvalue of A, where it is above t, is at most M's: mu_i. And it is at least theta_i (Cauchy).
//! So if q values theta are above t and mu_{q + 1} is not, A has exactly q eigenvalues above t, the i-th in [theta_i, mu_i].
//!
//! **How far.** Take neighbours i in a group G. All other eigenvalues are at least theta_{first - 1} above or at most mu_{last + 1} (or t)
//! below. With the gap between them and the group's own theta, the sine of the largest angle between span X_G and the group's true
//! eigenspace is at most |R_G| / gap (Davis and Kahan 1970).

use super::NoConvergence;
use super::invariant::Side;
use super::symmetric::eigen;
use std::ops::Range;

/// Neighbours whose vectors may be turned further than this among themselves are taken together. Any value is right; larger groups say less
/// of each vector, smaller ones are less certain.
const TURNED: f64 = 0.1;

/// Counts that are tried, those above the widest gaps, and the largest.
const CANDIDATES: usize = 4;

/// The eigenvalues above `edge`, in groups whose spaces are known.
#[derive(Debug)]
pub struct Isolated {
    pub groups: Vec<Group>,
    /// No eigenvalue but those of the groups lies above this.
    pub edge: f64,
}

/// Neighbouring eigenvalues.
#[derive(Debug, Clone)]
pub struct Group {
    pub members: Range<usize>,
    /// The least distance from their thetas to all other eigenvalues.
    pub gap: f64,
}

impl Group {
    /// The largest angle between the known space of one side and the true one, at most; `residual` is that side's.
    pub fn angle(&self, residual: &[f64]) -> f64 {
        let off = residual[self.members.clone()].iter().map(|r| r * r).sum::<f64>().sqrt();
        (off / self.gap).min(1.0).asin()
    }
}

/// Isolates the eigenvalues by `theta`, descending, with the vectors of the short side. `edge`: no eigenvalue of B is above.
pub fn isolate(theta: &[f64], side: &Side, edge: f64) -> Result<Isolated, NoConvergence> {
    let residual = &side.residual;
    let above = theta.iter().take_while(|t| **t > edge).count();
    // Every q that passes is right; a wide gap below it says most.
    let gap = |q: usize| theta[q - 1] / theta.get(q).copied().unwrap_or(0.0).max(edge).max(f64::MIN_POSITIVE);
    let mut candidates: Vec<usize> = (1..=above).collect();
    candidates.sort_by(|a, b| gap(*b).total_cmp(&gap(*a)));
    candidates.truncate(CANDIDATES);
    candidates.extend((above > 0).then_some(above));
    let mut best = Isolated {
        groups: Vec::new(),
        edge: f64::INFINITY,
    };
    for q in candidates {
        let t = 0.5 * (edge + theta[q - 1]);
        let mut m = &side.products / (t - edge);
        // The products are as inexact as the residuals, and M's values as all that is computed.
        let most = residual.iter().fold(0.0, |most: f64, r| most.max(*r));
        let inexact = (theta.len() as f64 * 2.0 * most * side.rounding) / (t - edge)
            + 1e-13 * (theta[0] + most * most / (t - edge));
        for (i, theta) in theta.iter().enumerate() {
            m[(i, i)] = theta + residual[i].powi(2) / (t - edge) + inexact;
        }
        if !m.iter().all(|x| x.is_finite()) {
            continue;
        }
        let mu = eigen(&m)?.0;
        if mu.get(q).is_none_or(|mu| *mu < t) {
            let found = groups(&theta[..q], &mu, residual, t);
            if (found.known(), -found.edge) > (best.known(), -best.edge) {
                best = found;
            }
        }
    }
    Ok(best)
}

impl Isolated {
    /// The number of eigenvalues in groups.
    pub fn known(&self) -> usize {
        self.groups.last().map_or(0, |g| g.members.end)
    }
}

/// The first q values in groups. The last of them may be too near to what lies below to say anything of: then they join that.
fn groups(theta: &[f64], mu: &[f64], residual: &[f64], t: f64) -> Isolated {
    let mut groups: Vec<Range<usize>> = (0..theta.len()).map(|i| i..i + 1).collect();
    let gaps = |members: &Range<usize>| {
        let above = members
            .start
            .checked_sub(1)
            .map_or(f64::INFINITY, |i| theta[i] - theta[members.start]);
        let next = if members.end < theta.len() {
            mu[members.end].max(t)
        } else {
            t
        };
        (above, theta[members.end - 1] - next)
    };
    let sine = |members: &Range<usize>| {
        let off = residual[members.clone()].iter().map(|r| r * r).sum::<f64>().sqrt();
        let (above, below) = gaps(members);
        let gap = above.min(below);
        if gap > off { off / gap } else { 1.0 }
    };
    // The most turned one joins its nearer neighbour, until none is turned far.
    let worst = |groups: &[Range<usize>]| {
        let all = groups.iter().map(&sine).enumerate();
        all.filter(|(_, s)| *s > TURNED)
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(i, _)| i)
    };
    while let Some(i) = worst(&groups) {
        let (above, below) = gaps(&groups[i]);
        if i + 1 == groups.len() && below <= above {
            groups.pop();
        } else {
            let upper = if above <= below { i - 1 } else { i };
            groups[upper].end = groups[upper + 1].end;
            groups.remove(upper + 1);
        }
    }
    let end = groups.last().map_or(0, |g| g.end);
    let edge = if end < theta.len() { mu[end].max(t) } else { t };
    let group = |members: Range<usize>| {
        let (above, below) = gaps(&members);
        Group {
            gap: above.min(below),
            members,
        }
    };
    Isolated {
        groups: groups.into_iter().map(group).collect(),
        edge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    #[test]
    fn values_beside_an_edge_stand_alone_ties_together() {
        let theta = [9.0, 5.0, 5.0 - 1e-9, 2.0];
        let products = DMatrix::from_diagonal_element(4, 4, 1e-6);
        let side = Side {
            x: DMatrix::identity(9, 4),
            residual: vec![1e-3; 4],
            products,
            rounding: 1e-12,
        };
        let isolate = |edge| isolate(&theta, &side, edge);
        let found = isolate(1.0).unwrap();
        assert_eq!(
            found.groups.iter().map(|g| g.members.clone()).collect::<Vec<_>>(),
            [0..1, 1..3, 3..4]
        );
        assert!(found.groups[0].angle(&side.residual) < 3e-4 && found.edge == 1.5);
        // An eigenvalue that may lie right below the edge leaves the last one open.
        let found = isolate(2.0 - 1e-12).unwrap();
        assert_eq!(found.groups.last().unwrap().members, 1..3);
        assert!(isolate(10.0).unwrap().groups.is_empty());
    }
}
