//! The numbers behind a reading, counted once for all of its sentences.

use crate::metrics::change_ratio;
use crate::metrics::intruder::{Interval, intruders};
use crate::metrics::intruder_energy::INTRUDER_ENERGY;
use crate::metrics::weakest_match::{weaker, weakest};
use crate::print::middle;
use crate::report::{Matrix, Model, Report, Settings};
use crate::series::{labels, last_of_runs, type_label};
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
    pub seen: Seen,
    /// sigma_1(dW) / sigma_1(W0), mean over the matrices that were changed.
    pub size: Option<f64>,
    /// The matrix with the weakest match, and that match.
    pub weakest: Option<(&'a Matrix, Interval)>,
    /// Matrices of the run that are in, and how many it has, where some are not.
    pub partial: Option<(u32, u32)>,
    /// The matrices on either side of the threshold.
    pub sides: Sides,
    /// The largest margin to the threshold, where any is known.
    pub margin: Option<f64>,
    /// Another model, of another run, whose change is of another size.
    pub other: Option<Other>,
}

pub(super) struct Other {
    pub label: String,
    /// The ratio of this model's change to that one's.
    pub times: f64,
}

impl<'a> Facts<'a> {
    pub fn of(report: &'a Report, settings: &'a Settings, at: usize, planned: u32) -> Option<Facts<'a>> {
        let model = report.models.get(at)?;
        let size = change_ratio::mean(&model.matrices);
        let names: HashSet<&str> = report
            .models
            .iter()
            .flat_map(|m| &m.matrices)
            .map(|m| m.name.as_str())
            .collect();
        let done = names.len() as u32;
        Some(Facts {
            report,
            settings,
            model,
            seen: Seen::of(model, settings),
            size,
            weakest: weakest_of(model, settings),
            partial: (done < planned).then_some((done, planned)),
            sides: Sides::of(model.matrices.iter(), settings),
            margin: model
                .matrices
                .iter()
                .filter_map(|m| margins::known(m, settings))
                .max_by(f64::total_cmp),
            other: size.and_then(|size| other(report, at, size)),
        })
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

/// "layer 3, attention output"; of a matrix without a layer its name.
pub(super) fn place(matrix: &Matrix) -> String {
    match matrix.layer {
        Some(layer) => format!("layer {layer}, {}", middle(type_label(matrix.kind.as_deref()), 40)),
        None => middle(&matrix.name, 60),
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
