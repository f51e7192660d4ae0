//! Shares of a plan's work that cost about the same: longest processing time first (Graham 1969), at most a third above the best there is.
//!
//! What belongs to one tensor of the base stays together, with every model that changes it: the base is read and decomposed once.

use super::cost::{flops, memory};
use super::job::Job;
use crate::report::Mode;
use std::collections::BTreeMap;

/// One share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Share {
    /// Indices into the jobs, ascending.
    pub matrices: Vec<u32>,
    /// Floating-point operations, estimated.
    pub flops: f64,
    /// Bytes to read.
    pub bytes: u64,
    /// Bytes of memory for the largest of its matrices, estimated.
    pub memory: f64,
}

impl Share {
    /// One job alone, by its place.
    pub fn of(at: u32, job: &Job, mode: Mode) -> Share {
        Share {
            matrices: vec![at],
            flops: flops(job, mode),
            bytes: job.tensors().iter().fold(0, |all, t| all.saturating_add(t.bytes())),
            memory: memory(job, mode),
        }
    }

    fn add(&mut self, other: Share) {
        self.matrices.extend(other.matrices);
        self.flops += other.flops;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.memory = self.memory.max(other.memory);
    }
}

/// All jobs in `count` shares; the same jobs give the same shares, on every machine. There may be empty ones.
pub fn shares(jobs: &[Job], mode: Mode, count: u32) -> Vec<Share> {
    let mut groups: BTreeMap<(u32, u64, u64), Share> = BTreeMap::new();
    for (at, job) in (0u32..).zip(jobs) {
        let own = groups.entry((job.base.file, job.base.begin, job.base.end)).or_default();
        own.add(Share::of(at, job, mode));
    }
    let mut groups: Vec<Share> = groups.into_values().collect();
    groups.sort_by(|a, b| b.flops.total_cmp(&a.flops).then_with(|| a.matrices.cmp(&b.matrices)));
    let mut all = vec![Share::default(); count.max(1) as usize];
    for group in groups {
        // The first of the least loaded.
        if let Some(least) = all.iter_mut().min_by(|a, b| a.flops.total_cmp(&b.flops)) {
            least.add(group);
        }
    }
    all.iter_mut().for_each(|share| share.matrices.sort_unstable());
    all
}
