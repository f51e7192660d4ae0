//! Loss over lambda: the mean loss of a model on each text under every arm of its surgery, beside the model as trained and the base.

mod draw;
mod read;

use crate::figures::data::losses::{self, Line, MOST_TEXTS};
use crate::figures::drawing::legend;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, ticks_around};
use crate::figures::kind::{About, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;
use crate::report::loss::{LossOn, LossRow, LossText};
use crate::series::labels;

pub static LOSS: FigureKind = FigureKind {
    id: "loss",
    title: "Loss over λ",
    about: About::Run,
    needs: Needs::Loss,
    dials: &[],
    follows_rule: false,
    choices: &[],
    paper: "",
    note: "λ = 1 is the model as trained, λ = 0 takes the chosen vectors away. Where a control of equal norm (shrunk, random) lowers the loss as \
           much as the edit, shrinking did it. A mean over one text: hover for its standard error.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        matches: Matches::None,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the names of the lines stand below the plots.
const NARROW: f64 = 460.0;
const LEFT: f64 = 56.0;
/// Above a plot: its title.
const HEAD: f64 = 34.0;
const PLOT: f64 = 150.0;
/// From one plot to the title of the next.
const GAP: f64 = 12.0;
const BOTTOM: f64 = 46.0;

/// The plot of one text.
struct Plot {
    y: Axis,
    ticks: Vec<f64>,
    top: f64,
    /// The dots of each line; of one without lambda two, at the ends.
    dots: Vec<Vec<Point>>,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    /// The name of the model; none where nothing was computed.
    shown: Option<String>,
    /// The rule behind the chosen vectors.
    rule: (u32, f64),
    texts: &'a [LossText],
    lines: Vec<Line<'a>>,
    plots: Vec<Plot>,
    x: Axis,
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
        let (left, right) = (LEFT, width - if narrow { 14.0 } else { 96.0 });
        let loss = report.loss.as_ref();
        // A model with arms, else any.
        let model = loss.and_then(|loss| {
            losses::subject(loss, request.model, |row| row.arm.is_some())
                .or_else(|| losses::subject(loss, request.model, LossRow::is_whole))
        });
        let shown = model.and_then(|model| labels(&report.models).into_iter().nth(model as usize));
        let lines = loss.zip(model).map(|(loss, model)| losses::lines(loss, model));
        let lines = lines.unwrap_or_default();
        let lambdas = || lines.iter().flat_map(|l| &l.rows).filter_map(|(lambda, _)| *lambda);
        let ends = (lambdas().fold(0.0, f64::min), lambdas().fold(1.0, f64::max));
        let x = Axis::linear(ends, (left, right));
        let texts = loss.map(|loss| &loss.texts[..]).unwrap_or_default();
        let plot = |text: usize| {
            let mean = |row: &LossRow| row.on.get(text).map(|on| on.mean);
            let means = || lines.iter().flat_map(|l| &l.rows).filter_map(|(_, row)| mean(row));
            let (ticks, low, high) = ticks_around(
                means().fold(f64::INFINITY, f64::min),
                means().fold(f64::NEG_INFINITY, f64::max),
            );
            let top = HEAD + text as f64 * (HEAD + PLOT + GAP);
            let y = Axis::linear((low, high), (top + PLOT, top));
            let dots = |line: &Line| -> Vec<Point> {
                let at = |row: &LossRow| y.at(mean(row).unwrap_or(low));
                match line.rows[..] {
                    [(None, row)] => vec![(x.at(ends.0), at(row)), (x.at(ends.1), at(row))],
                    _ => line
                        .rows
                        .iter()
                        .map(|(l, row)| (x.at(l.unwrap_or(1.0)), at(row)))
                        .collect(),
                }
            };
            Plot {
                dots: lines.iter().map(dots).collect(),
                y,
                ticks,
                top,
            }
        };
        let drawn = if shown.is_some() {
            texts.len().min(MOST_TEXTS)
        } else {
            0
        };
        Layout {
            request,
            shown,
            rule: loss.map_or((0, 0.0), |loss| (loss.k, loss.epsilon)),
            texts,
            plots: (0..drawn).map(plot).collect(),
            lines,
            x,
            left,
            right,
            narrow,
            width,
        }
    }

    /// The end of the last plot.
    fn base(&self) -> f64 {
        self.plots.last().map_or(HEAD, |plot| plot.top) + PLOT
    }

    pub fn height(&self) -> f64 {
        let names = if self.narrow {
            legend::height(self.lines.len(), self.width - self.left)
        } else {
            0.0
        };
        self.base() + BOTTOM + names
    }

    /// The line and the row in focus.
    fn focused(&self) -> Option<(usize, usize)> {
        let focus = self.request.focus.as_ref().filter(|f| f.up.is_none())?;
        losses::focused(&self.lines, focus.arm, focus.at?)
    }

    /// The losses of a row on a text.
    fn on(&self, line: usize, place: usize, text: usize) -> Option<&'a LossOn> {
        self.lines.get(line)?.rows.get(place)?.1.on.get(text)
    }
}
