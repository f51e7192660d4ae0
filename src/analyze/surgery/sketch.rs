//! The strongest directions of a change that is stored whole and too large for all of them: random directions sent through D and back, so that
//! they lean on what is strong (Halko, Martinsson and Tropp 2011).

use super::patient::Body;
use crate::linalg::{NoConvergence, Precise, SplitMix, Triples, triples};

/// As many as an arm of random directions may need; the rest of a larger edit's norm is shrunk away (`Edit::of`).
const DIRECTIONS: usize = 256;

/// The leading triples of D, from one passage through D and back; the weakest of them are no more than some directions of D's own.
pub fn strongest(body: &Body, (rows, cols): (usize, usize)) -> Result<Triples, NoConvergence> {
    let mut stream = SplitMix(0);
    let count = DIRECTIONS.min(rows).min(cols);
    let start = Precise::from_fn(cols, count, |_, _| stream.normals()[0]);
    let through = body.back(&body.image(&start).qr().q());
    let left = body.image(&through.qr().q()).qr().q();
    // D is close to Q (Q^T D).
    let narrow = triples(&body.back(&left), usize::MAX)?;
    Ok(Triples {
        left: left * narrow.right,
        right: narrow.left,
        sigma: narrow.sigma,
    })
}
