//! The scatter read at a vector: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, HEIGHT, Layout, Mark, TOP};
use crate::figures::Readout;
use crate::figures::data::nearest::nearest;
use crate::figures::drawing::scale::fixed;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let (across, down) = ((self.left, self.right), (TOP, HEIGHT - BOTTOM));
        let mark = nearest(&self.marks, |mark| mark.at, (x, y), across, down)?;
        self.read(mark)
    }

    /// dx moves by falling singular value; the cloud has no rows: dy moves nothing.
    pub fn step(&self, dx: i32, _dy: i32) -> Option<Readout> {
        let last = self.marks.len().checked_sub(1)?;
        // A vector without a mark gives way to the next one.
        let from = self
            .subject
            .focused()
            .map(|(_, j)| self.marks.partition_point(|m| m.j < j).min(last));
        self.read(&self.marks[from.map_or(0, |n| n.saturating_add_signed(dx as isize).min(last))])
    }

    fn read(&self, mark: &Mark) -> Option<Readout> {
        let lines = [
            self.subject
                .sigma_line("singular value", &self.subject.matrix?.sigma_tuned, mark.j),
            self.subject.match_line(mark.j),
            self.subject.verdict_line(mark.j),
        ];
        Some(Readout {
            title: self.subject.card_title(mark.j),
            lines: lines
                .into_iter()
                .flatten()
                .chain(self.subject.beside_lines(mark.j))
                .collect(),
            colors: Vec::new(),
            focus: self.subject.focus_on(None, mark.j),
            x: mark.at.0,
            y: mark.at.1,
            plot_right: self.right,
        })
    }

    pub fn alt(&self) -> String {
        let (label, name) = (&self.subject.label, self.subject.matrix.map_or("", |m| &m.name));
        if self.marks.is_empty() {
            return "Singular value against best match: not computed.".into();
        }
        let found: Vec<String> = self
            .subject
            .intruders()
            .iter()
            .take(12)
            .map(|j| format!("j = {}", j + 1))
            .collect();
        let found = if found.is_empty() {
            "none".into()
        } else {
            found.join(", ")
        };
        let (n, epsilon) = (self.marks.len(), fixed(self.subject.settings.epsilon, 2));
        format!(
            "Singular value against best match of {n} vectors of {name}, {label}; intruders below ε = {epsilon}: {found}."
        )
    }
}
