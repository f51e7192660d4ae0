//! Figures 11, 12 and 15 of the paper: the number of intruders of each model against the window k, at the set epsilon.
//!
//! Counted once: a histogram over j of all vectors below epsilon, summed up. On the share axis every matrix is looked at to the same part of
//! its own vectors.

mod counts;
mod draw;
mod read;
mod table;

use crate::figures::data::best::{done, thin};
use crate::figures::data::looks::looks;
use crate::figures::data::readings;
use crate::figures::data::words::{over, side_words};
use crate::figures::drawing::scale::{Axis, count, fixed};
use crate::figures::drawing::style::{LABEL_GAP, TICK, text_width};
use crate::figures::kind::{About, Choice, Dial, Field, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::{Report, Status};
use crate::series::{Series, labels};
use counts::{Counts, Vectors};

pub static K_CURVE: FigureKind = FigureKind {
    id: "k-curve",
    title: "Count against window",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[Choice {
        field: Field::Fraction,
        label: "As a share of all vectors",
    }],
    paper: "Figs. 11, 12",
    note: "Deep vectors lie so close in singular value that a small change mixes them. A large k counts this mixing, not new directions.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        matches: Matches::All,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the lines carry no names of their own: the readings name them.
const NARROW: f64 = 460.0;
/// Below this width the readings stand under the plot: in it they would cover lines.
const SMALL: f64 = 620.0;
/// Left of the plot: the widest tick, at least this.
const LEFT: f64 = 40.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
/// And where there are more lines than this.
const MANY: usize = 8;
/// The most readings under the plot, those that count most first: the table has them all.
const LISTED: usize = 40;
/// The marks of an axis where k is a share; and no window is counted finer than in so many parts.
const SHARES: u64 = 200;
const FINEST: u64 = 1 << 16;

/// One model's line.
struct Line {
    /// Its place in the report.
    model: u32,
    label: String,
    series: Series,
    counts: Counts,
    /// Matrices in the count.
    done: usize,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    lines: Vec<Line>,
    /// All vectors that a window holds, over all planned matrices.
    vectors: Vectors,
    /// The largest window: n of the largest matrix.
    last: u64,
    /// Windows at which the lines are drawn and read, ascending.
    stops: Vec<u64>,
    x: Axis,
    y: Axis,
    left: f64,
    right: f64,
    /// The height of the plot with its axes; readings may stand below.
    height: f64,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let seen = report
            .models
            .iter()
            .flat_map(|m| &m.matrices)
            .filter(|m| m.status != Status::Skipped);
        let largest = seen.map(thin).max().unwrap_or(0) as u64;
        // A window of a share is counted in parts of the largest matrix: there k means itself.
        let last = if request.fraction { largest.min(FINEST) } else { largest }.max(1);
        let parts = request.fraction.then_some(last);
        let names = labels(&report.models).into_iter().zip(looks(report, request));
        let lines: Vec<Line> = report
            .models
            .iter()
            .zip(names)
            .zip(0..)
            .map(|((m, (label, series)), model)| Line {
                model,
                label,
                series,
                counts: Counts::of(m, &request.settings, parts),
                done: m.matrices.iter().filter(|x| done(x)).count(),
            })
            .collect();
        let height = if narrow {
            320.0
        } else {
            (80.0 + LABEL_GAP * lines.len() as f64).clamp(340.0, 520.0)
        };
        let vectors = Vectors::of(report, request.planned, last);
        let limit = vectors.upto(last).max(10);
        let widest = if request.fraction { percent(1.0) } else { count(limit) };
        let left = (14.0 + text_width(&widest, TICK)).max(LEFT).ceil();
        let right = width - if narrow { 14.0 } else { 100.0 };
        let (across, down) = ((left, right), (height - BOTTOM, TOP));
        let (x, y) = if request.fraction {
            (Axis::linear((0.0, last as f64), across), Axis::linear((0.0, 1.0), down))
        } else {
            (
                Axis::log((1.0, last.max(2) as f64), across),
                Axis::counts(limit as f64, down),
            )
        };
        let ends = lines
            .iter()
            .filter_map(|l| l.counts.end)
            .filter(|k| (1..=last).contains(k));
        let mut figure = Layout {
            request,
            vectors,
            last,
            stops: Vec::new(),
            x,
            y,
            left,
            right,
            height,
            narrow,
            width,
            lines: Vec::new(),
        };
        figure.stops = stops(last, request.fraction, ends.chain([figure.k()]));
        figure.lines = lines;
        figure
    }

    pub fn height(&self) -> f64 {
        let below = if self.below() {
            self.list_size(self.lines.len().min(LISTED)).1 + 10.0
        } else {
            0.0
        };
        self.height + below
    }

    /// The readings stand under the plot.
    fn below(&self) -> bool {
        !self.lines.is_empty() && (self.width < SMALL || self.lines.len() > MANY)
    }

    fn list_size(&self, rows: usize) -> (f64, f64) {
        let k = self.k();
        let longest = self
            .lines
            .iter()
            .map(|l| l.label.chars().count() + self.reading(l, k).chars().count())
            .max()
            .unwrap_or(0);
        readings::size(rows, longest, self.narrow)
    }

    /// The window that is set, as far as the axis goes.
    fn k(&self) -> u64 {
        u64::from(self.request.settings.k).clamp(1, self.last)
    }

    /// The place of a line at a window; None beyond what was computed.
    fn place(&self, line: &Line, k: u64) -> Option<(f64, f64)> {
        let value = if self.request.fraction {
            line.counts.share(k)?
        } else {
            line.counts.upto(k)? as f64
        };
        Some((self.x.at(k as f64), self.y.at(value)))
    }

    /// The reading of a line at a window.
    fn reading(&self, line: &Line, k: u64) -> String {
        match (line.counts.upto(k), line.counts.share(k)) {
            (None, _) => "–".into(),
            (Some(_), Some(share)) if self.request.fraction => percent(share),
            (Some(_), None) if self.request.fraction => "–".into(),
            (Some(n), _) => count(n),
        }
    }

    /// Lines by what they hold at a window, most first; those that end before it last.
    fn sorted(&self, k: u64) -> Vec<&Line> {
        let mut all: Vec<&Line> = self.lines.iter().collect();
        let key = |line: &Line| {
            if self.request.fraction {
                line.counts.share(k)
            } else {
                line.counts.upto(k).map(|n| n as f64)
            }
        };
        all.sort_by(|a, b| key(b).unwrap_or(-1.0).total_cmp(&key(a).unwrap_or(-1.0)));
        all
    }

    /// "k = 10"; as a share "k = 2.6 % of n".
    fn window(&self, k: u64) -> String {
        if self.request.fraction {
            format!("k = {} of n", percent(k as f64 / self.last as f64))
        } else {
            format!("k = {}", count(k))
        }
    }

    /// The name of the y axis: what is counted, over how much.
    fn title(&self) -> String {
        let over = over(self.lines.iter().map(|l| l.done), self.request);
        let (epsilon, side) = (
            fixed(self.request.settings.epsilon, 2),
            side_words(self.request.settings.side),
        );
        match (self.request.fraction, self.narrow) {
            (true, true) => format!("Share that are intruders, {over}, ε = {epsilon}{side}"),
            (true, false) => {
                format!("Share of the vectors looked at that are intruders, in {over}, ε = {epsilon}{side}")
            }
            (false, true) => format!("Intruders, {over}, ε = {epsilon}{side}"),
            (false, false) => format!("Intruders in {over}, ε = {epsilon}{side} (log scales{})", self.known()),
        }
    }

    /// The end of what is known, where every line ends before the axis does.
    fn known(&self) -> String {
        let ends = self
            .lines
            .iter()
            .map(|line| line.counts.end.filter(|end| *end < self.last));
        match ends
            .collect::<Option<Vec<u64>>>()
            .and_then(|ends| ends.into_iter().max())
        {
            Some(end) => format!("; known to k = {}", count(end)),
            None => String::new(),
        }
    }
}

/// 2.6 %, 100 %.
fn percent(share: f64) -> String {
    let value = 100.0 * share;
    format!("{} %", fixed(value, if value.fract() != 0.0 { 1 } else { 0 }))
}

/// Every k up to 50, then each about 2 % above the one before; shares in even parts. The `marked` ones are among them.
fn stops(last: u64, fraction: bool, marked: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut all: Vec<u64> = marked.chain([last]).collect();
    if fraction {
        all.extend((1..=SHARES).map(|n| (n * last).div_ceil(SHARES)));
    } else {
        let next = |k: &u64| Some(if *k < 50 { k + 1 } else { k + k.div_ceil(50) });
        all.extend(std::iter::successors(Some(1), next).take_while(|k| *k < last));
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::stops;

    #[test]
    fn stops_are_single_at_first_and_end_at_the_last() {
        let all = stops(4096, false, [137].into_iter());
        assert_eq!(all[..50], (1..=50).collect::<Vec<_>>());
        assert!(
            all.contains(&137) && all.last() == Some(&4096) && all.len() < 300,
            "{}",
            all.len()
        );
        assert_eq!(stops(3, false, [2].into_iter()), [1, 2, 3]);
        assert_eq!(stops(400, true, [10].into_iter()).len(), 200);
        assert_eq!(stops(1, true, [1].into_iter()), [1]);
    }
}
