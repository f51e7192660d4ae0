//! One measure by layer, a panel for every matrix type. Its first instance: the effective rank of dW = W - W0, figures 6, 13 and 18 of the
//! paper.

mod draw;
mod panels;
mod read;
mod table;

use crate::figures::data::layer_axis::final_layer;
use crate::figures::data::looks::looks;
use crate::figures::drawing::scale::{Axis, decades, round_ticks, tick_label};
use crate::figures::drawing::style::{LABEL_GAP, TICK, text_width};
use crate::figures::kind::{About, Choice, Dial, Field, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::effective_rank::EFFECTIVE_RANK as RANK;
use crate::metrics::{Bound, Measure, Of};
use crate::report::{Kind, Matrix, Report, Settings, Status};
use crate::series::{Series, labels};
use panels::{Panel, in_panels, thin_of};

pub static EFFECTIVE_RANK: FigureKind = FigureKind {
    title: "Effective rank of the change",
    paper: "Figs. 6, 13",
    note: "exp of the entropy of the singular values of ΔW. Grid lines stand at the ranks.",
    ..kind(&RANK)
};

/// The figure of a measure.
pub const fn kind(measure: &'static Measure) -> FigureKind {
    let of_change = matches!(measure.of, Of::Change(_));
    FigureKind {
        id: measure.id,
        title: measure.name,
        about: About::Run,
        needs: Needs::Nothing,
        dials: if of_change { &[] } else { &[Dial::K, Dial::Epsilon] },
        follows_rule: !of_change,
        choices: &[Choice {
            field: Field::AdaptersOnly,
            label: "Adapters alone",
        }],
        paper: "",
        note: measure.about,
        by_layer: true,
        per_model: false,
        shows: measure,
        // A change's own numbers are in the report; others are read from spectra and matches anew.
        keeps: if of_change {
            Keeps {
                matches: Matches::None,
                ..Keeps::COUNTS
            }
        } else {
            Keeps {
                spectra: true,
                places: true,
                ..Keeps::COUNTS
            }
        },
        make: |report, request| Box::new(Layout::new(report, request)),
    }
}

/// Below this width lines carry no names; a key stands under the panels.
const NARROW: f64 = 460.0;
/// Left of the plots: the widest tick, at least this.
const LEFT: f64 = 34.0;
const GAP: f64 = 20.0;
/// From the figure's top to the first panel's plot: the axis name and a panel's title.
const TOP: f64 = 46.0;
/// From one row of plots to the next: layer numbers, then a title.
const ROW_GAP: f64 = 60.0;
const KEY_ROW: f64 = 18.0;
/// A panel grows with the names beside it, up to so many.
const NAMED: usize = 40;

/// The mark of one matrix of one model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shown {
    Value(f64),
    /// Nothing changed, or nothing is there: a dot under the axis.
    Zero,
    Failed,
}

struct Mark<'a> {
    model: usize,
    matrix: &'a Matrix,
    layer: u32,
    shown: Shown,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    measure: &'static Measure,
    series: Vec<Series>,
    labels: Vec<String>,
    /// Ranks of the models, null for full fine-tunes.
    ranks: Vec<Option<u32>>,
    /// False for models that the request leaves out.
    shown: Vec<bool>,
    panels: Vec<Panel<'a>>,
    per_row: usize,
    left: f64,
    panel_width: f64,
    panel_height: f64,
    last_layer: u32,
    range: (f64, f64),
    log: bool,
    /// The places of grid lines; of a measure that has a limit at the ranks of the models and there.
    grid: Vec<f64>,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let measure = request.figure.kind().shows;
        let width = sane_width(request);
        let narrow = width < NARROW;
        let shown: Vec<bool> = report
            .models
            .iter()
            .map(|m| !request.adapters_only || m.kind != Kind::Full)
            .collect();
        let panels = in_panels(report, &shown, |m| self::shown(m, measure, &request.settings));
        let right = if narrow { 8.0 } else { 92.0 };
        let (range, log, grid) = match measure.bound {
            Bound::Rank => ranks(report, &shown, &panels),
            Bound::None => plain(&panels),
        };
        let left = grid
            .iter()
            .map(|v| 10.0 + text_width(&tick_label(*v), TICK))
            .fold(LEFT, f64::max)
            .ceil();
        let room = width - left - right;
        let least = if narrow { 110.0 } else { 95.0 };
        let fit = (((room + GAP) / (least + GAP)).floor() as usize).clamp(1, panels.len().max(1));
        // As many rows as needed, then as even as they come: 6 panels where 4 fit are 3 and 3.
        let rows = panels.len().max(1).div_ceil(fit);
        let per_row = panels.len().max(1).div_ceil(rows);
        let panel_width = ((room - GAP * (per_row - 1) as f64) / per_row as f64).floor().max(30.0);
        let names = if narrow {
            0.0
        } else {
            LABEL_GAP * shown.iter().filter(|s| **s).count().min(NAMED) as f64
        };
        let panel_height = names.max(if narrow {
            130.0
        } else if rows > 1 {
            150.0
        } else {
            190.0
        });
        let seen = panels.iter().flat_map(|p| &p.marks).map(|m| m.layer).max().unwrap_or(0);
        Layout {
            request,
            measure,
            series: looks(report, request),
            labels: labels(&report.models),
            ranks: report
                .models
                .iter()
                .map(|m| m.rank.filter(|_| m.kind == Kind::Lora))
                .collect(),
            last_layer: final_layer(request, seen, panels.len()),
            shown,
            panels,
            per_row,
            left,
            panel_width,
            panel_height,
            range,
            log,
            grid,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        let rows = self.panels.len().max(1).div_ceil(self.per_row) as f64;
        let plots = TOP + rows * self.panel_height + (rows - 1.0) * ROW_GAP;
        let key = if self.narrow {
            8.0 + KEY_ROW * self.models().count().div_ceil(self.key_columns()) as f64
        } else {
            0.0
        };
        plots + 38.0 + key
    }

    /// The models that are drawn.
    fn models(&self) -> impl Iterator<Item = usize> {
        (0..self.shown.len()).filter(|m| self.shown[*m])
    }

    fn key_columns(&self) -> usize {
        if self.width >= 300.0 { 3 } else { 2 }
    }

    /// The upper left corner of a panel's plot.
    fn corner(&self, panel: usize) -> (f64, f64) {
        let (column, row) = (panel % self.per_row, panel / self.per_row);
        (
            self.left + column as f64 * (self.panel_width + GAP),
            TOP + row as f64 * (self.panel_height + ROW_GAP),
        )
    }

    /// layer -> x.
    fn x(&self, panel: usize) -> Axis {
        let left = self.corner(panel).0;
        Axis::linear(
            (0.0, f64::from(self.last_layer)),
            (left + 8.0, left + self.panel_width - 8.0),
        )
    }

    /// value -> y.
    fn y(&self, panel: usize) -> Axis {
        let top = self.corner(panel).1;
        let place = (top + self.panel_height, top);
        if self.log {
            Axis::log(self.range, place)
        } else {
            Axis::linear(self.range, place)
        }
    }

    /// The place of a mark.
    fn place(&self, panel: usize, mark: &Mark) -> (f64, f64) {
        let base = self.y(panel).at(self.range.0);
        let y = match mark.shown {
            Shown::Value(value) => self.y(panel).at(value),
            // Below the axis: on a logarithmic one there is no zero.
            Shown::Zero => base + 3.5,
            Shown::Failed => base,
        };
        (self.x(panel).at(f64::from(mark.layer)), y)
    }
}

/// The values of all panels.
fn values<'a>(panels: &'a [Panel]) -> impl Iterator<Item = f64> + 'a {
    panels.iter().flat_map(|p| &p.marks).filter_map(|m| match m.shown {
        Shown::Value(value) => Some(value),
        _ => None,
    })
}

/// The axis of a measure without a limit: round values from 0 on; decades where it spans more than one.
fn plain(panels: &[Panel]) -> ((f64, f64), bool, Vec<f64>) {
    let (low, high) = values(panels).fold((f64::INFINITY, 0f64), |(l, h), v| (l.min(v), h.max(v)));
    if !low.is_finite() {
        return ((0.0, 1.0), false, vec![0.0, 1.0]);
    }
    if high / low > 10.0 {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        // As many as can be told apart, whatever a report holds.
        let step = (last - first).div_euclid(8) + 1;
        let grid: Vec<f64> = (0..=9)
            .map(|n| (first + n * step).max(-300))
            .take_while(|e| *e < last + step)
            .map(|e| 10f64.powi(e))
            .collect();
        return ((grid[0], grid[grid.len() - 1]), true, grid);
    }
    let grid = round_ticks(high);
    ((0.0, grid.last().copied().unwrap_or(1.0)), false, grid)
}

/// The axis of a rank: its range, whether it is logarithmic, and grid values. The top is the true limit: min(rows, cols) where a full
/// fine-tune is shown, else the largest rank; a linear axis far below its limit ends at a round value instead.
fn ranks(report: &Report, drawn: &[bool], panels: &[Panel]) -> ((f64, f64), bool, Vec<f64>) {
    let models = || {
        report
            .models
            .iter()
            .zip(drawn)
            .filter(|(_, drawn)| **drawn)
            .map(|(model, _)| model)
    };
    let (low, high) = (
        values(panels).fold(f64::INFINITY, f64::min),
        values(panels).fold(1.0, f64::max),
    );
    let log = low.is_finite() && high / low > 10.0;
    let ranks: Vec<f64> = models()
        .filter(|m| m.kind == Kind::Lora)
        .filter_map(|m| m.rank)
        .filter(|r| *r > 0)
        .map(f64::from)
        .collect();
    let full = ranks.is_empty() || models().any(|m| m.kind == Kind::Full);
    let size = models()
        .flat_map(|m| &m.matrices)
        .filter(|m| m.status != Status::Skipped)
        .map(|m| m.rows.min(m.cols))
        .max();
    let bound = if full {
        f64::from(size.unwrap_or(1))
    } else {
        ranks.iter().copied().fold(1.0, f64::max)
    };
    let mut limit = bound.max(high.ceil());
    let mut grid: Vec<f64> = if log { vec![1.0] } else { vec![0.0] };
    if !log && low.is_finite() && limit > 3.0 * high {
        grid.extend(round_ticks(high));
        limit = grid.last().copied().unwrap_or(1.0);
    } else if log && ranks.is_empty() {
        grid.extend(decades(limit));
    }
    grid.extend(ranks.into_iter().filter(|r| *r <= limit));
    if !log && grid.len() == 1 {
        grid.push((0.5 * limit).round());
    }
    grid.push(limit);
    grid.sort_by(f64::total_cmp);
    grid.dedup();
    ((grid[0], limit.max(grid[0] + 1.0)), log, grid)
}

/// The mark of one matrix; None where there is nothing to say.
fn shown(matrix: &Matrix, measure: &Measure, settings: &Settings) -> Option<Shown> {
    let value = || measure.read(matrix, settings).value();
    match (matrix.status, measure.of) {
        (Status::Failed, _) => Some(Shown::Failed),
        (Status::Skipped, _) => None,
        (Status::Unchanged, Of::Change(_)) => Some(Shown::Zero),
        _ => Some(match (value()?, measure.bound) {
            (value, _) if value <= 0.0 => Shown::Zero,
            (value, Bound::Rank) => Shown::Value(value.min(thin_of(matrix))),
            (value, Bound::None) => Shown::Value(value),
        }),
    }
}
