//! The epsilon curve read at a threshold: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, Layout, Line, TOP};
use crate::figures::data::looks::{over, pointed};
use crate::figures::data::words::so_far;
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::{Focus, Readout};

/// As the slider has them.
fn hundredths(epsilon: f64) -> f64 {
    (epsilon.clamp(0.0, 1.0) * 100.0).round() / 100.0
}

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside = x >= self.left - 6.0 && x <= self.right + 6.0 && y >= TOP - 8.0 && y <= self.height - BOTTOM + 8.0;
        if !inside {
            return None;
        }
        let epsilon = hundredths(self.x.value(x));
        let away = |line: &Line| (self.y.at(line.count(epsilon) as f64) - y).abs();
        self.read(epsilon, pointed(self.lines.iter().map(|line| Some(away(line)))))
    }

    /// dx moves by hundredths, dy over the lines from the one that counts most, and beyond them to all.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let focus = self.request.focus.as_ref();
        let from = focus.and_then(|f| f.epsilon).filter(|e| e.is_finite());
        let epsilon = hundredths(from.unwrap_or(self.request.settings.epsilon) + f64::from(dx) * 0.01);
        let order: Vec<u32> = self.sorted(epsilon).iter().map(|(line, _)| line.model).collect();
        self.read(epsilon, over(&order, focus.and_then(|f| f.alone), dy))
    }

    fn read(&self, epsilon: f64, alone: Option<u32>) -> Option<Readout> {
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
                alone,
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
