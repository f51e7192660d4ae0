//! Figures 1 and 3 of the paper: C[i,j] = |u0_i . u_j|, rows pre-trained, columns fine-tuned; and under every column its best match c_j with epsilon.
//!
//! An intruder is a blank column: no pre-trained vector resembles it, and the diagonal after it is shifted.

mod cells;
mod draw;
mod read;
mod table;

use super::null_band::null_band;
use super::pick::{Best, one_matrix, thin};
use super::scale::Axis;
use super::{Request, sane_scale, sane_width};
use crate::report::{Matrix, Model, Report, Status};
use crate::series::{Series, labels, series};

/// Below this width the words move from the right of the map onto and under it.
const NARROW: f64 = 420.0;
/// Neither a cell nor the map grows beyond this, in CSS pixels: the strip below must stay in sight.
const CELL_MAX: f64 = 28.0;
const MAP_MAX: f64 = 576.0;
/// Above the map: the window's bracket, the numbers of the intruders, their triangles.
const TOP: f64 = 40.0;
/// The height of the strip of best matches.
const STRIP: f64 = 84.0;

/// The layout. Lengths are CSS pixels; cells are whole device pixels.
pub(crate) struct Figure<'a> {
    request: &'a Request,
    model_at: usize,
    model: Option<&'a Model>,
    matrix: Option<&'a Matrix>,
    best: Option<Best<'a>>,
    series: Series,
    label: String,
    /// Cells shown.
    rows: usize,
    cols: usize,
    cell: f64,
    x0: f64,
    y0: f64,
    /// c_j -> y.
    strip: Axis,
    /// 5 % and 95 % of the best match of a random vector.
    null: Option<(f64, f64)>,
    narrow: bool,
    width: f64,
}

impl<'a> Figure<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let (width, scale) = (sane_width(request), sane_scale(request));
        let found = one_matrix(report, request);
        let (model_at, model) = found.map_or((0, None), |(n, m, _)| (n, Some(m)));
        let matrix = found.and_then(|(_, _, matrix)| matrix);
        let (rows, cols) = shown(matrix, request.top);
        let narrow = width < NARROW;
        let (left, right) = match (request.thumbnail, narrow) {
            (true, _) => (1.0, 1.0),
            (_, true) => (30.0, 3.0),
            // Room for the words, and for the colour bar where there is more.
            (_, false) => (46.0, if width < 560.0 { 112.0 } else { 160.0 }),
        };
        let fit = (width - left - right) * scale / rows.max(cols) as f64;
        let n = rows.max(cols) as f64;
        // A map of a few cells is still as wide as its words.
        let most = if request.thumbnail { f64::INFINITY } else { CELL_MAX.max(168.0 / n).min(MAP_MAX / n) * scale };
        let cell = fit.min(most).floor().max(1.0) / scale;
        let snap = |css: f64| (css * scale).round() / scale;
        let (x0, y0) = (snap(left), snap(if request.thumbnail { 10.0 } else { TOP }));
        let top = y0 + cell * rows as f64 + if narrow { 32.0 } else { 14.0 };
        Figure {
            request,
            model_at,
            model,
            matrix,
            best: matrix.and_then(|m| Best::of(m, request.settings.side)),
            series: series(&report.models).into_iter().nth(model_at).unwrap_or(Series { token: "base".into(), dashed: false, width: 1.75 }),
            label: labels(&report.models).into_iter().nth(model_at).unwrap_or_default(),
            rows,
            cols,
            cell,
            x0,
            y0,
            strip: Axis::linear((0.0, 1.0), (top + STRIP, top)),
            null: matrix.and_then(|m| null_band(m, request.settings.side)),
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        match (self.request.thumbnail, self.narrow) {
            (true, _) => (self.y0 + self.tall() + 1.0).ceil(),
            (_, false) => (self.strip.at(0.0) + 42.0).ceil(),
            // The colour bar stands below.
            (_, true) => (self.strip.at(0.0) + 84.0).ceil(),
        }
    }

    fn wide(&self) -> f64 {
        self.cell * self.cols as f64
    }

    fn tall(&self) -> f64 {
        self.cell * self.rows as f64
    }

    /// |cos| of row i and column j, both from 0. None where the report holds no map.
    fn cos(&self, i: usize, j: usize) -> Option<f64> {
        if i >= self.rows || j >= self.cols {
            return None;
        }
        let matrix = self.matrix?;
        match (&matrix.similarity, matrix.status) {
            (Some(s), _) => s.values.get(i * s.cols as usize + j).map(|v| f64::from(*v)).filter(|v| v.is_finite()),
            (None, Status::Unchanged) => Some(if i == j { 1.0 } else { 0.0 }),
            (None, _) => None,
        }
    }

    /// The middle of a column.
    fn column(&self, j: usize) -> f64 {
        self.x0 + (j as f64 + 0.5) * self.cell
    }

    /// The middle of a row.
    fn row(&self, i: usize) -> f64 {
        self.y0 + (i as f64 + 0.5) * self.cell
    }

    /// The intruders of the window, whether or not their columns are shown.
    fn intruders(&self) -> Vec<usize> {
        let s = &self.request.settings;
        self.best.map(|b| b.intruders(s.k, s.epsilon).collect()).unwrap_or_default()
    }

    /// The focused row and column, where the focus is on this matrix of this model: another model's j is another vector.
    fn focused(&self) -> Option<(Option<usize>, usize)> {
        let (focus, matrix) = (self.request.focus.as_ref()?, self.matrix?);
        let same = focus.matrix.as_ref().is_none_or(|m| *m == matrix.name) && focus.model.is_none_or(|m| m as usize == self.model_at);
        let j = focus.j.map(|j| j as usize).filter(|j| same && *j < self.cols)?;
        let i = focus.i.or_else(|| self.best.and_then(|b| b.at(j)).and_then(|b| b.i));
        Some((i.map(|i| i as usize).filter(|i| *i < self.rows), j))
    }
}

/// How many rows and columns are shown: what the report's map holds, up to `top`.
fn shown(matrix: Option<&Matrix>, top: u32) -> (usize, usize) {
    let top = top.clamp(1, 64) as usize;
    let (rows, cols) = match matrix {
        None => (top, top),
        Some(Matrix { similarity: Some(s), .. }) => (s.rows as usize, s.cols as usize),
        Some(m) => (thin(m), thin(m)),
    };
    (rows.clamp(1, top), cols.clamp(1, top))
}
