//! Figure 2a of the paper: the singular values of W0 and of W over each other: what moved, and what is new.

mod draw;
mod landing;
mod read;

use crate::figures::data::best::done;
use crate::figures::data::subject::Subject;
use crate::figures::data::vectors_table::vectors_table;
use crate::figures::drawing::scale::{Axis, round_axis, tick_room};
use crate::figures::drawing::style::{LABEL, text_width};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, Table, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;

pub static SPECTRUM: FigureKind = FigureKind {
    id: "spectrum",
    title: "Singular values",
    about: About::Matrix,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Fig. 2a",
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

/// Below this width the lines' names stand over them, not at their ends.
const NARROW: f64 = 460.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
const HEIGHT: f64 = 300.0;

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    subject: Subject<'a>,
    base: &'a [f32],
    tuned: &'a [f32],
    /// Ranks shown.
    shown: usize,
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
        // The whole window, at least.
        let most = request.top.max(request.settings.k).max(1) as usize;
        let first = |sigma: &'a [f32]| &sigma[..sigma.len().min(most)];
        let (base, tuned) = subject
            .matrix
            .filter(|m| done(m))
            .map_or((&[][..], &[][..]), |m| (first(&m.sigma_base), first(&m.sigma_tuned)));
        let shown = base.len().max(tuned.len());
        let highest = base
            .iter()
            .chain(tuned)
            .filter(|s| s.is_finite())
            .fold(0.0f64, |most, s| most.max(f64::from(*s)));
        let (ticks, end) = round_axis(highest);
        let names = text_width(&subject.label, LABEL)
            .max(text_width("pre-trained", LABEL))
            .min(130.0);
        let (left, right) = (tick_room(&ticks), width - if narrow { 12.0 } else { names + 18.0 });
        Layout {
            x: Axis::linear((0.0, shown.saturating_sub(1).max(1) as f64), (left + 8.0, right)),
            y: Axis::linear((0.0, end), (HEIGHT - BOTTOM, TOP)),
            subject,
            base,
            tuned,
            shown,
            ticks,
            left,
            right,
            narrow,
            width,
        }
    }

    pub fn table(&self) -> Table {
        self.with_landings(vectors_table(&self.subject, 0..self.shown))
    }

    pub fn height(&self) -> f64 {
        HEIGHT
    }

    /// The place of the singular value of rank j; None past the end and for what is not a number.
    fn place(&self, sigma: &[f32], j: usize) -> Option<(f64, f64)> {
        let value = f64::from(*sigma.get(j)?);
        value.is_finite().then(|| (self.x.at(j as f64), self.y.at(value)))
    }

    fn focused(&self) -> Option<usize> {
        self.subject.focused().map(|(_, j)| j).filter(|j| *j < self.shown)
    }
}
