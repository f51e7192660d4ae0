//! Prediction against truth: the margin of every matrix to its threshold, which W0's spectrum and the strength of the change give alone, beside
//! the weakest of its best matches. What lies off the prediction is the alignment of the change with W0.

mod draw;
mod read;
mod table;

use crate::figures::data::looks::looks;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, one_two_five};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::Measured;
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::threshold_margin::THRESHOLD_MARGIN;
use crate::metrics::weakest_match::WEAKEST_MATCH;
use crate::report::{Cosine, Matrix, Mode, Report, Status};
use crate::series::{Series, labels};

pub static THRESHOLD: FigureKind = FigureKind {
    id: "threshold",
    title: "Threshold: prediction against truth",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "",
    note: "A dot is a matrix. Left of the line a generic direction of that strength makes no intruder; right of it one may, and where none is \
           there, the change leans on directions of W₀. A yardstick: necessary, not sufficient.",
    by_layer: false,
    per_model: false,
    shows: &THRESHOLD_MARGIN,
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
    /// sigma_1(dW) / theta*.
    margin: f64,
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
    /// The marks by falling margin: the order in which the arrow keys go.
    marks: Vec<Mark<'a>>,
    /// How many matrices of each model stand at the threshold or above it, of how many.
    above: Vec<(u32, u32)>,
    /// The margin that a change may have and stay below the threshold once it is scaled as asked.
    line: f64,
    /// Why changed matrices have no margin, where some have none.
    unknown: Option<Unknown>,
    x: Axis,
    y: Axis,
    ticks: Vec<f64>,
    left: f64,
    right: f64,
    narrow: bool,
    width: f64,
}

figure!(Layout);

/// Why the bulk of a base's spectrum is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    /// Certified mode knows the leading values alone.
    Certified,
    /// The report was stored without it.
    Stored,
}

/// The reason of the first changed matrix whose base has fewer singular values in the report than it has.
fn unknown(report: &Report) -> Option<Unknown> {
    let all = report.models.iter().flat_map(|m| &m.matrices);
    let mut changed =
        all.filter(|m| m.status == Status::Analyzed && m.delta.as_ref().is_some_and(|d| d.frobenius > 0.0));
    let short = changed.find(|m| m.sigma_base.len() < m.rows.min(m.cols) as usize)?;
    Some(if short.mode == Some(Mode::Certified) {
        Unknown::Certified
    } else {
        Unknown::Stored
    })
}

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let settings = &request.settings;
        let found = report.models.iter().enumerate().flat_map(|(model, m)| {
            m.matrices.iter().filter_map(move |matrix| {
                let margin = THRESHOLD_MARGIN.read(matrix, settings).value().filter(|x| *x > 0.0)?;
                let weakest = match WEAKEST_MATCH.read(matrix, settings) {
                    Measured::Between(low, high) => (low, high),
                    reading => reading.value().map(|x| (x, x))?,
                };
                let intruders = match INTRUDERS.read(matrix, settings) {
                    Measured::Counted(n, open) => (n, open),
                    _ => (0, 0),
                };
                Some((model, matrix, margin, weakest, intruders))
            })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| b.2.total_cmp(&a.2));
        let line = 1.0 / request.times();
        // The threshold is always in sight, as trained and as asked.
        let ends = (line.min(1.0), line.max(1.0));
        let (least, most) = found
            .iter()
            .fold(ends, |(l, h): (f64, f64), m| (l.min(m.2), h.max(m.2)));
        let ticks = one_two_five(least.max(1e-12), most.min(1e12));
        let range = (
            ticks.first().copied().unwrap_or(0.1),
            ticks.last().copied().unwrap_or(1.0),
        );
        let lowest = if settings.cosine == Cosine::Signed { -1.0 } else { 0.0 };
        let (left, right) = (36.0, width - if narrow { 12.0 } else { 92.0 });
        let x = Axis::log(range, (left + 8.0, right - 4.0));
        let y = Axis::linear((lowest, 1.0), (HEIGHT - BOTTOM, TOP));
        let marks: Vec<Mark> = found
            .into_iter()
            .map(|(model, matrix, margin, weakest, intruders)| Mark {
                model,
                matrix,
                margin,
                weakest,
                intruders,
                at: (x.at(margin), y.at(weakest.1)),
            })
            .collect();
        Layout {
            request,
            series: looks(report, request),
            labels: labels(&report.models),
            above: (0..report.models.len())
                .map(|model| {
                    let own = || marks.iter().filter(|m| m.model == model);
                    (own().filter(|m| m.margin >= line).count() as u32, own().count() as u32)
                })
                .collect(),
            unknown: unknown(report),
            line,
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
