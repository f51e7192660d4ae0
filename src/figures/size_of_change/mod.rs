//! Newness against size: how strong the change of every matrix is beside its base, and how weak the weakest of its best matches.
//!
//! A change far below the base's spectrum cannot turn a strong vector far (Wedin 1972); a generic one that stands out of it brings a vector of
//! its own. So counts of two models say little about their methods where the sizes of their changes differ.

mod draw;
mod read;
mod table;

use crate::figures::data::looks::looks;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, one_two_five};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::weakest_match::WEAKEST_MATCH;
use crate::metrics::{Measured, change_ratio};
use crate::report::{Cosine, Matrix, Report};
use crate::series::{Series, labels};

pub static SIZE_OF_CHANGE: FigureKind = FigureKind {
    id: "size-of-change",
    title: "Newness against the size of the change",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "",
    note: "A dot is a matrix. The further right, the stronger its change beside its base; the lower, the newer its newest strong vector.",
    by_layer: false,
    per_model: false,
    shows: &CHANGE_RATIO,
    keeps: Keeps {
        spectra: true,
        places: true,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the words stand in the plot, not beside it.
const NARROW: f64 = 460.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
const HEIGHT: f64 = 340.0;

/// One matrix of one model.
struct Mark<'a> {
    model: usize,
    matrix: &'a Matrix,
    /// sigma_1(dW) / sigma_1(W0).
    size: f64,
    /// Bounds of the weakest best match in the window.
    weakest: (f64, f64),
    /// The number of intruders, and of vectors whose verdict is open.
    intruders: (u32, u32),
    at: Point,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    series: Vec<Series>,
    labels: Vec<String>,
    /// The marks by falling size: the order in which the arrow keys go.
    marks: Vec<Mark<'a>>,
    /// The mean size of each model; none where nothing is known.
    means: Vec<Option<f64>>,
    x: Axis,
    y: Axis,
    ticks: Vec<f64>,
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
        let settings = &request.settings;
        let found = report.models.iter().enumerate().flat_map(|(model, m)| {
            m.matrices.iter().filter_map(move |matrix| {
                let size = CHANGE_RATIO.read(matrix, settings).value().filter(|size| *size > 0.0)?;
                let weakest = match WEAKEST_MATCH.read(matrix, settings) {
                    Measured::Between(low, high) => (low, high),
                    reading => reading.value().map(|x| (x, x))?,
                };
                let intruders = match INTRUDERS.read(matrix, settings) {
                    Measured::Counted(n, open) => (n, open),
                    _ => (0, 0),
                };
                Some((model, matrix, size, weakest, intruders))
            })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| b.2.total_cmp(&a.2));
        // One is where a change is as strong as the strongest of its base: always in sight.
        let (least, most) = found
            .iter()
            .fold((1.0, 1.0), |(l, h): (f64, f64), m| (l.min(m.2), h.max(m.2)));
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
            .map(|(model, matrix, size, weakest, intruders)| Mark {
                model,
                matrix,
                size,
                weakest,
                intruders,
                at: (x.at(size), y.at(weakest.1)),
            })
            .collect();
        Layout {
            request,
            series: looks(report, request),
            labels: labels(&report.models),
            means: report.models.iter().map(|m| change_ratio::mean(&m.matrices)).collect(),
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

    fn focused(&self) -> Option<usize> {
        let focus = self.request.focus.as_ref()?;
        let name = focus.matrix.as_deref()?;
        let of_model = |m: &Mark| focus.model.is_none_or(|own| own as usize == m.model);
        self.marks.iter().position(|m| m.matrix.name == name && of_model(m))
    }
}
