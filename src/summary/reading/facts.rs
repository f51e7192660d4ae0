//! The numbers behind a reading: what many of its sentences need is counted once, and what one needs when it is asked for.

use crate::metrics::change_ratio;
use crate::metrics::intruder::{Interval, intruders};
use crate::metrics::intruder_energy::INTRUDER_ENERGY;
use crate::metrics::weakest_match::{weaker, weakest};
use crate::print::middle;
use crate::report::{Matrix, Model, Report, Settings};
use crate::series::{labels, last_of_runs};
use crate::summary::apply::mean;
use crate::summary::findings::NOT_ALIKE;
use crate::summary::margins::{self, Sides};
use crate::summary::matrices::window;
use crate::summary::seen::{Seen, thresholds};
use std::collections::HashSet;

pub(super) struct Facts<'a> {
    pub report: &'a Report,
    pub settings: &'a Settings,
    pub model: &'a Model,
    /// Its place in the report.
    at: usize,
    /// Matrices of the whole run, 0 where that is not known.
    planned: u32,
    pub seen: Seen,
    /// sigma_1(dW) / sigma_1(W0), mean over the matrices that were changed.
    pub size: Option<f64>,
}

pub(super) struct Other {
    pub label: String,
    /// The ratio of this model's change to that one's.
    pub times: f64,
}

impl<'a> Facts<'a> {
    pub fn of(report: &'a Report, settings: &'a Settings, at: usize, planned: u32) -> Option<Facts<'a>> {
        let model = report.models.get(at)?;
        Some(Facts {
            report,
            settings,
            model,
            at,
            planned,
            seen: Seen::of(model, settings),
            size: change_ratio::mean(&model.matrices),
        })
    }

    /// The matrix with the weakest match, and that match.
    pub fn weakest(&self) -> Option<(&'a Matrix, Interval)> {
        weakest_of(self.model, self.settings)
    }

    /// Matrices of the run that are in, and how many it has, where some are not.
    pub fn partial(&self) -> Option<(u32, u32)> {
        if self.model.matrices.len() as u32 >= self.planned {
            return None;
        }
        let all = self.report.models.iter().flat_map(|m| &m.matrices);
        let names: HashSet<&str> = all.map(|m| m.name.as_str()).collect();
        let done = names.len() as u32;
        (done < self.planned).then_some((done, self.planned))
    }

    /// The matrices on either side of the threshold.
    pub fn sides(&self) -> Sides {
        Sides::of(self.model.matrices.iter(), self.settings)
    }

    /// The largest margin to the threshold, where any is known.
    pub fn margin(&self) -> Option<f64> {
        let known = |m: &Matrix| margins::known(m, self.settings);
        self.model.matrices.iter().filter_map(known).max_by(f64::total_cmp)
    }

    /// Another model, of another run, whose change is of another size.
    pub fn other(&self) -> Option<Other> {
        other(self.report, self.at, self.size?)
    }

    pub fn intruders(&self) -> u32 {
        self.seen.below[0]
    }

    /// Whether nothing is known of it.
    pub fn empty(&self) -> bool {
        self.seen.matrices == 0
    }

    /// Whether all that is known is equal to the base.
    pub fn unchanged(&self) -> bool {
        !self.empty() && self.seen.matrices == self.seen.unchanged
    }

    /// The thresholds 0.2 below and above, where there are such.
    pub fn around(&self) -> (Option<f64>, Option<f64>) {
        let [own, low, high] = thresholds(self.settings.epsilon);
        ((low > 0.0).then_some(low), (high > own).then_some(high))
    }

    /// Whether more than nine tenths of the vectors looked at are intruders: then the count cannot grow.
    pub fn saturated(&self) -> bool {
        self.intruders() > 0 && 10 * u64::from(self.intruders()) > 9 * u64::from(self.seen.possible)
    }

    /// The intruders' share of ||W||_F^2, mean over the matrices where it is known.
    pub fn energy(&self) -> Option<f64> {
        let shares: Vec<f64> = self
            .model
            .matrices
            .iter()
            .filter_map(|m| INTRUDER_ENERGY.read(m, self.settings).value())
            .collect();
        mean(&shares)
    }

    /// Whether fewer than half of the intruders remain at the lower threshold.
    pub fn hangs_on_epsilon(&self) -> bool {
        let [own, low, _] = self.seen.below;
        own > 0 && 2 * low < own && self.around().0.is_some()
    }

    /// The matrices with any intruder, and how many each has.
    pub fn holders(&self) -> impl Iterator<Item = (&'a Matrix, u32)> {
        let settings = self.settings;
        let found = move |m: &'a Matrix| Some((m, intruders(m, settings).filter(|n| *n > 0)?));
        self.model.matrices.iter().filter_map(found)
    }
}

fn weakest_of<'a>(model: &'a Model, settings: &Settings) -> Option<(&'a Matrix, Interval)> {
    let own = |m: &'a Matrix| {
        let known = window(m, settings).into_iter();
        let (low, high) = weakest(known.filter(|(low, high)| low.is_finite() && high.is_finite()))?;
        Some((m, (low as f32, high as f32)))
    };
    // By the upper end, which decides; of equals the first.
    model
        .matrices
        .iter()
        .filter_map(own)
        .reduce(|a, b| if weaker(a.1, b.1).1 < a.1.1 { b } else { a })
}

/// The model whose change differs most in size from one's own: at least twice as large or as small. Checkpoints of a run are one model.
fn other(report: &Report, at: usize, size: f64) -> Option<Other> {
    let own = report.models.get(at)?;
    let same_run = |m: &Model| {
        own.run
            .as_ref()
            .zip(m.run.as_ref())
            .is_some_and(|(a, b)| a.run == b.run)
    };
    let far = |times: f64| times.max(1.0 / times);
    let others = last_of_runs(&report.models)
        .into_iter()
        .filter(|n| *n != at && !same_run(&report.models[*n]));
    let sizes = others.filter_map(|n| Some((n, size / change_ratio::mean(&report.models[n].matrices)?)));
    let apart = sizes.filter(|(_, times)| times.is_finite() && *times > 0.0 && far(*times) >= NOT_ALIKE);
    let (n, times) = apart.max_by(|a, b| far(a.1).total_cmp(&far(b.1)))?;
    let label = middle(&labels(&report.models)[n], 40);
    Some(Other { label, times })
}
