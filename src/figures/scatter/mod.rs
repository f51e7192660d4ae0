//! Matrices as dots: a measure of each across, on a logarithmic axis, and the weakest of its best matches upwards. What the figures of this form share;
//! each adds its lines, its list of models and its words.

mod draw;
mod read;
mod table;

use crate::figures::data::looks::looks;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, one_two_five};
use crate::figures::{Focus, Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::weakest_match::WEAKEST_MATCH;
use crate::metrics::{Measure, Measured};
use crate::report::{Cosine, Matrix, Report};
use crate::series::{Series, labels};

/// Below this width the words stand in the plot, not beside it.
const NARROW: f64 = 460.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
const HEIGHT: f64 = 340.0;

/// One matrix of one model.
pub(super) struct Mark<'a> {
    pub model: usize,
    pub matrix: &'a Matrix,
    /// The number across, and all that is known of it.
    pub value: f64,
    pub reading: Measured,
    /// Bounds of the weakest best match in the window.
    weakest: (f64, f64),
    /// The number of intruders, and of vectors whose verdict is open.
    intruders: (u32, u32),
    at: Point,
}

/// The layout, in CSS pixels.
pub(super) struct Scatter<'a> {
    pub request: &'a Request,
    /// The measure across.
    across: &'static Measure,
    series: Vec<Series>,
    pub labels: Vec<String>,
    /// The marks by falling number: the order in which the arrow keys go.
    pub marks: Vec<Mark<'a>>,
    pub x: Axis,
    y: Axis,
    ticks: Vec<f64>,
    left: f64,
    right: f64,
    pub narrow: bool,
    width: f64,
}

impl<'a> Scatter<'a> {
    /// `in_sight`: numbers that the axis has whatever the matrices have.
    pub fn new(report: &'a Report, request: &'a Request, across: &'static Measure, in_sight: (f64, f64)) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let settings = &request.settings;
        let found = report.models.iter().enumerate().flat_map(|(model, m)| {
            m.matrices.iter().filter_map(move |matrix| {
                let reading = across.read(matrix, settings);
                let value = reading.value().filter(|x| *x > 0.0)?;
                let weakest = match WEAKEST_MATCH.read(matrix, settings) {
                    Measured::Between(low, high) => (low, high),
                    reading => reading.value().map(|x| (x, x))?,
                };
                let intruders = match INTRUDERS.read(matrix, settings) {
                    Measured::Counted(n, open) => (n, open),
                    _ => (0, 0),
                };
                Some((model, matrix, (value, reading), weakest, intruders))
            })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| b.2.0.total_cmp(&a.2.0));
        let (least, most) = found
            .iter()
            .fold(in_sight, |(l, h): (f64, f64), m| (l.min(m.2.0), h.max(m.2.0)));
        let ticks = one_two_five(least.max(1e-12), most.min(1e12));
        let range = (
            ticks.first().copied().unwrap_or(0.1),
            ticks.last().copied().unwrap_or(1.0),
        );
        let lowest = if settings.cosine == Cosine::Signed { -1.0 } else { 0.0 };
        let (left, right) = (36.0, width - if narrow { 12.0 } else { 92.0 });
        let x = Axis::log(range, (left + 8.0, right - 4.0));
        let y = Axis::linear((lowest, 1.0), (HEIGHT - BOTTOM, TOP));
        let marks = found
            .into_iter()
            .map(|(model, matrix, (value, reading), weakest, intruders)| Mark {
                model,
                matrix,
                value,
                reading,
                weakest,
                intruders,
                at: (x.at(value), y.at(weakest.1)),
            })
            .collect();
        Scatter {
            request,
            across,
            series: looks(report, request),
            labels: labels(&report.models),
            marks,
            x,
            y,
            ticks,
            left,
            right,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        HEIGHT
    }

    /// How many matrices of a model there are, and in how many of them is an intruder.
    pub fn counted(&self, model: usize) -> (u64, u64) {
        let own = || self.marks.iter().filter(|m| m.model == model);
        (own().count() as u64, own().filter(|m| m.intruders.0 > 0).count() as u64)
    }

    /// The mark that a focus is on.
    pub fn mark(&self, focus: &Focus) -> Option<&Mark<'a>> {
        let name = focus.matrix.as_deref()?;
        let of_model = |m: &&Mark| focus.model.is_none_or(|own| own as usize == m.model);
        self.marks.iter().filter(of_model).find(|m| m.matrix.name == name)
    }

    fn focused(&self) -> Option<usize> {
        let focus = self.request.focus.as_ref()?;
        let name = focus.matrix.as_deref()?;
        let of_model = |m: &Mark| focus.model.is_none_or(|own| own as usize == m.model);
        self.marks.iter().position(|m| m.matrix.name == name && of_model(m))
    }
}
