//! Tracking of singular vectors over a training run: the rank of a vector changes where two singular values cross, its direction does not.
//! From one checkpoint to the next a vector is the one it overlaps most; where that overlap is small, something new began.

use crate::report::Similarity;

/// A vector whose overlap with every vector of the checkpoint before is below this was not there before.
pub const FOLLOWS: f64 = 0.5;

/// The track of one vector: its rank, from 0, at consecutive checkpoints. The last entry is the checkpoint it was traced from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The checkpoint at which it starts.
    pub first: usize,
    pub ranks: Vec<usize>,
}

impl Track {
    /// The rank at a checkpoint; None before the track starts and after it ends.
    pub fn at(&self, checkpoint: usize) -> Option<usize> {
        self.ranks.get(checkpoint.checked_sub(self.first)?).copied()
    }
}

/// The origin of every vector of a checkpoint: the vector of the checkpoint before that it came from.
pub type Links = Vec<Option<usize>>;

/// Links by the overlaps |u_i(before) . u_j(this)|: rows before, columns this.
pub fn links(overlaps: &Similarity) -> Links {
    let columns = overlaps.cols as usize;
    let pairs = overlaps
        .values
        .iter()
        .take(overlaps.rows as usize * columns)
        .enumerate();
    assign(pairs.map(|(n, overlap)| (f64::from(*overlap), n / columns.max(1), n % columns.max(1))))
}

/// One-to-one, the largest overlap first; of equal ones the stronger vector's, then the one whose rank moves least.
/// `pairs`: overlap, the vector before, the vector now.
pub fn assign(pairs: impl Iterator<Item = (f64, usize, usize)>) -> Links {
    let mut strong: Vec<(f64, usize, usize)> = pairs.filter(|p| p.0 >= FOLLOWS).collect();
    strong.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then(a.2.cmp(&b.2))
            .then(a.1.abs_diff(a.2).cmp(&b.1.abs_diff(b.2)))
    });
    let mut links: Links = vec![None; strong.iter().map(|p| p.2 + 1).max().unwrap_or(0)];
    let mut taken = std::collections::HashSet::new();
    for (_, before, now) in strong {
        if links[now].is_none() && taken.insert(before) {
            links[now] = Some(before);
        }
    }
    links
}

/// The `top` strongest vectors of checkpoint `last`, followed back. `links[t]` leads from checkpoint t to t - 1; `links[0]` is not read.
pub fn trace(links: &[Links], last: usize, top: usize) -> Vec<Track> {
    let back = |j: usize| {
        let mut ranks = vec![j];
        let mut at = (last, j);
        while let Some(before) = (at.0 > 0)
            .then(|| links.get(at.0)?.get(at.1).copied().flatten())
            .flatten()
        {
            at = (at.0 - 1, before);
            ranks.push(before);
        }
        ranks.reverse();
        Track { first: at.0, ranks }
    };
    (0..top).map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaps(rows: &[&[f32]]) -> Similarity {
        Similarity {
            rows: rows.len() as u32,
            cols: rows[0].len() as u32,
            values: rows.concat(),
        }
    }

    #[test]
    fn a_crossing_keeps_identities() {
        let stays = links(&overlaps(&[&[0.99, 0.1, 0.0], &[0.1, 0.98, 0.1], &[0.0, 0.1, 0.97]]));
        let crosses = links(&overlaps(&[&[0.1, 0.99, 0.0], &[0.97, 0.1, 0.1], &[0.0, 0.1, 0.98]]));
        let tracks = trace(&[vec![], stays.clone(), crosses, stays], 3, 3);
        let ranks: Vec<&[usize]> = tracks.iter().map(|t| &t.ranks[..]).collect();
        assert_eq!(ranks, [[1, 1, 0, 0], [0, 0, 1, 1], [2, 2, 2, 2]]);
        assert_eq!(
            (tracks[0].at(1), tracks[0].at(2), tracks[0].at(4)),
            (Some(1), Some(0), None)
        );
    }

    #[test]
    fn a_birth_starts_late() {
        // The new vector comes in first and shifts the others.
        let birth = links(&overlaps(&[&[0.3, 0.95, 0.1], &[0.2, 0.1, 0.96]]));
        assert_eq!(birth, [None, Some(0), Some(1)]);
        let tracks = trace(&[vec![], birth, vec![Some(0), Some(1), Some(2)]], 2, 3);
        assert_eq!(
            tracks[0],
            Track {
                first: 1,
                ranks: vec![0, 0]
            }
        );
        assert_eq!(
            tracks[1],
            Track {
                first: 0,
                ranks: vec![0, 1, 1]
            }
        );
        assert_eq!(tracks[0].at(0), None);
    }

    #[test]
    fn ties_are_one_to_one() {
        // Two vectors turned by 45 degrees overlap all of each other alike: each takes one.
        let half = 0.5f32.sqrt();
        assert_eq!(links(&overlaps(&[&[half, half], &[half, half]])), [Some(0), Some(1)]);
        // Both came from row 0: the larger overlap has it, the other takes what is left.
        assert_eq!(links(&overlaps(&[&[0.7, 0.71], &[0.6, 0.2]])), [Some(1), Some(0)]);
        assert_eq!(links(&overlaps(&[&[0.7, 0.71], &[0.4, 0.2]])), [None, Some(0)]);
    }

    #[test]
    fn what_is_missing_ends_a_track() {
        let whole = vec![Some(0), Some(1)];
        assert_eq!(
            trace(&[vec![], vec![], whole.clone()], 2, 1),
            [Track {
                first: 1,
                ranks: vec![0, 0]
            }]
        );
        assert_eq!(
            trace(&[vec![], whole.clone(), whole], 2, 3)[2],
            Track {
                first: 2,
                ranks: vec![2]
            }
        );
        assert_eq!(
            trace(&[], 0, 1),
            [Track {
                first: 0,
                ranks: vec![0]
            }]
        );
        assert!(trace(&[], 4, 0).is_empty());
        let short = Similarity {
            rows: 3,
            cols: u32::MAX,
            values: vec![f32::NAN, 0.9],
        };
        assert_eq!(links(&short), [None, Some(0)]);
        assert!(
            links(&Similarity {
                rows: 0,
                cols: 0,
                values: vec![1.0]
            })
            .is_empty()
        );
    }
}
