//! Figures 5 and 14 of the paper: the number of intruders of each model against epsilon, all models overlaid.
//!
//! A count is an exact step function: it rises by one at every best match among the first k vectors of a matrix, just to the right of it. Every
//! curve ends at the limit, which is far above what is counted at any threshold of use: so counts stand on a logarithmic axis that has a place
//! for none.

mod draw;
mod place;
mod read;
mod table;

use crate::figures::data::best::{Best, done, possible, thin};
use crate::figures::data::looks::looks;
use crate::figures::data::words::{over, side_words};
use crate::figures::drawing::scale::{Axis, count};
use crate::figures::drawing::style::{TICK, text_width};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::intruder::Rule;
use crate::report::{Matrix, Model, Report};
use crate::series::{Series, labels};

pub static EPSILON_CURVE: FigureKind = FigureKind {
    id: "epsilon-curve",
    title: "Count against threshold",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Figs. 5, 14",
    note: "A count that hardly moves with ε does not depend on the choice of the threshold; one that climbs steadily does.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps::COUNTS,
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the lines carry no names of their own: the readings name them.
const NARROW: f64 = 460.0;
/// Left of the plot: the widest tick, at least this.
const LEFT: f64 = 40.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;

/// One model's line.
struct Line {
    /// Its place in the report.
    model: u32,
    label: String,
    series: Series,
    /// Best matches of the first k vectors over all its matrices, ascending.
    cosines: Vec<f64>,
    /// Matrices in the count.
    done: usize,
}

impl Line {
    /// The number of scores strictly below epsilon.
    fn count(&self, epsilon: f64) -> usize {
        self.cosines.partition_point(|c| *c < epsilon)
    }
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    lines: Vec<Line>,
    /// The most any model could count.
    limit: u64,
    /// The vectors of a matrix that are known, where they are fewer than the window: counts are then the least that is certain.
    known: Option<usize>,
    x: Axis,
    y: Axis,
    left: f64,
    right: f64,
    height: f64,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let height = if narrow { 320.0 } else { 340.0 };
        let (k, rule) = (request.settings.k, Rule::from(&request.settings));
        let names = labels(&report.models).into_iter().zip(looks(report, request));
        let lines: Vec<Line> = report
            .models
            .iter()
            .zip(names)
            .zip(0..)
            .map(|((m, (label, series)), model)| Line {
                model,
                label,
                series,
                cosines: cosines(m, k, rule),
                done: m.matrices.iter().filter(|x| done(x)).count(),
            })
            .collect();
        let most = lines.iter().map(|l| l.cosines.len() as u64).max().unwrap_or(0);
        let limit = possible(report, k, request.planned).max(most);
        let right = width - if narrow { 10.0 } else { 20.0 };
        let left = (10.0 + text_width(&count(limit), TICK)).max(LEFT).ceil();
        Layout {
            request,
            lines,
            limit,
            known: report
                .models
                .iter()
                .flat_map(|m| &m.matrices)
                .filter_map(|m| fewer(m, k, rule))
                .min(),
            x: Axis::linear((0.0, 1.0), (left, right)),
            y: Axis::counts(limit.max(1) as f64, (height - BOTTOM, TOP)),
            left,
            right,
            height,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        self.height
    }

    /// Lines by their count at epsilon, most first.
    fn sorted(&self, epsilon: f64) -> Vec<(&Line, usize)> {
        let mut all: Vec<(&Line, usize)> = self.lines.iter().map(|l| (l, l.count(epsilon))).collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }

    /// The name of the y axis: what is counted, over how much.
    fn title(&self) -> String {
        let k = self.request.settings.k;
        let over = over(self.lines.iter().map(|l| l.done), self.request);
        let side = side_words(self.request.settings.side);
        let known = self
            .known
            .map_or(String::new(), |n| format!(", at least: {n} of k are known"));
        if self.narrow {
            return format!("Intruders, {over}, k = {k}{side}{known}");
        }
        let bound = if self.request.running {
            String::new()
        } else {
            format!(" (at most {}; log scale)", count(self.limit))
        };
        format!("Intruders in {over}, k = {k}{side}{known}{bound}")
    }
}

/// The number of vectors that are known of a matrix, where the window holds more.
fn fewer(matrix: &Matrix, k: u32, rule: Rule) -> Option<usize> {
    let best = Best::of(matrix, rule).filter(|best| !best.is_itself())?;
    Some(best.len()).filter(|n| *n < thin(matrix).min(k as usize))
}

/// The best matches of the first k vectors of every matrix, ascending: their upper bounds where only bounds are known, so that only what is
/// certain counts.
fn cosines(model: &Model, k: u32, rule: Rule) -> Vec<f64> {
    let mut all: Vec<f64> = Vec::new();
    for best in model.matrices.iter().filter_map(|m| Best::of(m, rule)) {
        best.each(k, |score| all.push(score));
    }
    // Not the unstable one, which is a heapsort where the standard library is built for size: in the page.
    all.sort_by(f64::total_cmp);
    all
}
