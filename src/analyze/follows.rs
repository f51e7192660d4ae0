//! Overlaps of the leading left vectors of consecutive checkpoints of a run. By them a vector is followed where the order of the singular
//! values changes.

use crate::linalg::{Matrix, View, product};
use crate::plan::job::Job;
use crate::report::{self, Similarity, Status};

/// Writes into every entry what it keeps of the checkpoint before it. `vectors`: leading left vectors of W, where it is in a run.
pub fn fill(job: &Job, entries: &mut [report::Matrix], vectors: &[Option<Matrix>]) {
    let found: Vec<_> = (0..entries.len())
        .map(|own| {
            job.before(own)
                .and_then(|before| follows([before, own].map(|i| (&entries[i], &vectors[i]))))
        })
        .collect();
    entries
        .iter_mut()
        .zip(found)
        .for_each(|(entry, follows)| entry.follows = follows);
}

/// None where one of both has no numbers. An unchanged matrix has the base's vectors, which the other was compared with already.
pub fn follows([(before, old), (own, new)]: [(&report::Matrix, &Option<Matrix>); 2]) -> Option<Similarity> {
    match (before.status, own.status) {
        (Status::Unchanged, Status::Unchanged) => {
            let n = own.rows.min(own.cols) as usize;
            Some(Similarity::corner(n, n, |i, j| if i == j { 1.0 } else { 0.0 }))
        }
        (Status::Unchanged, Status::Analyzed) => own.similarity.clone(),
        (Status::Analyzed, Status::Unchanged) => before
            .similarity
            .as_ref()
            .map(|s| Similarity::corner(s.cols as usize, s.rows as usize, |i, j| s.at(j, i))),
        (Status::Analyzed, Status::Analyzed) => Some(between(old.as_ref()?, new.as_ref()?)),
        _ => None,
    }
}

/// |u_i . u_j| of two sets of left vectors.
pub fn between(old: &Matrix, new: &Matrix) -> Similarity {
    let cosines: Matrix = product(View::from(old).t(), new);
    Similarity::corner(cosines.nrows(), cosines.ncols(), |i, j| cosines[(i, j)])
}
