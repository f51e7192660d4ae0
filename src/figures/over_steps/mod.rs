//! The number of intruders at every checkpoint of a training run, a line per run: when new directions appear, and whether they stay.

mod draw;
mod read;
mod table;

use crate::figures::data::best::done;
use crate::figures::data::looks::looks;
use crate::figures::data::words::{over, side_words};
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, count_ticks, fixed, round_axis};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::change_ratio;
use crate::metrics::intruder::{INTRUDERS, intruders, undecided};
use crate::report::{Model, Report};
use crate::series::{Series, labels, run_name};

pub static OVER_STEPS: FigureKind = FigureKind {
    id: "over-steps",
    title: "Count over training",
    about: About::Run,
    needs: Needs::Runs,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "",
    note: "A line is a training run, a dot a checkpoint. Step 0 is the base itself, which has no change.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        spectra: true,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the lines carry no names of their own.
const NARROW: f64 = 460.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
const HEIGHT: f64 = 300.0;

/// One checkpoint.
struct Stop {
    model: usize,
    step: u64,
    intruders: u32,
    undecided: u32,
    /// Mean sigma_1(dW) / sigma_1(W0).
    size: Option<f64>,
    at: Point,
}

/// One run.
struct Line {
    name: String,
    series: Series,
    /// By step; the base is not among them.
    stops: Vec<Stop>,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    lines: Vec<Line>,
    /// Matrices in the count of each checkpoint.
    done: Vec<usize>,
    x: Axis,
    y: Axis,
    x_ticks: Vec<f64>,
    y_ticks: Vec<u64>,
    left: f64,
    right: f64,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let mut lines = lines(report, request);
        let stops = || lines.iter().flat_map(|l| &l.stops);
        let most = stops().map(|s| u64::from(s.intruders)).max().unwrap_or(0).max(1);
        let last = stops().map(|s| s.step).max().unwrap_or(0).max(1);
        let (x_ticks, x_end) = round_axis(last.min(1 << 53) as f64);
        let (left, right) = (LEFT, width - if narrow { 14.0 } else { 120.0 });
        let x = Axis::linear((0.0, x_end), (left, right));
        let y = Axis::linear((0.0, most as f64), (HEIGHT - BOTTOM, TOP));
        let done = lines
            .iter()
            .flat_map(|l| &l.stops)
            .map(|s| counted(&report.models[s.model]))
            .collect();
        for stop in lines.iter_mut().flat_map(|l| &mut l.stops) {
            stop.at = (x.at(stop.step as f64), y.at(f64::from(stop.intruders)));
        }
        Layout {
            request,
            lines,
            done,
            x,
            y,
            x_ticks,
            y_ticks: count_ticks(most),
            left,
            right,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        HEIGHT
    }

    fn title(&self) -> String {
        let (over, settings) = (over(self.done.iter().copied(), self.request), &self.request.settings);
        let (epsilon, side) = (fixed(settings.epsilon, 2), side_words(settings.side));
        format!("Intruders in {over}, k = {}, ε = {epsilon}{side}", settings.k)
    }

    /// The run and the checkpoint in focus.
    fn focused(&self) -> Option<(usize, usize)> {
        let model = self.request.focus.as_ref()?.model? as usize;
        self.lines
            .iter()
            .enumerate()
            .find_map(|(line, l)| Some((line, l.stops.iter().position(|s| s.model == model)?)))
    }
}

/// Runs in the order of their first checkpoints.
fn lines(report: &Report, request: &Request) -> Vec<Line> {
    let settings = &request.settings;
    let (labels, looks) = (labels(&report.models), looks(report, request));
    let mut lines: Vec<(&str, Line)> = Vec::new();
    for (model, m) in report.models.iter().enumerate() {
        let Some(run) = m.run.as_ref().filter(|_| counted(m) > 0) else {
            continue;
        };
        let stop = Stop {
            model,
            step: run.step,
            intruders: m.matrices.iter().filter_map(|x| intruders(x, settings)).sum(),
            undecided: m
                .matrices
                .iter()
                .map(|x| undecided(x, settings.into(), settings.k, settings.epsilon))
                .sum(),
            size: change_ratio::mean(&m.matrices),
            at: (0.0, 0.0),
        };
        let known = lines.iter().position(|(name, _)| *name == run.run);
        let at = known.unwrap_or_else(|| {
            let name = run_name(&labels[model]).to_owned();
            let line = Line {
                name,
                series: looks[model].clone(),
                stops: Vec::new(),
            };
            lines.push((&run.run, line));
            lines.len() - 1
        });
        lines[at].1.stops.push(stop);
    }
    let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    for line in &mut lines {
        line.stops.sort_by_key(|s| s.step);
        // The look of its last checkpoint: the others are drawn as its past.
        if let Some(last) = line.stops.last() {
            line.series = looks[last.model].clone();
        }
    }
    lines
}

fn counted(model: &Model) -> usize {
    model.matrices.iter().filter(|m| done(m)).count()
}
