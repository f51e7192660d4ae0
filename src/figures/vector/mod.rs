//! Figure 2c of the paper: an ordinary and a studied fine-tuned vector against every pre-trained one: a peak against a flat line.

mod column;
mod draw;
mod read;
mod table;

use crate::figures::data::best::thin;
use crate::figures::data::subject::{Subject, match_words};
use crate::figures::drawing::scale::Axis;
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;
use column::Column;

/// Columns of every pre-trained vector that an embed keeps.
const COLUMNS: u32 = 16;

pub static VECTOR: FigureKind = FigureKind {
    id: "vector",
    title: "One vector against all",
    about: About::Matrix,
    needs: Needs::Nothing,
    dials: &[Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Fig. 2c",
    note: "",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        vectors: Some((u32::MAX, COLUMNS)),
        ..Keeps::ONE_MATRIX
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the words stand in the plot, not beside it.
const NARROW: f64 = 460.0;
const LEFT: f64 = 36.0;
/// From the figure's top to the first plot: the axis name and a panel's title.
const TOP: f64 = 46.0;
const PANEL: f64 = 110.0;
/// From one plot to the next: a title.
const GAP: f64 = 34.0;
const BOTTOM: f64 = 46.0;

/// One fine-tuned vector.
struct Panel<'a> {
    j: usize,
    column: Column<'a>,
    top: f64,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    subject: Subject<'a>,
    /// The ordinary vector, where there is one, above the studied one.
    panels: Vec<Panel<'a>>,
    /// The number of pre-trained vectors.
    n: usize,
    right: f64,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let right = width - if narrow { 12.0 } else { 72.0 };
        let subject = Subject::new(report, request);
        let n = subject.matrix.map_or(0, thin);
        let studied = studied(&subject, request.vector).filter(|j| *j < n);
        let shown = [studied.and_then(|j| ordinary(&subject, j)), studied]
            .into_iter()
            .flatten();
        let panels = shown.enumerate().filter_map(|(at, j)| {
            let best = subject.best_of(j).and_then(|best| Some((best.i? as usize, best.cos)));
            let column = Column::of(subject.matrix?, subject.settings.side, j, best, (right - LEFT) as usize);
            Some(Panel {
                j,
                column,
                top: TOP + at as f64 * (PANEL + GAP),
            })
        });
        Layout {
            panels: panels.collect(),
            subject,
            n,
            right,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        let panels = self.panels.len().max(1) as f64;
        TOP + panels * PANEL + (panels - 1.0) * GAP + BOTTOM
    }

    /// |cos| -> y.
    fn y(&self, panel: &Panel) -> Axis {
        Axis::linear((0.0, 1.0), (panel.top + PANEL, panel.top))
    }

    /// The middle of a stem.
    fn x(&self, panel: &Panel, stem: usize) -> f64 {
        LEFT + (stem as f64 + 0.5) * (self.right - LEFT) / panel.column.stems().max(1) as f64
    }

    /// The panel and the pre-trained vector in focus.
    fn focused(&self) -> Option<(usize, Option<usize>)> {
        let (i, j) = self.subject.focused()?;
        let at = self.panels.iter().position(|p| p.j == j)?;
        Some((at, i))
    }

    /// "j = 8: intruder, best match 0.30 at i = 6, spread over 41".
    fn title(&self, j: usize) -> String {
        let Some(best) = self.subject.best_of(j) else {
            return format!("j = {}", j + 1);
        };
        let epsilon = self.subject.settings.epsilon;
        let verdict = match (
            self.subject.is_intruder(j),
            best.below(epsilon),
            best.undecided(epsilon),
        ) {
            (true, ..) => "intruder",
            (_, true, _) => "outside the window",
            (.., true) => "undecided",
            _ => "ordinary",
        };
        let spread = self
            .subject
            .spread_words(j)
            .map(|words| format!(", spread over {words}"));
        format!(
            "j = {}: {verdict}, best match {}{}",
            j + 1,
            match_words(&best, " to "),
            spread.unwrap_or_default()
        )
    }
}

/// The vector asked for, else the one in focus where that is an intruder, else the first intruder, else the first of all.
fn studied(subject: &Subject, asked: Option<u32>) -> Option<usize> {
    subject.matrix.filter(|_| subject.best.is_some())?;
    let focused = || subject.focused().map(|(_, j)| j).filter(|j| subject.is_intruder(*j));
    asked
        .map(|j| j as usize)
        .or_else(focused)
        .or_else(|| subject.intruders().first().copied())
        .or(Some(0))
}

/// The ordinary vector: of the others of the window the one with the best match, the first of equals; none where all are new.
fn ordinary(subject: &Subject, other: usize) -> Option<usize> {
    let best = subject.best?;
    let window = (0..best.len().min(subject.settings.k as usize)).filter(|j| *j != other);
    let matched = window
        .filter_map(|j| Some((j, best.at(j)?.cos)))
        .filter(|(_, cos)| *cos >= subject.settings.epsilon);
    matched
        .reduce(|most, next| if next.1 > most.1 { next } else { most })
        .map(|(j, _)| j)
}
