//! PiSSA, MiLoRA, OLoRA: the parts of W that their initialisations take out of a base.

use super::exact::thin_svd;
use super::leading;
use super::orthonormal::orthonormal;
use super::product::product;
use super::view::View;
use super::{Matrix, NoConvergence};

/// The shorter side above which the leading vectors come from a Krylov basis.
const WHOLE: usize = 1024;

/// U_r S_r V_r^T as a product `[out, r]` times `[r, in]`.
///
/// One orthonormal side is enough: the part is the projection of W on it.
pub fn leading_part(w: View, rank: usize) -> Result<(Matrix, Matrix), NoConvergence> {
    let turned = w.rows() > w.cols();
    let flat = if turned { w.t() } else { w };
    let rank = rank.min(flat.rows());
    let short = if flat.rows() <= WHOLE {
        thin_svd(flat)?.short_vectors(rank)
    } else {
        leading::base(flat, rank)?.short.columns(0, rank).into_owned()
    };
    let other: Matrix = product(View::from(&short).t(), flat);
    Ok(if turned {
        (other.transpose(), short.transpose())
    } else {
        (short, other)
    })
}

/// Q_r R_r of W = Q R with the first `rank` columns of Q, as a product `[out, r]` times `[r, in]`.
///
/// Only the space of Q_r counts: it is that of W's first columns, and R_r = Q_r^T W.
pub fn first_columns(w: View, rank: usize) -> Result<(Matrix, Matrix), NoConvergence> {
    let whole = w.matrix();
    let q = orthonormal(&whole.columns(0, rank.min(whole.ncols())).into_owned())?;
    let r = product(View::from(&q).t(), w);
    Ok((q, r))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random;

    #[test]
    fn the_leading_part_is_what_the_svd_says_on_either_side() {
        for (rows, cols) in [(30, 20), (20, 30)] {
            let w = random(rows, cols, 3);
            let (b, a) = leading_part(View::from(&w), 4).unwrap();
            let svd = w.map(f64::from).svd(true, true);
            let (u, v) = (svd.u.unwrap(), svd.v_t.unwrap());
            let wanted = u.columns(0, 4)
                * nalgebra::DMatrix::from_diagonal(&svd.singular_values.rows(0, 4).into_owned())
                * v.rows(0, 4);
            assert!(((b * a).map(f64::from) - wanted).amax() < 1e-5);
        }
    }

    #[test]
    fn the_first_columns_are_those_of_qr() {
        let w = random(25, 18, 5);
        let (b, a) = first_columns(View::from(&w), 3).unwrap();
        let qr = w.map(f64::from).qr();
        let wanted = qr.q().columns(0, 3) * qr.r().rows(0, 3);
        assert!(((b * a).map(f64::from) - wanted).amax() < 1e-5);
    }
}
