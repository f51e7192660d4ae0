//! The epsilon curve read at a threshold: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, Layout, TOP};
use crate::figures::data::words::so_far;
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::{Focus, Readout};

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside = x >= self.left - 6.0 && x <= self.right + 6.0 && y >= TOP - 8.0 && y <= self.height - BOTTOM + 8.0;
        if inside { self.read(self.x.value(x)) } else { None }
    }

    /// dx moves by hundredths. There is one crosshair for all lines: dy moves nothing.
    pub fn step(&self, dx: i32, _dy: i32) -> Option<Readout> {
        let focus = self
            .request
            .focus
            .as_ref()
            .and_then(|f| f.epsilon)
            .filter(|e| e.is_finite());
        self.read(focus.unwrap_or(self.request.settings.epsilon) + f64::from(dx) * 0.01)
    }

    fn read(&self, epsilon: f64) -> Option<Readout> {
        // Hundredths, as the slider has them.
        let epsilon = (epsilon.clamp(0.0, 1.0) * 100.0).round() / 100.0;
        let sorted = self.sorted(epsilon);
        let most = sorted.first()?.1;
        let so_far = so_far(self.request);
        let lines = sorted
            .iter()
            .map(|(line, n)| (line.label.clone(), count(*n as u64)))
            .collect();
        Some(Readout {
            title: format!("below ε = {}{so_far}", fixed(epsilon, 2)),
            lines,
            colors: sorted.iter().map(|(line, _)| line.series.token.clone()).collect(),
            focus: Focus {
                epsilon: Some(epsilon),
                ..Focus::default()
            },
            x: self.x.at(epsilon),
            y: self.y.at(most as f64),
            plot_right: self.right,
        })
    }

    pub fn alt(&self) -> String {
        let epsilon = self.request.settings.epsilon;
        if self.lines.is_empty() {
            return "Number of intruders against the threshold epsilon: no model.".into();
        }
        let counts: Vec<String> = self
            .sorted(epsilon)
            .iter()
            .map(|(line, n)| format!("{} {}", line.label, count(*n as u64)))
            .collect();
        let so_far = so_far(self.request);
        format!(
            "Number of intruders against the threshold epsilon, at most {}; at epsilon = {}{so_far}: {}.",
            count(self.limit),
            fixed(epsilon, 2),
            counts.join(", ")
        )
    }
}
