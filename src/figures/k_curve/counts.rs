//! Counts by window: the number of its vectors, and of its intruders.

use crate::figures::data::best::{Best, thin};
use crate::report::{Model, Report, Settings, Status};
use std::collections::{BTreeMap, HashMap};

/// One model, counted once for all windows.
pub(super) struct Counts {
    /// Intruders among the first k vectors of every matrix: at `[k]`; the last one holds for all larger windows.
    sums: Vec<u64>,
    /// All vectors of the window.
    vectors: Vectors,
    /// The window at which the first matrix runs out of computed vectors; None where all are known.
    pub end: Option<u64>,
}

impl Counts {
    /// `parts`: windows are so many parts of every matrix's own n, instead of numbers.
    pub fn of(model: &Model, settings: &Settings, parts: Option<u64>) -> Counts {
        // By n: of every j from 0, in how many matrices of that size it is an intruder.
        let mut tallies: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        let (mut vectors, mut end) = (
            Vectors {
                sizes: BTreeMap::new(),
                missing: 0,
                parts,
            },
            None::<u64>,
        );
        // The first window that holds j of n vectors.
        let window = |j: u64, n: u64| {
            parts.map_or(j, |parts| {
                (u128::from(j) * u128::from(parts)).div_ceil(u128::from(n.max(1))) as u64
            })
        };
        for matrix in &model.matrices {
            let (Some(best), n) = (Best::of(matrix, settings.into()), thin(matrix) as u64) else {
                continue;
            };
            *vectors.sizes.entry(n).or_default() += 1;
            // An unchanged matrix has no intruder in any window.
            if best.is_itself() {
                continue;
            }
            let tally = tallies.entry(n).or_default();
            tally.resize(tally.len().max(best.len()), 0);
            best.tally(settings.epsilon, tally);
            let known = best.len() as u64;
            if known < n {
                // The largest window that needs no more than what is known.
                let reach = window(known + 1, n) - 1;
                end = Some(end.map_or(reach, |e| e.min(reach)));
            }
        }
        let mut found: Vec<u64> = vec![0];
        for (n, tally) in tallies {
            for (j, count) in (1..).zip(tally) {
                let at = window(j, n) as usize;
                if count > 0 && found.len() <= at {
                    found.resize(at + 1, 0);
                }
                if count > 0 {
                    found[at] += u64::from(count);
                }
            }
        }
        let mut sum = 0;
        for n in &mut found {
            sum += *n;
            *n = sum;
        }
        Counts {
            sums: found,
            vectors,
            end,
        }
    }

    /// Intruders in a window; None beyond what was computed.
    pub fn upto(&self, k: u64) -> Option<u64> {
        let known = self.end.is_none_or(|end| k <= end);
        known.then(|| self.sums[(k.min(self.sums.len() as u64 - 1)) as usize])
    }

    /// Their share of the vectors in the window; None where it holds none.
    pub fn share(&self, k: u64) -> Option<f64> {
        let all = self.vectors.upto(k);
        self.upto(k).filter(|_| all > 0).map(|n| n as f64 / all as f64)
    }
}

/// Matrices by their n = min(rows, cols).
pub(super) struct Vectors {
    sizes: BTreeMap<u64, u64>,
    /// Planned matrices of which nothing is known yet: taken to be of the largest size.
    missing: u64,
    parts: Option<u64>,
}

impl Vectors {
    /// The vectors of all planned matrices; windows are numbers up to `last`.
    pub fn of(report: &Report, planned: u32, last: u64) -> Vectors {
        let mut names: HashMap<&str, u64> = HashMap::new();
        for matrix in report
            .models
            .iter()
            .flat_map(|m| &m.matrices)
            .filter(|m| m.status != Status::Skipped)
        {
            names.entry(&matrix.name).or_insert(thin(matrix) as u64);
        }
        let mut sizes = BTreeMap::new();
        for n in names.values() {
            *sizes.entry((*n).min(last)).or_default() += 1;
        }
        Vectors {
            sizes,
            missing: u64::from(planned).saturating_sub(names.len() as u64),
            parts: None,
        }
    }

    /// The count within a window.
    pub fn upto(&self, k: u64) -> u64 {
        let of = |n: u64| {
            self.parts.map_or(n.min(k), |parts| {
                (u128::from(k) * u128::from(n) / u128::from(parts.max(1))) as u64
            })
        };
        self.sizes.iter().map(|(n, matrices)| of(*n) * matrices).sum::<u64>() + self.missing * k
    }
}
