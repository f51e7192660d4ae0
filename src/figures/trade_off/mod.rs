//! The trade-off between two texts: what an arm of surgery gives back on the first against what it costs on the last, a point per lambda.

mod draw;
mod read;

use crate::figures::data::losses::{self, Line};
use crate::figures::drawing::legend;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, ticks_around};
use crate::figures::kind::{About, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;
use crate::report::loss::{LossOn, LossRow, LossText};
use crate::series::labels;

pub static TRADE_OFF: FigureKind = FigureKind {
    id: "trade-off",
    title: "Trade-off between two texts",
    about: About::Run,
    needs: Needs::Loss,
    dials: &[],
    follows_rule: false,
    choices: &[],
    paper: "",
    note: "A curve per arm, a point per λ: to the left it forgets less of the first text, downwards it reads the last one better. An edit is worth \
           something where its curve runs below that of its controls at equal norm. Hover a point for its standard errors.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        matches: Matches::None,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

const LEFT: f64 = 56.0;
const TOP: f64 = 34.0;
const PLOT: f64 = 300.0;
const BOTTOM: f64 = 46.0;
/// A plot of a trade-off is not much wider than high.
const WIDEST: f64 = 640.0;

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    /// The model, and the texts across and upwards.
    shown: Option<(String, &'a LossText, &'a LossText)>,
    /// The number of the text upwards.
    last: usize,
    lines: Vec<Line<'a>>,
    dots: Vec<Vec<Point>>,
    x: Axis,
    y: Axis,
    x_ticks: Vec<f64>,
    y_ticks: Vec<f64>,
    right: f64,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let right = (width - 14.0).min(LEFT + WIDEST);
        let loss = report.loss.as_ref().filter(|loss| loss.texts.len() > 1);
        let model = loss.and_then(|loss| losses::subject(loss, request.model, |row| row.arm.is_some()));
        let name = model.and_then(|model| labels(&report.models).into_iter().nth(model as usize));
        let texts = loss.and_then(|loss| Some((loss.texts.first()?, loss.texts.last()?)));
        let shown = name.zip(texts).map(|(name, (first, last))| (name, first, last));
        let last = loss.map_or(0, |loss| loss.texts.len() - 1);
        let lines = loss.zip(model).map(|(loss, model)| losses::lines(loss, model));
        let lines = lines.unwrap_or_default();
        let place = |row: &LossRow| Some((row.on.first()?.more, row.on.get(last)?.mean));
        let all = || lines.iter().flat_map(|l| &l.rows).filter_map(|(_, row)| place(row));
        let axis = |of: fn((f64, f64)) -> f64, from: f64, to: f64| {
            let (low, high) = all()
                .map(of)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            let (ticks, low, high) = ticks_around(low, high);
            (Axis::linear((low, high), (from, to)), ticks)
        };
        let (x, x_ticks) = axis(|p| p.0, LEFT, right);
        let (y, y_ticks) = axis(|p| p.1, TOP + PLOT, TOP);
        let dot =
            |(_, row): &(Option<f64>, &LossRow)| place(row).map_or((LEFT, TOP + PLOT), |p| (x.at(p.0), y.at(p.1)));
        let dots = lines.iter().map(|line| line.rows.iter().map(dot).collect()).collect();
        Layout {
            request,
            shown,
            last,
            dots,
            lines,
            x,
            y,
            x_ticks,
            y_ticks,
            right,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        TOP + PLOT + BOTTOM + legend::height(self.lines.len(), self.right - LEFT)
    }

    /// The line and the row in focus.
    fn focused(&self) -> Option<(usize, usize)> {
        let focus = self.request.focus.as_ref().filter(|f| f.up.is_none())?;
        losses::focused(&self.lines, focus.arm, focus.at?)
    }

    /// The losses of a row on both texts.
    fn on(&self, line: usize, place: usize) -> Option<[&'a LossOn; 2]> {
        let on = &self.lines.get(line)?.rows.get(place)?.1.on;
        Some([on.first()?, on.get(self.last)?])
    }
}
