//! Figure 7 of the paper: one matrix over a training run. Singular value, rank and best match of its strongest vectors at every checkpoint,
//! each vector followed through the crossings of its singular value by its overlap with the checkpoint before.

mod draw;
mod history;
mod read;
mod table;

use crate::figures::drawing::scale::{Axis, round_axis};
use crate::figures::drawing::style::LABEL_GAP;
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;
use crate::series::{Series, labels, run_name, series};
use history::{History, Spot};

pub static EVOLUTION: FigureKind = FigureKind {
    id: "evolution",
    title: "Over training",
    about: About::Matrix,
    needs: Needs::Runs,
    dials: &[Dial::Step, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Fig. 7",
    note: "",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        follows: true,
        makeup: false,
        map: false,
        ..Keeps::ONE_MATRIX
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

const LEFT: f64 = 40.0;
const RIGHT: f64 = 62.0;
/// From the figure's top to the first plot, and from one plot to the next.
const TOP: f64 = 38.0;
const GAP: f64 = 34.0;
/// Under the last plot: ticks and the axis name, then one line of words and a half.
const BOTTOM: f64 = 42.0;
const WORDS: f64 = 17.0;
/// More vectors than this are not followed: their lines would fill the plot.
const MOST: u32 = 64;

/// The plots of a vector's history, from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    Sigma,
    Rank,
    Match,
}

const PLOTS: [Plot; 3] = [Plot::Sigma, Plot::Rank, Plot::Match];

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    history: Option<History<'a>>,
    series: Series,
    /// The run's name, without a step.
    label: String,
    /// The last checkpoint drawn, counted from 1; 0 is the base.
    end: usize,
    /// The rank axis goes down to this.
    deepest: usize,
    x: Axis,
    sigma: Axis,
    sigma_ticks: Vec<f64>,
    plot_height: f64,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let history = History::of(report, request, MOST);
        let last = history.as_ref().map_or(0, |h| h.last_step).max(1);
        let end = history.as_ref().map_or(0, |h| h.upto(request.until));
        let model = history.as_ref().and_then(|h| h.points.last()).map(|p| p.model);
        let of_model = |list: Vec<String>| model.and_then(|m| list.get(m).cloned()).unwrap_or_default();
        let label = of_model(labels(&report.models));
        // Axes and heights by the whole run: the play head moves nothing.
        let (deepest, crowd) = history
            .as_ref()
            .map_or((1, 0), |h| (h.deepest(), h.crowd(&request.settings)));
        let (sigma_ticks, sigma_end) = round_axis(history.as_ref().map_or(1.0, |h| h.largest()));
        let plot_height = (LABEL_GAP * crowd as f64).clamp(104.0, 240.0);
        let mut figure = Layout {
            request,
            series: series(&report.models)
                .into_iter()
                .nth(model.unwrap_or(0))
                .unwrap_or_else(Series::none),
            label: run_name(&label).to_owned(),
            history,
            end,
            deepest,
            x: Axis::linear((0.0, last as f64), (LEFT, width - RIGHT)),
            sigma: Axis::linear((0.0, 1.0), (0.0, 1.0)),
            sigma_ticks,
            plot_height,
            width,
        };
        let top = figure.top(Plot::Sigma);
        figure.sigma = Axis::linear((0.0, sigma_end), (top + plot_height, top));
        figure
    }

    pub fn height(&self) -> f64 {
        match &self.history {
            Some(h) if h.points.len() > 1 => self.base(Plot::Match) + BOTTOM + WORDS * self.words().len() as f64 + 6.0,
            _ => 60.0,
        }
    }

    fn top(&self, plot: Plot) -> f64 {
        TOP + (self.plot_height + GAP) * PLOTS.iter().position(|p| *p == plot).unwrap_or(0) as f64
    }

    fn base(&self, plot: Plot) -> f64 {
        self.top(plot) + self.plot_height
    }

    fn axis(&self, plot: Plot) -> Axis {
        let (top, base) = (self.top(plot), self.base(plot));
        match plot {
            Plot::Sigma => self.sigma,
            // The strongest stands at the top.
            Plot::Rank => Axis::linear((1.0, self.deepest.max(2) as f64), (top + 4.0, base - 4.0)),
            Plot::Match => Axis::linear((0.0, 1.0), (base, top)),
        }
    }

    /// The place of a vector at a checkpoint; None where that number is not known.
    fn place(&self, plot: Plot, step: u64, spot: &Spot) -> Option<(f64, f64)> {
        let value = match plot {
            Plot::Sigma => spot.sigma?,
            Plot::Rank => spot.rank as f64 + 1.0,
            Plot::Match => spot.best?.cos,
        };
        Some((self.x.at(step as f64), self.axis(plot).at(value)))
    }
}
