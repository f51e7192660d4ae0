//! Figures 1 and 3 of the paper: C[i,j] = |u0_i . u_j|, rows pre-trained, columns fine-tuned; and under every column its best match c_j with epsilon.
//!
//! An intruder is a blank column: no pre-trained vector resembles it, and the diagonal after it is shifted.

mod cells;
mod draw;
mod read;
mod strip;
mod table;

use crate::figures::data::cosines::Map;
use crate::figures::data::subject::Subject;
use crate::figures::drawing::scale::Axis;
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_scale, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::{LONGEST_WINDOW, Report};
use cells::RECTANGLES;

pub static SIMILARITY: FigureKind = FigureKind {
    id: "similarity",
    title: "Similarity",
    about: About::Matrix,
    needs: Needs::Nothing,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "Figs. 1, 3",
    note: "A strong cell: the fine-tuned vector is that pre-trained vector. A blank column: it is none of them.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        vectors: Some((LONGEST_WINDOW, LONGEST_WINDOW)),
        ..Keeps::ONE_MATRIX
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the words move from the right of the map onto and under it.
const NARROW: f64 = 420.0;
/// Neither a cell nor the map grows beyond this, in CSS pixels: the strip below must stay in sight.
const CELL_MAX: f64 = 28.0;
const MAP_MAX: f64 = 576.0;
/// The most cells of a side, and the most pixels of the side of a bitmap.
const TOP_MAX: u32 = 8192;
const PIXELS_MAX: f64 = 4096.0;
/// Above the map: the window's bracket, the numbers of the intruders, their triangles.
const TOP: f64 = 40.0;
/// The height of the strip of best matches.
const STRIP: f64 = 84.0;

/// The layout. Lengths are CSS pixels; cells are whole device pixels, or what shares them evenly where there are too many.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    subject: Subject<'a>,
    map: Map<'a>,
    /// The pre-trained and the fine-tuned vector of the upper left cell.
    first: (usize, usize),
    /// Cells shown.
    rows: usize,
    cols: usize,
    /// Width and height of a cell.
    cell: (f64, f64),
    x0: f64,
    y0: f64,
    /// c_j -> y.
    strip: Axis,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let (width, scale) = (sane_width(request), sane_scale(request));
        let subject = Subject::new(report, request);
        let map = Map::of(subject.matrix, request.settings.side);
        let (first, (rows, cols)) = window(&map, request);
        let narrow = width < NARROW;
        // The numbers of far rows.
        let wider = match first.0 + rows {
            0..=99 => 0.0,
            100..=999 => 6.0,
            _ => 12.0,
        };
        let (left, right) = match (request.thumbnail, narrow) {
            (true, _) => (1.0, 1.0),
            (_, true) => (30.0 + wider, 3.0),
            // Room for the words, and for the colour bar where there is more.
            (_, false) => (46.0 + wider, if width < 560.0 { 112.0 } else { 160.0 }),
        };
        let cell = cell(width - left - right, scale, (rows, cols), request.thumbnail);
        let snap = |css: f64| (css * scale).round() / scale;
        let (x0, y0) = (snap(left), snap(if request.thumbnail { 10.0 } else { TOP }));
        let top = y0 + cell.1 * rows as f64 + if narrow { 32.0 } else { 14.0 };
        let strip = Axis::linear((subject.least_cos(), 1.0), (top + STRIP, top));
        Layout {
            request,
            subject,
            map,
            first,
            rows,
            cols,
            cell,
            x0,
            y0,
            strip,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        match (self.request.thumbnail, self.narrow) {
            (true, _) => (self.y0 + self.tall() + 1.0).ceil(),
            (_, false) => (self.base() + 42.0).ceil(),
            // The colour bar stands below.
            (_, true) => (self.base() + 84.0).ceil(),
        }
    }

    fn wide(&self) -> f64 {
        self.cell.0 * self.cols as f64
    }

    fn tall(&self) -> f64 {
        self.cell.1 * self.rows as f64
    }

    /// The strip's lower edge.
    fn base(&self) -> f64 {
        self.strip.at(self.subject.least_cos())
    }

    /// The middle of the column of vector j.
    fn column(&self, j: usize) -> f64 {
        self.x0 + (j.saturating_sub(self.first.1) as f64 + 0.5) * self.cell.0
    }

    /// The middle of the row of vector i.
    fn row(&self, i: usize) -> f64 {
        self.y0 + (i.saturating_sub(self.first.0) as f64 + 0.5) * self.cell.1
    }

    fn shows_row(&self, i: usize) -> bool {
        i >= self.first.0 && i - self.first.0 < self.rows
    }

    fn shows_column(&self, j: usize) -> bool {
        j >= self.first.1 && j - self.first.1 < self.cols
    }

    /// The fine-tuned vectors shown.
    fn columns(&self) -> std::ops::Range<usize> {
        self.first.1..self.first.1 + self.cols
    }

    /// The intruders shown.
    fn intruders(&self) -> impl Iterator<Item = usize> {
        self.subject.intruders().into_iter().filter(|j| self.shows_column(*j))
    }

    /// The focused row and column; the row is that of the column's best match where none is asked for.
    fn focused(&self) -> Option<(Option<usize>, usize)> {
        let (i, j) = self.subject.focused().filter(|(_, j)| self.shows_column(*j))?;
        let i = i.or_else(|| self.subject.best_of(j).and_then(|b| b.i).map(|i| i as usize));
        Some((i.filter(|i| self.shows_row(*i)), j))
    }
}

/// The first row and column shown, and how many: what the report's map holds, up to `top`.
fn window(map: &Map, request: &Request) -> ((usize, usize), (usize, usize)) {
    let top = request.top.clamp(1, TOP_MAX) as usize;
    let Some((rows, cols)) = map.size() else {
        // An empty frame needs no more than a few cells.
        return ((0, 0), (top.min(RECTANGLES), top.min(RECTANGLES)));
    };
    let along = |origin: u32, all: usize| {
        let shown = all.clamp(1, top);
        ((origin as usize).min(all.saturating_sub(shown)), shown)
    };
    let ((i, rows), (j, cols)) = (along(request.origin.i, rows), along(request.origin.j, cols));
    ((i, j), (rows, cols))
}

/// Width and height of a cell. Cells are square; where they share pixels each side of the map is filled on its own.
fn cell(room: f64, scale: f64, (rows, cols): (usize, usize), thumbnail: bool) -> (f64, f64) {
    let n = rows.max(cols) as f64;
    if rows.max(cols) > RECTANGLES {
        let side = ((if thumbnail { room } else { room.min(MAP_MAX) }) * scale)
            .floor()
            .clamp(1.0, PIXELS_MAX);
        let along = |n: usize| {
            let fit = side / n as f64;
            // Whole pixels where that costs little of the room.
            (if fit >= 3.0 { fit.floor() } else { fit }) / scale
        };
        return (along(cols), along(rows));
    }
    // A map of a few cells is still as wide as its words.
    let most = if thumbnail {
        f64::INFINITY
    } else {
        CELL_MAX.max(168.0 / n).min(MAP_MAX / n) * scale
    };
    let cell = (room * scale / n).min(most).floor().max(1.0) / scale;
    (cell, cell)
}
