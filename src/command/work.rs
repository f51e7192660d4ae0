//! The run: matrices one after the other, as many at once as there are threads and memory for and one that reads meanwhile, as on the page.

use super::kept::{Kept, sha256};
use super::progress::Progress;
use super::visit::Disk;
use lorascope::analyze;
use lorascope::plan::job::Job;
use lorascope::report::{Matrix, Task};
use lorascope::session::ranges;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

/// What is to be done, and with what.
pub struct Work<'a> {
    pub disk: &'a Disk,
    /// Of the whole plan.
    pub jobs: &'a [Job],
    pub task: Task,
    /// Places in the plan, in the order to compute.
    pub matrices: &'a [u32],
    /// Operations and bytes of memory of each.
    pub costs: &'a [(f64, f64)],
    pub pool: &'a rayon::ThreadPool,
    /// Bytes that may be under way.
    pub memory: f64,
    pub kept: Option<&'a Kept>,
    pub progress: &'a Progress,
}

/// What is under way.
struct State {
    next: usize,
    flying: usize,
    bytes: f64,
    found: Vec<(u32, Matrix)>,
    /// The first reason why results are not kept.
    trouble: Option<String>,
}

impl Work<'_> {
    /// The results by model, in no order.
    pub fn run(&self) -> Vec<(u32, Matrix)> {
        let state = Mutex::new(State {
            next: 0,
            flying: 0,
            bytes: 0.0,
            found: Vec::new(),
            trouble: None,
        });
        let landed = Condvar::new();
        let at_once = (self.pool.current_num_threads() + 1).min(self.matrices.len());
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| while self.fly(&state, &landed) {});
            }
        });
        let state = state.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(why) = state.trouble {
            self.progress.say(&format!("warning: results are not kept: {why}"));
        }
        state.found
    }

    /// One matrix; false where none is left.
    fn fly(&self, state: &Mutex<State>, landed: &Condvar) -> bool {
        let lock = || state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut own = lock();
        let (at, flops, bytes) = loop {
            let Some((at, (flops, bytes))) = self.matrices.get(own.next).zip(self.costs.get(own.next)) else {
                return false;
            };
            // One always fits when nothing else is under way: its size was shown before the run.
            if own.flying == 0 || own.bytes + bytes <= self.memory {
                break (*at, *flops, *bytes);
            }
            own = landed.wait(own).unwrap_or_else(|poisoned| poisoned.into_inner());
        };
        own.next += 1;
        own.flying += 1;
        own.bytes += bytes;
        drop(own);
        let (found, earlier, trouble) = self.matrix(at);
        let mut own = lock();
        own.flying -= 1;
        own.bytes -= bytes;
        own.found.extend(found);
        own.trouble = own.trouble.take().or(trouble);
        drop(own);
        self.progress.done(flops, earlier);
        landed.notify_all();
        true
    }

    /// The results, whether they are from an earlier run, and why they could not be kept.
    fn matrix(&self, at: u32) -> (Vec<(u32, Matrix)>, bool, Option<String>) {
        let Some(job) = self.jobs.get(at as usize) else {
            return (Vec::new(), false, None);
        };
        let bytes = match self.disk.bytes(&ranges(job)) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.progress.say(&format!("error: {}: {why}", job.base.name));
                return (analyze::failed(job, &why), false, None);
            }
        };
        let digests: Vec<String> = match self.kept {
            Some(_) => bytes.iter().map(|tensor| sha256(tensor)).collect(),
            None => Vec::new(),
        };
        let earlier = self.kept.and_then(|kept| kept.recall(job, &self.task, &digests));
        if let Some(found) = earlier {
            return (found, true, None);
        }
        let begin = Instant::now();
        let found = self
            .pool
            .install(|| analyze::analyze(job, &bytes, &self.task, || begin.elapsed().as_secs_f64()));
        let kept = self.kept.map(|kept| kept.keep(job, &self.task, &digests, &found));
        (found, false, kept.and_then(Result::err))
    }
}
