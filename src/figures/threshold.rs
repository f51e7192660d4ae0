//! Prediction against truth: the margin of every matrix to its threshold, which W0's spectrum and the strength of the change give alone, beside
//! the weakest of its best matches. What lies off the prediction is the alignment of the change with W0.

use crate::figures::drawing::pen::{Drawn, Pen};
use crate::figures::drawing::scale::{count, fixed, tick_label};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::scatter::{Mark, Scatter};
use crate::figures::{Readout, Request, Table};
use crate::metrics::Measured;
use crate::metrics::bulk::{Bulk, Landing};
use crate::metrics::change_ratio::strength;
use crate::metrics::threshold_margin::THRESHOLD_MARGIN;
use crate::report::{Mode, Report, Side, Status};

pub static THRESHOLD: FigureKind = FigureKind {
    id: "threshold",
    title: "Threshold: prediction against truth",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon, Dial::Times],
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

const MARGIN: &str = "margin to the threshold, σ₁(ΔW) / θ*";

/// The layout.
pub(crate) struct Layout<'a> {
    scatter: Scatter<'a>,
    /// How many matrices of each model stand at the threshold or above it, of how many.
    above: Vec<(u32, u32)>,
    /// The margin that a change may have and stay below the threshold once it is scaled as asked.
    line: f64,
    /// Why changed matrices have no margin, where some have none.
    unknown: Option<Unknown>,
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

/// The reason of the first changed matrix whose base has fewer singular values in the report than it has, and no bulk behind the window.
fn unknown(report: &Report, k: u32) -> Option<Unknown> {
    let all = report.models.iter().flat_map(|m| &m.matrices);
    let mut changed =
        all.filter(|m| m.status == Status::Analyzed && m.delta.as_ref().is_some_and(|d| d.frobenius > 0.0));
    let is_short = |m: &&crate::report::Matrix| m.sigma_base.len() < m.rows.min(m.cols) as usize;
    let short = changed.find(|m| is_short(m) && Bulk::of(m, k).is_none())?;
    Some(if short.mode == Some(Mode::Certified) {
        Unknown::Certified
    } else {
        Unknown::Stored
    })
}

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let line = 1.0 / request.times();
        // The threshold is always in sight, as trained and as asked.
        let scatter = Scatter::new(report, request, &THRESHOLD_MARGIN, (line.min(1.0), line.max(1.0)));
        let above = |model: usize| {
            let own = || scatter.marks.iter().filter(|m| m.model == model);
            (own().filter(|m| m.value >= line).count() as u32, own().count() as u32)
        };
        Layout {
            above: (0..report.models.len()).map(above).collect(),
            unknown: unknown(report, request.settings.k),
            line,
            scatter,
        }
    }

    pub fn height(&self) -> f64 {
        self.scatter.height()
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        self.scatter.hover(x, y).map(|readout| self.with_landing(readout))
    }

    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        self.scatter.step(dx, dy).map(|readout| self.with_landing(readout))
    }

    pub fn table(&self) -> Table {
        let (mut table, marks) = (self.scatter.table(), &self.scatter.marks);
        let mut put = |name: &str, of: &dyn Fn(&Mark) -> Option<f64>| {
            table.columns.push(name.to_owned());
            table
                .rows
                .iter_mut()
                .zip(marks)
                .for_each(|(row, mark)| row.push(of(mark).into()));
        };
        let error = |mark: &Mark| match mark.reading {
            Measured::About(_, error) => Some(error),
            _ => None,
        };
        if marks.iter().any(|mark| error(mark).is_some()) {
            put("relative standard error", &error);
        }
        put("a generic one lands at σ", &|mark| Some(self.landing(mark)?.1.sigma));
        put("at place", &|mark| Some(self.landing(mark)?.0 as f64));
        put("and keeps of itself, left", &|mark| Some(self.landing(mark)?.1.left));
        put("right", &|mark| Some(self.landing(mark)?.1.right));
        table
    }

    /// Where a generic direction as strong as the strongest of the change lands: its place among the base's singular values, from 1. None below the
    /// threshold.
    fn landing(&self, mark: &Mark) -> Option<(usize, Landing)> {
        let request = self.scatter.request;
        let theta = strength(mark.matrix.delta.as_ref()?) * request.times();
        let landing = Bulk::of(mark.matrix, request.settings.k)?.landing(theta)?;
        let before = mark.matrix.sigma_base.iter().take(request.settings.k as usize);
        Some((before.filter(|s| f64::from(**s) > landing.sigma).count() + 1, landing))
    }

    fn with_landing(&self, mut readout: Readout) -> Readout {
        let said = self.scatter.mark(&readout.focus).map(|mark| match self.landing(mark) {
            None => "behind the window".to_owned(),
            Some((place, Landing { left, right, .. })) => {
                let kept = match self.scatter.request.settings.side {
                    Side::Left => left,
                    Side::Right => right,
                    Side::Both => left.min(right),
                };
                format!("place {place}, cos {}", fixed(kept, 2))
            }
        });
        readout
            .lines
            .extend(said.map(|said| ("generic landing".to_owned(), said)));
        readout
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        let scatter = &self.scatter;
        scatter.axes(pen, MARGIN)?;
        self.thresholds(pen)?;
        if scatter.marks.is_empty() {
            return scatter.nothing(pen, self.why_empty());
        }
        scatter.dots(pen)?;
        scatter.list(pen, "above it", &self.by_count())?;
        scatter.key(pen, MARGIN)
    }

    /// Why no dot is there.
    fn why_empty(&self) -> &'static str {
        match (self.scatter.request.running, self.unknown) {
            (true, None) => "No matrix is done yet.",
            (false, None) => "No matrix was changed and compared.",
            (_, Some(Unknown::Certified)) => "The threshold needs the base’s whole spectrum: exact mode has it.",
            (_, Some(Unknown::Stored)) => {
                "The threshold needs the base’s whole spectrum, which this report was stored without: the checkpoints have it."
            }
        }
    }

    /// The strength from which on a generic direction enters the window, and the line below which a vector is an intruder.
    fn thresholds(&self, pen: &Pen) -> Drawn {
        let (scatter, times) = (&self.scatter, self.scatter.request.times());
        if times != 1.0 {
            scatter.line(pen, 1.0, pen.palette.rule_strong)?;
        }
        scatter.line(pen, self.line, pen.palette.ink)?;
        scatter.epsilon(pen)?;
        let words = match times {
            1.0 => "threshold".to_owned(),
            c => format!("threshold of ΔW × {}", tick_label(c)),
        };
        scatter.beside(pen, self.line, &words, pen.palette.ink_2)
    }

    /// How many matrices of every model are above the threshold, the most first.
    fn by_count(&self) -> Vec<(usize, String)> {
        let known = self.above.iter().copied().enumerate().filter(|(_, (_, all))| *all > 0);
        let mut known: Vec<(usize, (u32, u32))> = known.collect();
        known.sort_by_key(|(_, (above, _))| std::cmp::Reverse(*above));
        let print = |(model, (above, all))| (model, format!("{above} of {all}"));
        known.into_iter().map(print).collect()
    }

    pub fn alt(&self) -> String {
        let scatter = &self.scatter;
        if scatter.marks.is_empty() {
            return format!("Threshold, prediction against truth: {}", self.why_empty());
        }
        let of = |model: usize| {
            let (above, all) = *self.above.get(model).filter(|(_, all)| *all > 0)?;
            let (_, new) = scatter.counted(model);
            Some(format!(
                "{}: {} of {} above the threshold, {} with an intruder",
                scatter.labels[model],
                count(above.into()),
                count(all.into()),
                count(new)
            ))
        };
        let models: Vec<String> = (0..scatter.labels.len()).filter_map(of).collect();
        let times = match scatter.request.times() {
            1.0 => String::new(),
            c => format!(", with ΔW × {}", tick_label(c)),
        };
        format!(
            "Weakest match against the margin to the threshold{times}, a dot per matrix, at ε = {}. {}.",
            fixed(scatter.request.settings.epsilon, 2),
            models.join("; ")
        )
    }
}
