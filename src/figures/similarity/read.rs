//! The similarity figure read at a column: for the pointer, the arrow keys and screen readers.

use super::Figure;
use crate::figures::scale::fixed;
use crate::figures::{Focus, Readout};

impl Figure<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let bottom = if self.request.thumbnail { self.y0 + self.tall() } else { self.strip.at(0.0) + 8.0 };
        let top = if self.request.thumbnail { self.y0 } else { 0.0 };
        if x < self.x0 || x >= self.x0 + self.wide() || y < top || y > bottom {
            return None;
        }
        let j = (((x - self.x0) / self.cell) as usize).min(self.cols - 1);
        let on_map = y >= self.y0 && y < self.y0 + self.tall();
        let i = on_map.then(|| (((y - self.y0) / self.cell) as usize).min(self.rows - 1));
        self.read(i, j)
    }

    /// dx moves over the columns, dy over the rows; without rows asked for, the mark is the column's best match.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let moved = |from: usize, by: i32, n: usize| from.saturating_add_signed(by as isize).min(n.saturating_sub(1));
        let Some((_, from)) = self.focused() else { return self.read(None, 0) };
        let j = moved(from, dx, self.cols);
        let row = self.request.focus.as_ref().and_then(|f| f.i).map(|i| i as usize);
        let best = || self.best.and_then(|b| b.at(from)).and_then(|b| b.i).map_or(0, |i| i as usize);
        let i = if dy == 0 { None } else { Some(moved(row.unwrap_or_else(best), dy, self.rows)) };
        self.read(i, j)
    }

    /// The card of column j, from 0; with the cell in row i where one is meant.
    fn read(&self, i: Option<usize>, j: usize) -> Option<Readout> {
        let (matrix, settings) = (self.matrix?, &self.request.settings);
        let best = self.best.and_then(|b| b.at(j));
        if best.is_none() && self.cos(0, j).is_none() {
            return None;
        }
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut line = |name: &str, value: String| lines.push((name.into(), value));
        if let Some(sigma) = matrix.sigma_tuned.get(j) {
            line("singular value", fixed(f64::from(*sigma), 2));
        }
        if let Some(b) = best {
            let at = b.i.map_or(String::new(), |i| format!(" at i = {}", u64::from(i) + 1));
            match b.upper {
                None => line("best match c", format!("{}{at}", fixed(b.cos, 2))),
                Some(upper) => line("best match c", format!("{} to {}", fixed(b.cos, 2), fixed(upper, 2))),
            }
        }
        if let Some(cos) = i.and_then(|i| self.cos(i, j)) {
            line(&format!("|cos| at i = {}", i.unwrap_or(0) + 1), fixed(cos, 2));
        }
        if let Some(gap) = nearest_sigma(&matrix.sigma_tuned, j) {
            line("next σ is", format!("{} % away", fixed(100.0 * gap, 1)));
        }
        if let Some(b) = best {
            line("below ε", b.verdict(settings.epsilon, j < settings.k as usize).into());
        }
        // On the map the mark is the cell, else the dot in the strip.
        let y = match (i, best) {
            (Some(i), _) => self.row(i),
            (None, Some(b)) if !self.request.thumbnail => self.strip.at(b.cos),
            _ => self.row(j.min(self.rows - 1)),
        };
        let focus = Focus {
            matrix: Some(matrix.name.clone()),
            model: Some(self.model_at as u32),
            i: i.map(|i| i as u32).or(best.and_then(|b| b.i)),
            j: Some(j as u32),
            ..Focus::default()
        };
        let title = format!("j = {}, {}", j + 1, self.label);
        Some(Readout { title, lines, focus, x: self.column(j), y, plot_right: self.x0 + self.wide() })
    }

    pub fn alt(&self) -> String {
        let (Some(_), Some(matrix)) = (self.model, self.matrix) else { return "Similarity map: not computed.".into() };
        let (k, label, name) = (self.request.settings.k, &self.label, &matrix.name);
        if self.best.is_none() {
            return format!("Similarity map of {name}, {label}: not analyzed.");
        }
        let found = self.intruders();
        let numbers: Vec<String> = found.iter().take(12).map(|j| (j + 1).to_string()).collect();
        let listed = match (found.len(), found.len() > numbers.len()) {
            (0, _) => format!("none of the first {k} is an intruder"),
            (n, more) => format!(
                "{n} of the first {k} {}: j = {}{}",
                if n == 1 { "is an intruder" } else { "are intruders" },
                numbers.join(", "),
                if more { ", …" } else { "" }
            ),
        };
        format!(
            "Similarity of the first {} pre-trained and {} fine-tuned singular vectors of {name}, {label}; {listed}.",
            self.rows, self.cols
        )
    }
}

/// The relative distance from sigma_j to its nearest neighbour: near-tied vectors can look like intruders.
fn nearest_sigma(sigma: &[f32], j: usize) -> Option<f64> {
    let own = f64::from(*sigma.get(j)?);
    let gap = |n: Option<usize>| n.and_then(|n| sigma.get(n)).map(|s| (f64::from(*s) - own).abs() / own);
    let (up, down) = (gap(j.checked_sub(1)), gap(j.checked_add(1)));
    [up, down].into_iter().flatten().filter(|g| g.is_finite()).reduce(f64::min)
}
