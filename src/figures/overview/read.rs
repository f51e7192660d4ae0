//! The overview read at a cell: for the pointer, the arrow keys and screen readers.

use super::{Layout, Shown};
use crate::figures::data::best::Best;
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::{Focus, Readout};
use crate::report::{Matrix, Status};
use crate::series::type_label;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let panel = (0..self.panels.len()).find(|p| {
            let (left, top) = self.corner(*p);
            x >= left && x < left + self.wide() && y >= top && y < top + self.tall()
        })?;
        let (left, top) = self.corner(panel);
        let (row, column) = (
            ((y - top) / self.cells.height) as usize,
            ((x - left) / self.cells.width) as usize,
        );
        self.read(
            panel,
            row.min(self.grid.rows.len() - 1),
            column.min(self.grid.columns.len() - 1),
        )
    }

    /// dx moves over types and models, dy over layers; cells that no model fills are passed over.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let columns = self.grid.columns.len();
        let filled = |row: usize, column: usize| {
            self.grid
                .names
                .get(row * columns + column)
                .is_some_and(|name| name.is_some())
        };
        let focus = self.request.focus.as_ref();
        let focused = focus
            .and_then(|f| f.matrix.as_deref())
            .and_then(|name| self.grid.find(name));
        let first = || {
            self.grid
                .names
                .iter()
                .position(|name| name.is_some())
                .map(|cell| (cell / columns, cell % columns))
        };
        let (row, column) = focused.or_else(first)?;
        let panel = focus
            .and_then(|f| f.model)
            .map_or(0, |m| m as usize)
            .min(self.panels.len().saturating_sub(1));
        if focused.is_none() {
            return self.read(panel, row, column);
        }
        let across: Vec<(usize, usize)> = (0..self.panels.len())
            .flat_map(|p| (0..columns).map(move |c| (p, c)))
            .filter(|(_, c)| filled(row, *c))
            .collect();
        let (panel, column) = moved(&across, (panel, column), dx)?;
        let down: Vec<usize> = (0..self.grid.rows.len()).filter(|r| filled(*r, column)).collect();
        self.read(panel, moved(&down, row, dy)?, column)
    }

    fn read(&self, panel: usize, row: usize, column: usize) -> Option<Readout> {
        let model = self.models.get(panel)?;
        let cell = self.cell(panel, row, column);
        let matrices: Vec<&Matrix> = cell
            .iter()
            .flat_map(|c| &c.matrices)
            .filter_map(|n| model.matrices.get(*n))
            .collect();
        let name = matrices
            .first()
            .map(|m| m.name.as_str())
            .or(*self.grid.names.get(row * self.grid.columns.len() + column)?)?;
        let kind = self.grid.columns.get(column).copied().flatten();
        let title = match (self.grid.rows.get(row).copied().flatten(), kind) {
            (Some(layer), kind) => format!("layer {layer}, {}", type_label(kind)),
            (None, Some(kind)) => type_label(Some(kind)).to_owned(),
            (None, None) => name.to_owned(),
        };
        let mut lines = vec![("model".to_owned(), self.panels[panel].label.clone())];
        match cell {
            Some(cell) => self.say(&mut lines, cell, &matrices),
            None => lines.push(("intruders".into(), "– not computed".into())),
        }
        let (x, y) = self.place(panel, row, column);
        let focus = Focus {
            matrix: Some(name.to_owned()),
            model: Some(panel as u32),
            ..Focus::default()
        };
        let (x, y) = (x + 0.5 * self.cells.width, y + 0.5 * self.cells.height);
        Some(Readout {
            title,
            lines,
            colors: Vec::new(),
            focus,
            x,
            y,
            plot_right: self.corner(panel).0 + self.wide(),
        })
    }

    fn say(&self, lines: &mut Vec<(String, String)>, cell: &super::Cell, matrices: &[&Matrix]) {
        let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
        let settings = &self.request.settings;
        let failed = matrices.iter().filter(|m| m.status == Status::Failed).count();
        let reason = || {
            matrices
                .iter()
                .find_map(|m| m.reason.clone())
                .unwrap_or_else(|| "no reason given".into())
        };
        if matrices.len() > 1 {
            let failed = if failed > 0 {
                format!(", {failed} failed")
            } else {
                String::new()
            };
            line("matrices", format!("{}{failed}", matrices.len()));
        }
        match cell.shown {
            Shown::Failed => return line("failed", reason()),
            Shown::Skipped => return line("left out", reason()),
            Shown::Unchanged => return line("intruders", "0: unchanged".into()),
            Shown::Count => {}
        }
        let undecided = if cell.undecided > 0 {
            format!(", {} undecided", count(cell.undecided.into()))
        } else {
            String::new()
        };
        line("intruders", format!("{}{undecided}", count(cell.count.into())));
        let mut weakest: Option<f64> = None;
        let bests = matrices.iter().filter_map(|m| Best::of(m, settings.into()));
        for best in bests.filter(|b| !b.is_itself()) {
            best.each(settings.k, |own| weakest = Some(weakest.map_or(own, |w| w.min(own))));
        }
        if let Some(weakest) = weakest {
            line("weakest match", fixed(weakest, 2));
        }
        let ranks: Vec<f64> = matrices
            .iter()
            .filter_map(|m| m.delta.as_ref())
            .map(|d| d.effective_rank)
            .filter(|r| r.is_finite())
            .collect();
        if !ranks.is_empty() {
            let mean = ranks.iter().sum::<f64>() / ranks.len() as f64;
            line(
                if ranks.len() > 1 {
                    "mean effective rank"
                } else {
                    "effective rank"
                },
                fixed(mean, 1),
            );
        }
    }

    pub fn alt(&self) -> String {
        let totals: Vec<String> = (0..self.panels.len())
            .map(|panel| {
                let total = self.total(panel, f64::INFINITY);
                let highest = self
                    .highest(panel)
                    .map(|at| format!(", most in {at}"))
                    .unwrap_or_default();
                format!("{} {total}{highest}", self.panels[panel].label)
            })
            .collect();
        let totals = if totals.is_empty() {
            "no model".into()
        } else {
            totals.join("; ")
        };
        format!("Number of intruders by layer and matrix type: {totals}.")
    }

    /// The one cell with the most intruders; None where several share them.
    fn highest(&self, panel: usize) -> Option<String> {
        let cells = &self.panels[panel].cells;
        let most = cells.iter().flatten().map(|c| c.count).max().filter(|n| *n > 0)?;
        let mut holders = cells
            .iter()
            .enumerate()
            .filter(|(_, c)| c.as_ref().is_some_and(|c| c.count == most));
        let (at, _) = holders.next().filter(|_| holders.next().is_none())?;
        let (row, column) = (at / self.grid.columns.len(), at % self.grid.columns.len());
        let layer = self.grid.rows[row].map(|l| format!("layer {l}, ")).unwrap_or_default();
        Some(format!("{layer}{}: {most}", type_label(self.grid.columns[column])))
    }
}

/// The stop `by` places from one of them.
fn moved<T: PartialEq + Copy>(stops: &[T], from: T, by: i32) -> Option<T> {
    let at = stops.iter().position(|s| *s == from).unwrap_or(0);
    stops
        .get(at.saturating_add_signed(by as isize).min(stops.len().saturating_sub(1)))
        .copied()
}
