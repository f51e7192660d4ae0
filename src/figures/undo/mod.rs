//! A part undone: how the mean loss of a model changes when the change of one layer, one type or one layer's type is left out, beside the intruders there.

mod draw;
mod read;
mod table;

use crate::figures::data::losses::signed;
use crate::figures::data::losses::{self, MOST_TEXTS, whole};
use crate::figures::drawing::cells::shade;
use crate::figures::drawing::style::{TICK, text_width};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::Measured;
use crate::metrics::intruder::INTRUDERS;
use crate::report::loss::{Loss, LossRow, LossText, Paired};
use crate::report::{Matrix, Model, Report};
use crate::series::{labels, type_order};

pub static UNDO: FigureKind = FigureKind {
    id: "undo",
    title: "Undo one part",
    about: About::Run,
    needs: Needs::Loss,
    dials: &[Dial::K, Dial::Epsilon],
    follows_rule: true,
    choices: &[],
    paper: "",
    note: "The loss with the change of one matrix type in one layer left out, minus the loss as trained; at the edges a whole layer or type, in the corner \
           everything, which is the base. Positive: the text gets harder, so the change there helped. Grey on blank: within one standard error. Parts act together, so \
           cells do not add up to their edges.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps::COUNTS,
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Left of the cells: the numbers of the layers.
const LEFT: f64 = 42.0;
const GAP: f64 = 20.0;
const TOP: f64 = 24.0;
/// From a panel's top to its cells: its name and the types.
const HEAD: f64 = 40.0;
/// Between the cells and their edges.
const EDGE: f64 = 6.0;
/// The height of a panel below its cells' last line.
const FOOT: f64 = 16.0;
/// The least cell that holds a numeral.
const NUMERAL: (f64, f64) = (31.0, 14.0);
/// Cells with numerals may make a figure this tall; beyond it they are shades.
const TALLEST: f64 = 1300.0;

/// What stands in a cell.
#[derive(Clone, Copy)]
enum Cell {
    Loss(Paired),
    Count { sure: u32, open: u32, possible: u32 },
}

/// One map: a text, or the counts.
struct Panel {
    title: String,
    /// Row after row, each with its edge; the last row is the edge of the types.
    cells: Vec<Option<Cell>>,
}

/// Size and arrangement of the cells, in CSS pixels.
#[derive(Debug, Clone, Copy)]
struct Cells {
    width: f64,
    height: f64,
    per_row: usize,
    numerals: bool,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    /// The name of the model; none where nothing was undone.
    shown: Option<(usize, String)>,
    model: Option<&'a Model>,
    texts: &'a [LossText],
    layers: Vec<u32>,
    types: Vec<&'a str>,
    /// Of every text, then the counts.
    panels: Vec<Panel>,
    cells: Cells,
    /// The deepest shade is of this change.
    most: f64,
    /// Numerals are so many times a change in nats, with so many decimals.
    times: f64,
    decimals: usize,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let is_undone = |row: &LossRow| row.arm.is_none() && !row.is_whole();
        let loss = report.loss.as_ref();
        let found = loss.and_then(|loss| Some((loss, losses::subject(loss, request.model, is_undone)?)));
        let shown = found.and_then(|(_, at)| Some((at as usize, labels(&report.models).into_iter().nth(at as usize)?)));
        let own = || {
            let rows = found.map(|(loss, _)| &loss.rows[..]).unwrap_or_default();
            rows.iter()
                .filter(move |row| is_undone(row) && found.is_some_and(|(_, at)| row.model == Some(at)))
        };
        let mut layers: Vec<u32> = own().filter_map(|row| row.without_layer).collect();
        layers.sort_unstable();
        layers.dedup();
        let mut types: Vec<&str> = own().filter_map(|row| row.without_type.as_deref()).collect();
        types.sort_by_key(|kind| (type_order(Some(kind)), *kind));
        types.dedup();
        let model = shown.as_ref().and_then(|(at, _)| report.models.get(*at));
        let texts = loss.map(|loss| &loss.texts[..]).unwrap_or_default();
        let mut panels = Vec::new();
        if let (Some((loss, at)), Some(model)) = (found, model) {
            let of_text = |(n, text): (usize, &LossText)| Panel {
                title: text.name.clone(),
                cells: changes(loss, own(), at, n, &layers, &types),
            };
            panels.extend(texts.iter().enumerate().map(of_text));
            panels.push(Panel {
                title: "Intruders".into(),
                cells: counts(model, request, &layers, &types),
            });
        }
        let change = |cell: &Cell| match cell {
            Cell::Loss(paired) => Some(paired.more.abs()),
            Cell::Count { .. } => None,
        };
        let all = || panels.iter().flat_map(|panel| &panel.cells).flatten();
        let most = all().filter_map(change).filter(|x| x.is_finite()).fold(0.0, f64::max);
        // Four digits do not fit a phone.
        let (times, decimals) = match 1000.0 * most {
            x if x >= 1000.0 => (100.0, 0),
            x if x >= 10.0 => (1000.0, 0),
            x if x >= 1.0 => (1000.0, 1),
            _ => (1000.0, 2),
        };
        let longest = |cell: &Cell| match cell {
            Cell::Loss(paired) => text_width(&signed(times * paired.more, decimals), TICK),
            Cell::Count { .. } => 0.0,
        };
        let widest = all().map(longest).fold(NUMERAL.0, f64::max);
        let drawn = panels.len().min(MOST_TEXTS + 1);
        Layout {
            request,
            shown,
            model,
            texts,
            cells: arrange(width, layers.len(), types.len(), drawn, widest),
            layers,
            types,
            panels,
            most,
            times,
            decimals,
            width,
        }
    }

    /// The panels that are drawn: of many texts the first, and the counts.
    fn drawn(&self) -> impl Iterator<Item = &Panel> + Clone {
        let counts = self.panels.len().saturating_sub(1);
        let texts = self.panels.iter().take(counts.min(MOST_TEXTS));
        texts.chain(self.panels.get(counts))
    }

    /// Rows and columns of cells, the edges among them.
    fn size(&self) -> (usize, usize) {
        (self.layers.len() + 1, self.types.len() + 1)
    }

    pub fn height(&self) -> f64 {
        let rows = self.drawn().count().div_ceil(self.cells.per_row).max(1) as f64;
        self.top() + rows * self.pitch()
    }

    /// Room for the title, and for the scale of shades without numerals.
    fn top(&self) -> f64 {
        if self.cells.numerals { TOP } else { TOP + 20.0 }
    }

    fn pitch(&self) -> f64 {
        HEAD + self.tall() + FOOT
    }

    fn tall(&self) -> f64 {
        self.cells.height * self.size().0 as f64 + EDGE
    }

    fn wide(&self) -> f64 {
        self.cells.width * self.size().1 as f64 + EDGE
    }

    /// The upper left corner of a panel's cells.
    fn corner(&self, panel: usize) -> (f64, f64) {
        let (column, row) = (panel % self.cells.per_row, panel / self.cells.per_row);
        let stride = LEFT + self.wide() + GAP;
        (
            LEFT + column as f64 * stride,
            self.top() + HEAD + row as f64 * self.pitch(),
        )
    }

    /// The upper left corner of a cell.
    fn place(&self, panel: usize, row: usize, column: usize) -> (f64, f64) {
        let (x, y) = self.corner(panel);
        let edge = |at: usize, of: usize| if at == of { EDGE } else { 0.0 };
        (
            x + self.cells.width * column as f64 + edge(column, self.types.len()),
            y + self.cells.height * row as f64 + edge(row, self.layers.len()),
        )
    }

    /// What of a cell the shade shows, from -1 to 1.
    fn share(&self, cell: &Cell) -> f64 {
        let (share, sign) = match cell {
            Cell::Loss(paired) if is_noise(paired) => (0.0, 1.0),
            Cell::Loss(paired) if self.most > 0.0 => (paired.more.abs() / self.most, paired.more.signum()),
            Cell::Loss(_) => (0.0, 1.0),
            Cell::Count { sure, possible, .. } => (f64::from(*sure) / f64::from((*possible).max(1)), 1.0),
        };
        shade(share) * sign
    }

    /// Row and column of the cell in focus; of a matrix that another figure points at, its own.
    fn focused(&self) -> Option<(usize, usize)> {
        let focus = self.request.focus.as_ref()?;
        let (rows, columns) = self.size();
        if let (Some(up), Some(at)) = (focus.up, focus.at) {
            let index = |x: f64| if x >= 0.0 { x as usize } else { usize::MAX };
            return Some((index(up), index(at))).filter(|(row, column)| *row < rows && *column < columns);
        }
        let name = focus.matrix.as_deref()?;
        let matrix = self.model?.matrices.iter().find(|m| m.name == name)?;
        let row = self.layers.iter().position(|l| Some(*l) == matrix.layer)?;
        Some((row, self.types.iter().position(|t| Some(*t) == matrix.kind.as_deref())?))
    }

    /// The matrices of a cell: those of a layer, of a type, or of both.
    fn matrices(&self, row: usize, column: usize) -> impl Iterator<Item = &'a Matrix> {
        let (layer, kind) = (self.layers.get(row).copied(), self.types.get(column).copied());
        let all = self.model.map(|m| &m.matrices[..]).unwrap_or_default();
        all.iter().filter(move |m| is_in(m, layer, kind))
    }
}

/// Within one standard error.
fn is_noise(paired: &Paired) -> bool {
    paired.more.abs() <= paired.error
}

fn is_in(matrix: &Matrix, layer: Option<u32>, kind: Option<&str>) -> bool {
    layer.is_none_or(|l| matrix.layer == Some(l)) && kind.is_none_or(|k| matrix.kind.as_deref() == Some(k))
}

/// The places of all cells, row after row, the edges last.
fn places<'a>(layers: &[u32], types: &[&'a str]) -> Vec<(Option<u32>, Option<&'a str>)> {
    let rows = layers.iter().copied().map(Some).chain([None]);
    let columns = || types.iter().copied().map(Some).chain([None]);
    rows.flat_map(|layer| columns().map(move |kind| (layer, kind)))
        .collect()
}

/// The change of the loss on a text in every cell.
fn changes<'a>(
    loss: &Loss,
    rows: impl Iterator<Item = &'a LossRow>,
    model: u32,
    text: usize,
    layers: &[u32],
    types: &[&str],
) -> Vec<Option<Cell>> {
    let rows: Vec<&LossRow> = rows.collect();
    let of = |(layer, kind): (Option<u32>, Option<&str>)| {
        if (layer, kind) == (None, None) {
            // All undone is the base.
            let on = whole(loss, Some(model))?.on.get(text)?;
            return Some(Cell::Loss(Paired {
                more: -on.more,
                error: on.error,
            }));
        }
        let same = |row: &&&LossRow| row.without_layer == layer && row.without_type.as_deref() == kind;
        rows.iter().find(same)?.on.get(text)?.than_trained.map(Cell::Loss)
    };
    places(layers, types).into_iter().map(of).collect()
}

/// The intruders in every cell; at the edges those of all matrices there.
fn counts(model: &Model, request: &Request, layers: &[u32], types: &[&str]) -> Vec<Option<Cell>> {
    let settings = &request.settings;
    let of = |(layer, kind): (Option<u32>, Option<&str>)| {
        let mut all = None;
        for matrix in model.matrices.iter().filter(|m| is_in(m, layer, kind)) {
            if let Measured::Counted(n, more) = INTRUDERS.read(matrix, settings) {
                let (sure, open, possible) = all.get_or_insert((0u32, 0u32, 0u32));
                *sure = sure.saturating_add(n);
                *open = open.saturating_add(more);
                *possible = possible.saturating_add(settings.k.min(matrix.rows.min(matrix.cols)));
            }
        }
        all.map(|(sure, open, possible)| Cell::Count { sure, open, possible })
    };
    places(layers, types).into_iter().map(of).collect()
}

/// As many panels side by side as hold numerals; shades where the figure would grow too tall, or the cells too small.
fn arrange(width: f64, layers: usize, types: usize, panels: usize, widest: f64) -> Cells {
    let (rows, columns, panels) = ((layers + 1) as f64, (types + 1) as f64, panels.max(1));
    let fit = |cell: f64| (((width + GAP) / (LEFT + EDGE + cell * columns + GAP)) as usize).clamp(1, panels);
    let cell = |per_row: usize| {
        let each = (width - GAP * (per_row - 1) as f64) / per_row as f64;
        ((each - LEFT - EDGE) / columns).floor().clamp(1.0, 56.0)
    };
    let height = (480.0 / rows).floor().clamp(NUMERAL.1, 26.0);
    let per_row = fit(widest + 3.0);
    let tall = panels.div_ceil(per_row) as f64 * (HEAD + FOOT + EDGE + rows * height);
    if cell(per_row) >= widest && tall <= TALLEST {
        return Cells {
            width: cell(per_row),
            height,
            per_row,
            numerals: true,
        };
    }
    let per_row = fit(14.0);
    Cells {
        width: cell(per_row).min(34.0),
        height: (440.0 / rows).floor().clamp(2.0, 13.0),
        per_row,
        numerals: false,
    }
}
