//! Figure 2b of the paper: the singular value of every fine-tuned vector against its best match.
//!
//! An intruder is a lone dot far right and low.

mod draw;
mod read;

use crate::figures::data::subject::Subject;
use crate::figures::data::vectors_table::vectors_table;
use crate::figures::drawing::scale::{Axis, round_axis};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, Table, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;

pub static SIGMA_VS_COSINE: FigureKind = FigureKind {
    id: "sigma-vs-cosine",
    title: "Singular value against best match",
    about: About::Matrix,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Fig. 2b",
    note: "",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        matches: Matches::All,
        ..Keeps::ONE_MATRIX
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the words stand in the plot, not beside it.
const NARROW: f64 = 460.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
const HEIGHT: f64 = 340.0;

/// One vector.
#[derive(Debug, Clone, Copy)]
struct Mark {
    j: usize,
    /// Its place; of an interval that of its lower end.
    at: (f64, f64),
    /// The upper end of an interval.
    upper: Option<f64>,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    subject: Subject<'a>,
    /// The marks by j.
    marks: Vec<Mark>,
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
        let subject = Subject::new(report, request);
        let sigma = subject.matrix.map_or(&[][..], |m| &m.sigma_tuned);
        let highest = sigma
            .iter()
            .filter(|s| s.is_finite())
            .fold(0.0f64, |most, s| most.max(f64::from(*s)));
        let (ticks, end) = round_axis(highest);
        let (left, right) = (36.0, width - if narrow { 12.0 } else { 92.0 });
        let x = Axis::linear((0.0, end), (left + 8.0, right));
        let y = Axis::linear((subject.least_cos(), 1.0), (HEIGHT - BOTTOM, TOP));
        let marks = sigma
            .iter()
            .enumerate()
            .filter(|(_, s)| s.is_finite())
            .filter_map(|(j, s)| {
                let best = subject.best_of(j)?;
                Some(Mark {
                    j,
                    at: (x.at(f64::from(*s)), y.at(best.cos)),
                    upper: best.spread().map(|u| y.at(u)),
                })
            });
        Layout {
            marks: marks.collect(),
            x,
            y,
            ticks,
            left,
            right,
            narrow,
            width,
            subject,
        }
    }

    pub fn table(&self) -> Table {
        vectors_table(&self.subject, 0..self.marks.last().map_or(0, |m| m.j + 1))
    }

    pub fn height(&self) -> f64 {
        HEIGHT
    }

    fn mark(&self, j: usize) -> Option<&Mark> {
        self.marks
            .binary_search_by_key(&j, |m| m.j)
            .ok()
            .map(|n| &self.marks[n])
    }

    fn focused(&self) -> Option<&Mark> {
        self.subject.focused().and_then(|(_, j)| self.mark(j))
    }
}
