//! Matrices sorted into cells: rows of layers, columns of types, the same for all models.

use crate::figures::data::best::{Best, done, thin};
use crate::metrics::intruder::undecided;
use crate::report::{Matrix, Model, Report, Settings, Status};
use crate::series::type_order;
use std::collections::{HashMap, HashSet};

/// The content of a cell: its count, or a sign instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Count,
    Unchanged,
    Failed,
    /// Left out.
    Skipped,
}

/// The matrices of one layer and type of one model; several where there are experts.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// By their place in the model.
    pub matrices: Vec<usize>,
    pub shown: Shown,
    pub count: u32,
    /// The vectors looked at: the most that could be counted.
    pub possible: u32,
    pub undecided: u32,
    /// Matrices with any intruder, and those in the count.
    pub with_any: u32,
    pub done: u32,
}

pub(super) struct Grid<'a> {
    /// Layers, in order; matrices without one come last.
    pub rows: Vec<Option<u32>>,
    /// Types, in the order of the network; matrices without one come last.
    pub columns: Vec<Option<&'a str>>,
    /// The first matrix of each cell, row after row; None where no model has one.
    pub names: Vec<Option<&'a str>>,
    at: HashMap<&'a str, usize>,
}

impl<'a> Grid<'a> {
    /// `last`: the last layer, by the last one seen and the number of types.
    pub fn of(report: &'a Report, last: impl Fn(u32, usize) -> u32) -> Grid<'a> {
        let all = || report.models.iter().flat_map(|m| &m.matrices);
        // Few among the matrices of hundreds of models.
        let kinds: HashSet<Option<&str>> = all().map(|m| m.kind.as_deref()).collect();
        let mut columns: Vec<Option<&str>> = kinds.into_iter().collect();
        columns.sort_by_key(|kind| (kind.is_none(), type_order(*kind), *kind));
        let mut layers: HashSet<Option<u32>> = all().map(|m| m.layer).collect();
        if let Some(seen) = layers.iter().flatten().max().copied() {
            layers.extend((seen..=last(seen, columns.len())).map(Some));
        }
        let mut rows: Vec<Option<u32>> = layers.into_iter().collect();
        rows.sort_by_key(|layer| (layer.is_none(), *layer));
        let row_at: HashMap<Option<u32>, usize> = rows.iter().enumerate().map(|(n, layer)| (*layer, n)).collect();
        let column_at: HashMap<Option<&str>, usize> = columns.iter().enumerate().map(|(n, kind)| (*kind, n)).collect();
        let mut names = vec![None; rows.len() * columns.len()];
        let mut at = HashMap::new();
        for matrix in all() {
            let cell = row_at[&matrix.layer] * columns.len() + column_at[&matrix.kind.as_deref()];
            names[cell].get_or_insert(matrix.name.as_str());
            at.entry(matrix.name.as_str()).or_insert(cell);
        }
        Grid {
            rows,
            columns,
            names,
            at,
        }
    }

    /// The cell that holds a matrix: row and column.
    pub fn find(&self, name: &str) -> Option<(usize, usize)> {
        self.at
            .get(name)
            .map(|cell| (cell / self.columns.len(), cell % self.columns.len()))
    }

    /// One model's cells, row after row.
    pub fn cells(&self, model: &Model, settings: &Settings) -> Vec<Option<Cell>> {
        let mut cells: Vec<Option<Cell>> = vec![None; self.names.len()];
        for (n, matrix) in model.matrices.iter().enumerate() {
            let Some(cell) = self.at.get(matrix.name.as_str()) else {
                continue;
            };
            let empty = Cell {
                matrices: vec![],
                shown: Shown::Skipped,
                count: 0,
                possible: 0,
                undecided: 0,
                with_any: 0,
                done: 0,
            };
            cells[*cell].get_or_insert(empty).add(n, matrix, settings);
        }
        cells
    }
}

impl Cell {
    fn add(&mut self, n: usize, matrix: &Matrix, settings: &Settings) {
        self.matrices.push(n);
        let best = Best::of(matrix, settings.into());
        let found = best.map_or(0, |best| best.intruders(settings.k, settings.epsilon).count() as u32);
        self.count += found;
        self.possible += (thin(matrix) as u32).min(settings.k);
        self.with_any += u32::from(found > 0);
        self.done += u32::from(done(matrix));
        let shown = match (matrix.status, best) {
            (Status::Failed, _) => Shown::Failed,
            (Status::Unchanged, _) => Shown::Unchanged,
            (Status::Analyzed, Some(_)) => Shown::Count,
            (Status::Analyzed, None) | (Status::Skipped, _) => Shown::Skipped,
        };
        if matrix.status == Status::Analyzed {
            self.undecided += undecided(matrix, settings.into(), settings.k, settings.epsilon);
        }
        // Among several matrices one count says more than what the others lack.
        let weight = |s: Shown| {
            [Shown::Skipped, Shown::Unchanged, Shown::Failed, Shown::Count]
                .iter()
                .position(|x| *x == s)
        };
        if weight(shown) > weight(self.shown) {
            self.shown = shown;
        }
    }
}
