//! Forgetting against what surgery acts on: a dot per model, its mean loss beyond the base's against its number of intruders, their energy and the size of
//! its change, side by side. The paper's Fig. 9 has the first of them.

mod draw;
mod numbers;
mod read;

use crate::figures::data::looks::looks;
use crate::figures::data::losses::{MOST_TEXTS, whole};
use crate::figures::data::rank_correlation::spearman;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, round_axis, ticks_around};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::Measured;
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;
use crate::report::loss::{LossRow, LossText};
use crate::series::{Series, labels};
use numbers::NUMBERS;

pub static FORGETTING: FigureKind = FigureKind {
    id: "forgetting",
    title: "Forgetting against intruders and size",
    about: About::Run,
    needs: Needs::Loss,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Fig. 9",
    note: "A dot is a model; its stroke is one standard error over the tokens of that text. Intruders, their energy and the size of the change grow together: \
           a correlation with one of them does not say which of them forgets. Few models prove nothing.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        spectra: true,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the plots of a text stand below each other.
const NARROW: f64 = 640.0;
const LEFT: f64 = 56.0;
const GAP: f64 = 20.0;
/// Above the plots of a text: its title.
const HEAD: f64 = 26.0;
const PLOT: f64 = 176.0;
/// Of that for the correlation, above all dots.
const SAID: f64 = 20.0;
const BOTTOM: f64 = 52.0;
/// Below all plots: the models without a loss.
const FOOT: f64 = 18.0;

/// A model with a loss.
struct Mark<'a> {
    model: usize,
    row: &'a LossRow,
    numbers: Vec<Measured>,
}

/// The plot of one number on one text.
struct Plot {
    text: usize,
    number: usize,
    left: f64,
    right: f64,
    top: f64,
    x: Axis,
    ticks: Vec<f64>,
    y: Axis,
    y_ticks: Vec<f64>,
    /// Of the marks whose number is known: which, by its fall from left to right, and where.
    dots: Vec<(usize, Point)>,
    correlation: Option<f64>,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    texts: &'a [LossText],
    labels: Vec<String>,
    looks: Vec<Series>,
    marks: Vec<Mark<'a>>,
    plots: Vec<Plot>,
    /// Models of the report whose loss was not computed.
    without: Vec<usize>,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let loss = report.loss.as_ref();
        let texts = loss.map(|loss| &loss.texts[..]).unwrap_or_default();
        let (mut marks, mut without) = (Vec::new(), Vec::new());
        for (at, model) in report.models.iter().enumerate() {
            match loss.and_then(|loss| whole(loss, Some(at as u32))) {
                Some(row) => marks.push(Mark {
                    model: at,
                    row,
                    numbers: NUMBERS.iter().map(|n| (n.of)(model, &request.settings)).collect(),
                }),
                None => without.push(at),
            }
        }
        let drawn = if marks.is_empty() {
            0
        } else {
            texts.len().min(MOST_TEXTS)
        };
        let places = (0..drawn).flat_map(|text| (0..NUMBERS.len()).map(move |number| (text, number)));
        Layout {
            request,
            texts,
            labels: labels(&report.models),
            looks: looks(report, request),
            plots: places.map(|at| plot(at, &marks, width, narrow)).collect(),
            marks,
            without,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        self.plots.last().map_or(HEAD + PLOT, |plot| plot.top + PLOT + BOTTOM) + FOOT
    }

    /// The plot and the dot in focus.
    fn focused(&self) -> Option<(usize, usize)> {
        let focus = self.request.focus.as_ref().filter(|f| f.at.is_none())?;
        let (model, up) = (focus.model? as usize, focus.up?);
        let plot = self.plots.get(up.max(0.0) as usize)?;
        let dot = plot
            .dots
            .iter()
            .position(|(mark, _)| self.marks.get(*mark).is_some_and(|m| m.model == model))?;
        Some((up.max(0.0) as usize, dot))
    }
}

fn plot((text, number): (usize, usize), marks: &[Mark], width: f64, narrow: bool) -> Plot {
    let across = if narrow { 1 } else { NUMBERS.len() };
    let stride = (width - LEFT - 14.0 + GAP) / across as f64;
    let left = LEFT + stride * (number % across) as f64;
    let (row, block) = ((number / across) as f64, (NUMBERS.len() / across) as f64);
    let top = HEAD + (text as f64) * (HEAD + block * (PLOT + BOTTOM)) + row * (PLOT + BOTTOM);
    let right = left + stride - GAP;
    let on = |mark: &Mark| mark.row.on.get(text).map(|on| (on.more, on.error));
    // The base is always in sight.
    let ends = marks
        .iter()
        .filter_map(on)
        .fold((0.0, 0.0), |(low, high): (f64, f64), (more, error)| {
            (low.min(more - error), high.max(more + error))
        });
    let (y_ticks, low, high) = ticks_around(ends.0, ends.1);
    let y = Axis::linear((low, high), (top + PLOT, top + SAID));
    let value = |mark: &Mark| mark.numbers.get(number).and_then(|n| n.value());
    let most = marks.iter().filter_map(value).fold(0.0, f64::max);
    let (ticks, end) = round_axis(if most > 0.0 { most } else { 1.0 });
    let x = Axis::linear((0.0, end), (left + 6.0, right - 6.0));
    let known = marks
        .iter()
        .enumerate()
        .filter_map(|(n, mark)| Some((n, value(mark)?, on(mark)?.0)));
    let mut known: Vec<(usize, f64, f64)> = known.collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let pairs: Vec<(f64, f64)> = known.iter().map(|(_, a, b)| (*a, *b)).collect();
    Plot {
        text,
        number,
        left,
        right,
        top,
        dots: known.into_iter().map(|(n, a, b)| (n, (x.at(a), y.at(b)))).collect(),
        x,
        ticks,
        y,
        y_ticks,
        correlation: spearman(&pairs),
    }
}
