//! Progress of a run: a bar with the time left on a terminal, a line now and then elsewhere.

use super::write;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use lorascope::native::work::Watch;
use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Seconds between two lines where nobody watches.
const EVERY: Duration = Duration::from_secs(10);

pub struct Progress {
    bar: Option<ProgressBar>,
    state: Mutex<State>,
    /// None where its steps are shares of one.
    matrices: Option<usize>,
    /// Operations of the whole run.
    all: f64,
    begun: Instant,
}

struct State {
    done: usize,
    /// Operations that are behind, and those of them that were computed, not fetched.
    behind: f64,
    computed: f64,
    said: Instant,
}

impl Progress {
    /// A run over matrices, of so many operations.
    pub fn new(matrices: usize, all: f64) -> Progress {
        Progress::of(Some(matrices), all)
    }

    /// A run whose steps are shares of one.
    pub fn of_shares() -> Progress {
        Progress::of(None, 1.0)
    }

    fn of(matrices: Option<usize>, all: f64) -> Progress {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {prefix} {msg}");
            let bar = ProgressBar::new(1000);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let begun = Instant::now();
        let state = State {
            done: 0,
            behind: 0.0,
            computed: 0.0,
            said: begun,
        };
        Progress {
            bar,
            state: Mutex::new(state),
            matrices,
            all,
            begun,
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Progress {
    fn done(&self, flops: f64, earlier: bool) {
        let Ok(mut state) = self.state.lock() else { return };
        state.done += 1;
        state.behind += flops;
        state.computed += if earlier { 0.0 } else { flops };
        let left = (state.computed > 0.0).then(|| {
            let seconds = self.begun.elapsed().as_secs_f64() / state.computed * (self.all - state.behind).max(0.0);
            format!("{} left", HumanDuration(Duration::from_secs_f64(seconds.min(1e9))))
        });
        let left = left.unwrap_or_default();
        let part = state.behind / self.all.max(1.0);
        let of = self.matrices.map(|all| format!("{} of {all} matrices, ", state.done));
        let of = of.unwrap_or_default();
        let is_done = self.matrices.map_or(part > 0.9999, |all| state.done == all);
        match &self.bar {
            Some(bar) => {
                bar.set_position((1000.0 * part) as u64);
                bar.set_prefix(of);
                bar.set_message(left);
            }
            None if is_done || state.said.elapsed() > EVERY => {
                state.said = Instant::now();
                let left = if is_done { "done" } else { &left };
                write::err(&format!("{of}{:.0} % of the work, {left}", 100.0 * part));
            }
            None => {}
        }
    }

    /// A line above the bar.
    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| write::err(line)),
            None => write::err(line),
        }
    }
}
