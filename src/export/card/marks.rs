//! The small map of one model's intruders: a row per matrix type, a column per layer, a dot whose area is the count.

use super::text::one_line;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::metrics::intruder::intruders;
use crate::report::{Model, Settings, Status};
use crate::series::{type_label, type_order};
use std::collections::BTreeMap;

/// More rows than this are too low for their names; the others share the last.
const ROWS: usize = 8;
/// The narrowest column in CSS pixels: of deeper models several layers share one.
const NARROWEST: f64 = 5.0;
/// The width of the names of types.
const NAMES: f64 = 152.0;
/// The tallest row.
const TALLEST: f64 = 30.0;
/// Heading above, axis below.
const HEAD: f64 = 22.0;
const FOOT: f64 = 18.0;

/// The intruders of one layer and type.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    count: u32,
    done: bool,
    failed: bool,
}

impl Cell {
    fn add(&mut self, other: Cell) {
        self.count += other.count;
        self.done |= other.done;
        self.failed |= other.failed;
    }
}

pub(super) struct Marks {
    /// Types by name, in the order of the network.
    rows: Vec<String>,
    /// Layers in their order; matrices of no layer come last.
    layers: Vec<Option<u32>>,
    /// By row and place of the layer.
    cells: BTreeMap<(usize, usize), Cell>,
}

impl Marks {
    pub fn of(model: &Model, settings: &Settings) -> Marks {
        let mut types: Vec<Option<&str>> = model.matrices.iter().map(|m| m.kind.as_deref()).collect();
        types.sort_by_key(|kind| (kind.is_none(), type_order(*kind), *kind));
        types.dedup();
        let mut layers: Vec<Option<u32>> = model.matrices.iter().map(|m| m.layer).collect();
        layers.sort_by_key(|layer| (layer.is_none(), *layer));
        layers.dedup();
        let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
        for matrix in &model.matrices {
            let row = types
                .iter()
                .position(|kind| *kind == matrix.kind.as_deref())
                .unwrap_or(0);
            let column = layers
                .binary_search_by_key(&(matrix.layer.is_none(), matrix.layer), |layer| {
                    (layer.is_none(), *layer)
                })
                .unwrap_or(0);
            cells.entry((row.min(ROWS - 1), column)).or_default().add(Cell {
                count: intruders(matrix, settings).unwrap_or(0),
                done: matches!(matrix.status, Status::Analyzed | Status::Unchanged),
                failed: matrix.status == Status::Failed,
            });
        }
        let mut rows: Vec<String> = types.iter().map(|kind| type_label(*kind).to_owned()).collect();
        if rows.len() > ROWS {
            let rest = rows.len() - (ROWS - 1);
            rows.truncate(ROWS - 1);
            rows.push(format!("{rest} other types"));
        }
        Marks { rows, layers, cells }
    }

    pub fn draw(&self, pen: &Pen, (x, y): Point, (w, h): Point) -> Drawn {
        let face = Type::plain(14.0, pen.palette.ink_2);
        if self.rows.is_empty() || self.layers.is_empty() {
            return pen.text((x, y + 14.0), "No matrix to show.", face, Align::Start);
        }
        pen.text((x, y + 14.0), "Intruders by type and layer", face, Align::Start)?;
        let (left, top) = (x + NAMES, y + HEAD);
        let tall = ((h - HEAD - FOOT) / self.rows.len() as f64).min(TALLEST);
        let across = w - NAMES;
        let together = (self.layers.len() as f64 * NARROWEST / across).ceil().max(1.0) as usize;
        let columns = self.layers.len().div_ceil(together);
        let wide = (across / columns as f64).min(1.3 * TALLEST);
        let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
        for ((row, layer), cell) in &self.cells {
            cells.entry((*row, layer / together)).or_default().add(*cell);
        }
        let most = f64::from(cells.values().map(|c| c.count).max().unwrap_or(0).max(1));
        let largest = (0.46 * wide.min(tall)).min(11.0);
        let size = (0.66 * tall).min(15.0);
        for (row, name) in self.rows.iter().enumerate() {
            let middle = top + tall * (row as f64 + 0.5);
            let label = one_line(name, size, false, NAMES - 12.0);
            pen.text((x, middle + 0.36 * size), &label, Type { size, ..face }, Align::Start)?;
        }
        for ((row, column), cell) in &cells {
            let at = (left + wide * (*column as f64 + 0.5), top + tall * (*row as f64 + 0.5));
            if cell.count > 0 {
                let radius = largest * (f64::from(cell.count) / most).sqrt();
                pen.dot(at, radius.max(1.5), pen.palette.ink, 1.0)?;
            } else if cell.failed {
                pen.cross(at, (0.5 * largest).clamp(1.5, 4.0), pen.palette.ink)?;
            } else if cell.done {
                pen.dot(at, 1.0, pen.palette.rule_strong, 1.0)?;
            }
        }
        let below = top + tall * self.rows.len() as f64 + 13.0;
        let tick = Type {
            size: 13.0,
            color: pen.palette.ink_3,
            ..face
        };
        let mut numbered = self.layers.iter().flatten();
        let Some(first) = numbered.next() else { return Ok(()) };
        let begin = left + 0.5 * wide;
        pen.text((begin - 4.0, below), &format!("layer {first}"), tick, Align::Start)?;
        if let Some(last) = numbered.next_back() {
            let place = self.layers.iter().flatten().count() - 1;
            let end = left + wide * ((place / together) as f64 + 0.5) + 4.0;
            let words = last.to_string();
            let room = begin + super::text::width(&format!("layer {first}"), 13.0, false) + 8.0;
            if end - super::text::width(&words, 13.0, false) > room {
                pen.text((end, below), &words, tick, Align::End)?;
            }
        }
        Ok(())
    }
}
