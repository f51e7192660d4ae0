//! The k curve read at a window: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, Layout, Line, TOP};
use crate::figures::data::looks::{over, pointed};
use crate::figures::data::words::so_far;
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::{Focus, Readout};

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside = x >= self.left - 6.0 && x <= self.right + 6.0 && y >= TOP - 8.0 && y <= self.height - BOTTOM + 8.0;
        let distance = |k: &u64| (self.x.at(*k as f64) - x).abs();
        let nearest = *self
            .stops
            .iter()
            .filter(|_| inside)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let away = |line: &Line| self.place(line, nearest).map(|at| (at.1 - y).abs());
        self.read(nearest, pointed(self.lines.iter().map(away)))
    }

    /// dx moves over the windows, dy over the lines from the one that counts most, and beyond them to all.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let from = self.focused().unwrap_or(self.k());
        let at = self
            .stops
            .partition_point(|k| *k < from)
            .min(self.stops.len().saturating_sub(1));
        let to = at
            .saturating_add_signed(dx as isize)
            .min(self.stops.len().saturating_sub(1));
        let k = *self.stops.get(to)?;
        let order: Vec<u32> = self.sorted(k).iter().map(|line| line.model).collect();
        self.read(k, over(&order, self.request.focus.as_ref().and_then(|f| f.alone), dy))
    }

    /// The window under the crosshair.
    pub(super) fn focused(&self) -> Option<u64> {
        self.request
            .focus
            .as_ref()
            .and_then(|f| f.k)
            .map(|k| u64::from(k).clamp(1, self.last))
    }

    fn read(&self, k: u64, alone: Option<u32>) -> Option<Readout> {
        let sorted = self.sorted(k);
        let base = self.y.at(0.0);
        let highest = sorted
            .iter()
            .filter_map(|line| self.place(line, k))
            .map(|at| at.1)
            .fold(base, f64::min);
        sorted.first()?;
        Some(Readout {
            title: format!(
                "{}, ε = {}{}",
                self.window(k),
                fixed(self.request.settings.epsilon, 2),
                so_far(self.request)
            ),
            lines: sorted
                .iter()
                .map(|line| (line.label.clone(), self.words(line, k)))
                .collect(),
            colors: sorted.iter().map(|line| line.series.token.clone()).collect(),
            focus: Focus {
                k: u32::try_from(k).ok(),
                alone,
                ..Focus::default()
            },
            x: self.x.at(k as f64),
            y: highest,
            plot_right: self.right,
        })
    }

    fn words(&self, line: &Line, k: u64) -> String {
        match line.counts.end.filter(|end| k > *end) {
            Some(end) if self.request.fraction => {
                format!("beyond the {} computed", super::percent(end as f64 / self.last as f64))
            }
            Some(end) => format!("beyond the {} vectors computed", count(end)),
            None => self.reading(line, k),
        }
    }

    pub fn alt(&self) -> String {
        if self.lines.is_empty() {
            return "Number of intruders against the window k: no model.".into();
        }
        let read = |k: u64| {
            let each: Vec<String> = self
                .sorted(k)
                .iter()
                .map(|line| format!("{} {}", line.label, self.words(line, k)))
                .collect();
            format!("at {}: {}", self.window(k), each.join(", "))
        };
        let epsilon = fixed(self.request.settings.epsilon, 2);
        let what = if self.request.fraction {
            "Share of intruders among the vectors looked at"
        } else {
            "Number of intruders"
        };
        format!(
            "{what} against the window k at epsilon = {epsilon}{}; {}; {}.",
            so_far(self.request),
            read(self.k()),
            read(self.last)
        )
    }
}
