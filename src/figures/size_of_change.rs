//! Newness against size: how strong the change of every matrix is beside its base, and how weak the weakest of its best matches.
//!
//! A change far below the base's spectrum cannot turn a strong vector far (Wedin 1972); a generic one that stands out of it brings a vector of
//! its own. So counts of two models say little about their methods where the sizes of their changes differ.

use crate::figures::drawing::pen::{Drawn, Pen};
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::scatter::Scatter;
use crate::figures::{Readout, Request, Table};
use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::metrics::{Measured, change_ratio};
use crate::report::Report;

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

const SIZE: &str = "size of the change, σ₁(ΔW) / σ₁(W₀)";

/// The layout.
pub(crate) struct Layout<'a> {
    scatter: Scatter<'a>,
    /// The mean size of each model; none where nothing is known.
    means: Vec<Option<f64>>,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        Layout {
            // One is where a change is as strong as the strongest of its base: always in sight.
            scatter: Scatter::new(report, request, &CHANGE_RATIO, (1.0, 1.0)),
            means: report.models.iter().map(|m| change_ratio::mean(&m.matrices)).collect(),
        }
    }

    pub fn height(&self) -> f64 {
        self.scatter.height()
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        self.scatter.hover(x, y)
    }

    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        self.scatter.step(dx, dy)
    }

    pub fn table(&self) -> Table {
        self.scatter.table()
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        let scatter = &self.scatter;
        scatter.axes(pen, SIZE)?;
        scatter.line(pen, 1.0, pen.palette.rule_strong)?;
        scatter.epsilon(pen)?;
        if !scatter.narrow {
            scatter.beside(pen, 1.0, "as strong as W₀’s strongest", pen.palette.ink_3)?;
        }
        if scatter.marks.is_empty() {
            let why = if scatter.request.running {
                "No matrix is done yet."
            } else {
                "No matrix was changed and compared."
            };
            return scatter.nothing(pen, why);
        }
        scatter.dots(pen)?;
        scatter.list(pen, "mean size", &self.by_size())?;
        scatter.key(pen, SIZE)
    }

    /// The mean size of every model, the largest first: a small change leaves strong vectors where they are.
    fn by_size(&self) -> Vec<(usize, String)> {
        let known = self
            .means
            .iter()
            .enumerate()
            .filter_map(|(model, mean)| Some((model, (*mean)?)));
        let mut known: Vec<(usize, f64)> = known.collect();
        known.sort_by(|a, b| b.1.total_cmp(&a.1));
        let print = |(model, mean)| (model, CHANGE_RATIO.print(Measured::Exactly(mean)));
        known.into_iter().map(print).collect()
    }

    pub fn alt(&self) -> String {
        let scatter = &self.scatter;
        if scatter.marks.is_empty() {
            return "Newness against the size of the change: nothing changed and compared.".into();
        }
        let of = |model: usize| {
            let (all, new) = scatter.counted(model);
            let size = self.means[model].map(|mean| CHANGE_RATIO.print(Measured::Exactly(mean)))?;
            (all > 0).then(|| {
                format!(
                    "{}: mean size {size}, {} of {} with an intruder",
                    scatter.labels[model],
                    count(new),
                    count(all)
                )
            })
        };
        let models: Vec<String> = (0..scatter.labels.len()).filter_map(of).collect();
        format!(
            "Weakest match against the size of the change, a dot per matrix, at ε = {}. {}.",
            fixed(scatter.request.settings.epsilon, 2),
            models.join("; ")
        )
    }
}
