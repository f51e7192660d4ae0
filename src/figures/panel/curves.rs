//! Line chart: lines over one number, their layout and the reading of a point.

use super::axes::{axis, ticks};
use crate::figures::drawing::scale::{Axis, measure, tick_room};
use crate::figures::drawing::style::{LABEL, text_width};
use crate::figures::kind::drawing;
use crate::figures::{Focus, Readout, Request, Table, Theme, Value, sane_width};
use crate::report::panel::{Curves, Line};

/// Below this width the lines are named above the plot, not at their ends.
const NARROW: f64 = 460.0;
const TOP: f64 = 30.0;
pub(super) const BOTTOM: f64 = 44.0;
/// A row of names above the plot.
pub(super) const ROW: f64 = 17.0;
/// A strip of counts below it.
pub(super) const STRIP: f64 = 16.0;
const STRIP_GAP: f64 = 6.0;

pub(crate) struct Layout<'a> {
    pub(super) data: &'a Curves,
    pub(super) theme: Theme,
    focus: Option<f64>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    /// The plot's lower edge.
    pub(super) base: f64,
    pub(super) narrow: bool,
    pub(super) width: f64,
}

drawing!(Layout);

impl<'a> Layout<'a> {
    pub fn new(data: &'a Curves, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let left = if data.y.log { 44.0 } else { tick_room(&ticks(&data.y)) };
        let names = data
            .lines
            .iter()
            .map(|l| &l.label)
            .chain(data.levels.iter().map(|l| &l.label))
            .chain(data.strips.iter().map(|s| &s.label));
        // Levels are bold.
        let widest = names
            .map(|name| 1.1 * text_width(name, LABEL))
            .fold(0.0, f64::max)
            .min(0.28 * width);
        // The end of a strip is named beside it also where there is little room.
        let strips = data
            .strips
            .iter()
            .map(|s| text_width(&s.label, LABEL))
            .fold(0.0, f64::max)
            .min(70.0);
        let right = width - if narrow { 12.0 + strips } else { widest + 18.0 };
        let rows = if narrow {
            legend(&data.lines, width).len() as f64
        } else {
            0.0
        };
        let top = TOP + ROW * rows;
        let base = top + if narrow { 190.0 } else { 220.0 };
        Layout {
            data,
            theme: request.theme,
            focus: request.focus.as_ref().and_then(|f| f.at).filter(|at| at.is_finite()),
            x: axis(&data.x, (left, right)),
            y: axis(&data.y, (base, top)),
            left,
            right,
            top,
            base,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        self.strips_end() + BOTTOM
    }

    /// The upper edge of a strip.
    pub(super) fn strip_top(&self, n: usize) -> f64 {
        self.base + STRIP_GAP + (STRIP + STRIP_GAP) * n as f64
    }

    pub(super) fn strips_end(&self) -> f64 {
        self.base + (STRIP + STRIP_GAP) * self.data.strips.len() as f64
    }

    /// The places where something is known, ascending, without repeats.
    fn places(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self
            .data
            .lines
            .iter()
            .flat_map(|l| &l.points)
            .map(|p| p[0])
            .filter(|x| x.is_finite())
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        all.dedup();
        all
    }

    pub(super) fn focused(&self) -> Option<f64> {
        self.focus
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside = (self.left - 6.0..=self.right + 6.0).contains(&x)
            && (self.top - 8.0..=self.strips_end() + 8.0).contains(&y);
        if !inside {
            return None;
        }
        let near = |place: &f64| (self.x.at(*place) - x).abs();
        self.places()
            .into_iter()
            .min_by(|a, b| near(a).total_cmp(&near(b)))
            .and_then(|at| self.read(at))
    }

    /// dx moves over the places; all lines are in one card.
    pub fn step(&self, dx: i32, _dy: i32) -> Option<Readout> {
        let places = self.places();
        let last = places.len().checked_sub(1)?;
        let from = self
            .focus
            .or(self.data.cursor)
            .map_or(0, |at| places.partition_point(|p| *p < at - 1e-9).min(last));
        self.read(places[from.saturating_add_signed(dx as isize).min(last)])
    }

    fn read(&self, at: f64) -> Option<Readout> {
        let values: Vec<(&Line, f64, Option<f64>)> = self
            .data
            .lines
            .iter()
            .filter_map(|l| value(l, at).map(|(y, sd)| (l, y, sd)))
            .collect();
        let first = values.first()?;
        let y = self.y.at(first.1);
        let with = |y: f64, sd: Option<f64>| sd.map_or(measure(y), |sd| format!("{} ± {}", measure(y), measure(sd)));
        let mut lines: Vec<(String, String)> = values
            .iter()
            .map(|(l, y, sd)| (l.label.clone(), with(*y, *sd)))
            .collect();
        lines.extend(
            self.data
                .strips
                .iter()
                .filter_map(|s| Some((s.label.clone(), count_at(&s.counts, at)?.to_string()))),
        );
        Some(Readout {
            title: format!("{}: {}", self.data.x.label, measure(at)),
            lines,
            colors: values.iter().map(|(l, ..)| l.token.clone()).collect(),
            focus: Focus {
                at: Some(at),
                ..Focus::default()
            },
            x: self.x.at(at),
            y,
            plot_right: self.right,
        })
    }

    pub fn table(&self) -> Table {
        let mut columns = vec![self.data.x.label.clone()];
        for line in &self.data.lines {
            columns.push(format!("{}: {}", line.label, self.data.y.label));
            if !line.deviation.is_empty() {
                columns.push(format!("{}: standard deviation", line.label));
            }
        }
        columns.extend(self.data.strips.iter().map(|s| s.label.clone()));
        let row = |at: f64| {
            let mut cells = vec![Value::from(at)];
            for line in &self.data.lines {
                let found = value(line, at);
                cells.push(found.map(|(y, _)| y).into());
                if !line.deviation.is_empty() {
                    cells.push(found.and_then(|(_, sd)| sd).into());
                }
            }
            cells.extend(self.data.strips.iter().map(|s| Value::from(count_at(&s.counts, at))));
            cells
        };
        Table {
            title: String::new(),
            columns,
            rows: self.places().into_iter().map(row).collect(),
        }
    }
}

/// The value of a line at a place, with its deviation.
fn value(line: &Line, at: f64) -> Option<(f64, Option<f64>)> {
    let n = line.points.iter().position(|p| p[0] == at)?;
    let y = line.points[n][1];
    y.is_finite()
        .then(|| (y, line.deviation.get(n).copied().filter(|sd| sd.is_finite())))
}

/// The count that holds at a place.
fn count_at(counts: &[[f64; 2]], at: f64) -> Option<f64> {
    counts.iter().take_while(|c| c[0] <= at).last().map(|c| c[1])
}

/// The rows of names above a narrow plot: indices of lines.
pub(super) fn legend(lines: &[Line], width: f64) -> Vec<Vec<usize>> {
    let mut rows: Vec<(Vec<usize>, f64)> = Vec::new();
    for (n, line) in lines.iter().enumerate().take(12) {
        let own = legend_room(line);
        match rows.last_mut() {
            Some((row, used)) if *used + own <= width => {
                row.push(n);
                *used += own;
            }
            _ => rows.push((vec![n], own)),
        }
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

pub(super) fn legend_room(line: &Line) -> f64 {
    20.0 + text_width(&line.label, LABEL) + 12.0
}
