//! The run: matrices one after the other, as many at once as there are threads and memory for and one that reads meanwhile, as on the page.

use super::kept::{Kept, sha256};
use super::visit::Stores;
use crate::analyze;
use crate::plan::job::Job;
use crate::report::{Matrix, Task};
use crate::session::ranges;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who watches a run; it is told from many threads.
pub trait Watch: Sync {
    /// A matrix of so many operations is done; `earlier`: it was kept from an earlier run, and cost nothing.
    fn done(&self, flops: f64, earlier: bool);

    /// A line about something that went wrong.
    fn say(&self, line: &str);

    /// Whether no further matrix shall be begun; asked on the thread that runs, every now and then.
    fn stopped(&self) -> bool {
        false
    }
}

/// What is to be done, and with what.
pub struct Work<'a> {
    pub stores: &'a Stores,
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
    pub watch: &'a dyn Watch,
}

/// Between two questions whether to go on.
const LOOK: Duration = Duration::from_millis(200);

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is under way.
struct State {
    next: usize,
    flying: usize,
    /// Workers that have not ended.
    workers: usize,
    stopped: bool,
    bytes: f64,
    found: Vec<(u32, Matrix)>,
    /// The first reason why results are not kept.
    trouble: Option<String>,
}

impl Work<'_> {
    /// The results by model, in no order.
    pub fn run(&self) -> Vec<(u32, Matrix)> {
        let at_once = (self.pool.current_num_threads() + 1).min(self.matrices.len());
        let state = Mutex::new(State {
            next: 0,
            flying: 0,
            workers: at_once,
            stopped: false,
            bytes: 0.0,
            found: Vec::new(),
            trouble: None,
        });
        let landed = Condvar::new();
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while self.fly(&state, &landed) {}
                    locked(&state).workers -= 1;
                    landed.notify_all();
                });
            }
            let mut own = locked(&state);
            while own.workers > 0 {
                let (after, _) = landed.wait_timeout(own, LOOK).unwrap_or_else(PoisonError::into_inner);
                // Who watches may take long, and matrices land meanwhile.
                drop(after);
                let stopped = self.watch.stopped();
                own = locked(&state);
                own.stopped |= stopped;
            }
        });
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = state.trouble {
            self.watch.say(&format!("warning: results are not kept: {why}"));
        }
        state.found
    }

    /// One matrix; false where none is left.
    fn fly(&self, state: &Mutex<State>, landed: &Condvar) -> bool {
        let mut own = locked(state);
        let (at, flops, bytes) = loop {
            let next = self.matrices.get(own.next).zip(self.costs.get(own.next));
            let Some((at, (flops, bytes))) = next.filter(|_| !own.stopped) else {
                return false;
            };
            // One always fits when nothing else is under way: its size was shown before the run.
            if own.flying == 0 || own.bytes + bytes <= self.memory {
                break (*at, *flops, *bytes);
            }
            own = landed.wait(own).unwrap_or_else(PoisonError::into_inner);
        };
        own.next += 1;
        own.flying += 1;
        own.bytes += bytes;
        drop(own);
        let (found, earlier, trouble) = self.matrix(at);
        let mut own = locked(state);
        own.flying -= 1;
        own.bytes -= bytes;
        own.found.extend(found);
        own.trouble = own.trouble.take().or(trouble);
        drop(own);
        self.watch.done(flops, earlier);
        landed.notify_all();
        true
    }

    /// The results, whether they are from an earlier run, and why they could not be kept.
    fn matrix(&self, at: u32) -> (Vec<(u32, Matrix)>, bool, Option<String>) {
        let Some(job) = self.jobs.get(at as usize) else {
            return (Vec::new(), false, None);
        };
        let bytes = match self.stores.bytes(&ranges(job)) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.watch.say(&format!("error: {}: {why}", job.base.name));
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
