//! The overview of intruders: layers down, matrix types across, one panel per model. The paper sums these cells up in its Figs. 5 and 14.

mod draw;
mod grid;
mod read;
mod table;

use crate::figures::data::layer_axis::final_layer;
use crate::figures::data::words::so_far;
use crate::figures::drawing::style::{LABEL, TICK, text_width};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::{Model, Report};
use crate::series::{Series, labels, series};
use grid::{Cell, Grid, Shown};

pub static OVERVIEW: FigureKind = FigureKind {
    id: "overview",
    title: "Where they are",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "",
    note: "Layers down, matrix types across. Select a cell to open its matrix.",
    by_layer: false,
    per_model: true,
    shows: &INTRUDERS,
    keeps: Keeps::COUNTS,
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Left of the first panel: the layer numbers.
const LEFT: f64 = 42.0;
const GAP: f64 = 20.0;
/// From a panel's top to its cells: its name, its total, the types.
const HEAD: f64 = 54.0;
/// Under the cells: the totals of the types, and air.
const FOOT: f64 = 22.0;
/// The least cell that holds a numeral.
const NUMERAL: (f64, f64) = (20.0, 14.0);
/// The least width of a panel: its name, or what tells it from the others of its run.
const NAME: f64 = 84.0;
/// Cells with numerals may make a figure this tall; beyond it they are shades.
const TALLEST: f64 = 1300.0;

/// Size and arrangement of the cells, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cells {
    width: f64,
    height: f64,
    /// Panels side by side.
    per_row: usize,
    numerals: bool,
    /// Room for the totals of the layers right of each panel.
    totals: bool,
}

struct Panel {
    label: String,
    series: Series,
    /// Row after row.
    cells: Vec<Option<Cell>>,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    models: &'a [Model],
    grid: Grid<'a>,
    panels: Vec<Panel>,
    cells: Cells,
    top: f64,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let grid = Grid::of(report, |seen, types| {
            if request.running {
                final_layer(request, seen, types)
            } else {
                seen
            }
        });
        let names = labels(&report.models).into_iter().zip(series(&report.models));
        let panels: Vec<Panel> = report
            .models
            .iter()
            .zip(names)
            .take(request.panels.map_or(usize::MAX, |most| most as usize))
            .map(|(model, (label, series))| Panel {
                label,
                series,
                cells: grid.cells(model, &request.settings),
            })
            .collect();
        let cells = arrange(width, grid.rows.len(), grid.columns.len(), panels.len());
        Layout {
            request,
            models: &report.models,
            grid,
            panels,
            cells,
            top: if cells.numerals { 24.0 } else { 44.0 },
            width,
        }
    }

    pub fn height(&self) -> f64 {
        let rows = self.panels.len().div_ceil(self.cells.per_row).max(1) as f64;
        (self.top + rows * self.pitch() - 4.0).ceil()
    }

    /// From one row of panels to the next.
    fn pitch(&self) -> f64 {
        HEAD + self.tall() + FOOT + 10.0
    }

    fn wide(&self) -> f64 {
        self.cells.width * self.grid.columns.len() as f64
    }

    fn tall(&self) -> f64 {
        self.cells.height * self.grid.rows.len() as f64
    }

    /// From one panel of a row to the next.
    fn stride(&self) -> f64 {
        let room = self.width - LEFT + GAP;
        let most = (self.wide() + self.total_width() + 3.0 * GAP).max(NAME + GAP);
        (room / self.cells.per_row as f64).floor().min(most)
    }

    fn total_width(&self) -> f64 {
        if self.cells.totals { TOTAL } else { 0.0 }
    }

    /// The upper left corner of a panel's cells.
    fn corner(&self, panel: usize) -> (f64, f64) {
        let (column, row) = (panel % self.cells.per_row, panel / self.cells.per_row);
        (
            LEFT + column as f64 * self.stride(),
            self.top + HEAD + row as f64 * self.pitch(),
        )
    }

    fn cell(&self, panel: usize, row: usize, column: usize) -> Option<&Cell> {
        self.panels
            .get(panel)?
            .cells
            .get(row * self.grid.columns.len() + column)?
            .as_ref()
    }

    /// The upper left corner of a cell.
    fn place(&self, panel: usize, row: usize, column: usize) -> (f64, f64) {
        let (x, y) = self.corner(panel);
        (x + self.cells.width * column as f64, y + self.cells.height * row as f64)
    }

    /// The model's total in the longest words that fit: "59 in 29 of 36 matrices".
    fn total(&self, panel: usize, room: f64) -> String {
        let of = |f: fn(&Cell) -> u32| self.panels[panel].cells.iter().flatten().map(f).sum::<u32>();
        let (count, with, done) = (of(|c| c.count), of(|c| c.with_any), of(|c| c.done));
        let so_far = so_far(self.request);
        let matrices = if done == 1 { "matrix" } else { "matrices" };
        let words = match (done, count) {
            (0, _) => ["not computed".to_owned(), "–".into(), String::new()],
            (_, 0) => [
                format!("none in {done} {matrices}{so_far}"),
                format!("none in {done}"),
                "0".into(),
            ],
            _ => {
                let [count, with, done] = [count, with, done].map(|n| crate::print::count(n.into()));
                [
                    format!("{count} in {with} of {done} {matrices}{so_far}"),
                    format!("{count} in {with} of {done}"),
                    count,
                ]
            }
        };
        let short = words[2].clone();
        words
            .into_iter()
            .find(|w| text_width(w, LABEL) <= room)
            .unwrap_or(short)
    }
}

/// The width of the column of the layers' totals.
const TOTAL: f64 = 28.0;

/// The arrangement of panels: as many side by side as hold numerals; shades where the figure would grow too tall, or the cells too small.
fn arrange(width: f64, rows: usize, columns: usize, panels: usize) -> Cells {
    let (room, rows, columns, panels) = (width - LEFT, rows.max(1) as f64, columns.max(1) as f64, panels.max(1));
    let layout = |least: f64, height: f64, totals: f64, numerals: bool| {
        let fit = (((room + GAP) / ((least * columns + totals).max(NAME) + GAP)).floor() as usize).clamp(1, panels);
        // As many rows as needed, then as even as they come: 8 panels where 5 fit are 4 and 4.
        let per_row = panels.div_ceil(panels.div_ceil(fit));
        let each = (room - GAP * (per_row - 1) as f64) / per_row as f64;
        // Words over the columns need more than numerals do.
        let widest = if per_row == 1 { 64.0 } else { 34.0 };
        let wide = ((each - totals) / columns).floor().clamp(1.0, widest);
        Cells {
            width: wide,
            height,
            per_row,
            numerals,
            totals: totals > 0.0 && wide * columns + totals <= each,
        }
    };
    let height = (560.0 / rows).floor().clamp(NUMERAL.1, 26.0);
    let (full, plain) = (
        layout(NUMERAL.0, height, TOTAL, true),
        layout(NUMERAL.0, height, 0.0, true),
    );
    // The layers' totals are the first to go where they cost a row of panels.
    let large = if panels.div_ceil(plain.per_row) < panels.div_ceil(full.per_row) {
        plain
    } else {
        full
    };
    let panel_rows = panels.div_ceil(large.per_row) as f64;
    if large.width >= 14.0 && panel_rows * (HEAD + FOOT + rows * height) <= TALLEST {
        return large;
    }
    layout(
        (2.0 * text_width("dn", TICK) / 3.0).ceil(),
        (440.0 / rows).floor().clamp(2.0, 13.0),
        0.0,
        false,
    )
}
