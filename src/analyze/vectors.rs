//! All cosines of one matrix and one model, every pre-trained vector with every fine-tuned one. Computed on demand: they are too many to
//! keep for every matrix.

use super::change::Change;
use super::follows::between;
use super::{entry, exact, read};
use crate::plan::job::Job;
use crate::report::{self, Mode, Similarity};

/// One model's exact entry with everything that was compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    pub matrix: report::Matrix,
    /// n x n, n the shorter side of the matrix.
    pub left: Similarity,
    pub right: Similarity,
}

/// `bytes` as [`super::analyze`] takes them; [`Job::only`] makes a job that asks for no more than is needed here. The error is the
/// reason in words.
pub fn vectors(
    job: &Job,
    bytes: &[impl AsRef<[u8]> + Sync],
    model: u32,
    now: impl Fn() -> f64,
) -> Result<Vectors, String> {
    let begin = now();
    let own = job
        .tuned
        .iter()
        .position(|(m, _)| *m == model)
        .ok_or("The model does not change this matrix.")?;
    let (base, changes) = read(job, bytes);
    let w0 = base.map_err(|stop| stop.reason)?;
    let change = changes[own].as_ref().map_err(|stop| stop.reason.clone())?;
    if let Change::Unchanged(_) = change {
        return Err("The matrix is the base’s own: every vector is its own best match.".into());
    }
    let (mut numbers, cosines) = exact::whole(&w0, change).map_err(|stop| stop.reason)?;
    let leading = numbers.vectors.take();
    let mut matrix =
        entry(job, &w0, &changes[own], Ok(Some(numbers)), Mode::Exact, true).map_err(|stop| stop.reason)?;
    let before = job.before(own).and_then(|before| changes[before].as_ref().ok());
    matrix.follows = match before {
        Some(Change::Unchanged(_)) => matrix.similarity.clone(),
        Some(before) => exact::leading(&w0, before)
            .ok()
            .zip(leading)
            .map(|(old, new)| between(&old, &new)),
        None => None,
    };
    matrix.seconds = now() - begin;
    let n = job.rows.min(job.cols);
    let [left, right] = cosines.into_rows().map(|values| Similarity {
        rows: n,
        cols: n,
        values,
    });
    Ok(Vectors { matrix, left, right })
}
