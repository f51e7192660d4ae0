//! The two vectors' panels read at a pre-trained vector: for the pointer, the arrow keys and screen readers.

use super::{GAP, LEFT, Layout, PANEL};
use crate::figures::Readout;
use crate::figures::drawing::scale::fixed;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let over = |top: f64| (top - 0.5 * GAP..=top + PANEL + 0.5 * GAP).contains(&y);
        let at = self
            .panels
            .iter()
            .position(|p| over(p.top))
            .filter(|_| (LEFT..self.right).contains(&x))?;
        let column = &self.panels[at].column;
        let stem = ((x - LEFT) / (self.right - LEFT) * column.stems() as f64) as usize;
        self.read(at, column.peak(stem)?.0)
    }

    /// dx moves over the pre-trained vectors, dy from one panel to the other.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let last = self.panels.len().checked_sub(1)?;
        let (from, i) = self.focused().unwrap_or((last, None));
        let at = from.saturating_add_signed(dy as isize).min(last);
        let column = &self.panels[at].column;
        let best = || {
            column
                .highest()
                .and_then(|(stem, _)| column.peak(stem))
                .map_or(0, |(i, _)| i)
        };
        let i = i.unwrap_or_else(best).saturating_add_signed(dx as isize);
        self.read(at, i.min(column.known().saturating_sub(1)))
    }

    /// The mark is the stem that holds i.
    fn read(&self, at: usize, i: usize) -> Option<Readout> {
        let panel = &self.panels[at];
        let (matrix, stem) = (self.subject.matrix?, panel.column.stem_of(i));
        let top = panel.column.peak(stem)?.1;
        let cos = panel.column.cos(i).map(|c| ("|cos|".to_string(), fixed(c, 2)));
        let lines = [
            cos,
            self.subject.sigma_line("σ of i", &matrix.sigma_base, i),
            self.subject.sigma_line("σ of j", &matrix.sigma_tuned, panel.j),
            self.subject.match_line(panel.j),
            self.subject.verdict_line(panel.j),
        ];
        Some(Readout {
            title: format!("i = {} against j = {}, {}", i + 1, panel.j + 1, self.subject.label),
            lines: lines
                .into_iter()
                .flatten()
                .chain(self.subject.beside_lines(panel.j))
                .collect(),
            colors: Vec::new(),
            focus: self.subject.focus_on(Some(i), panel.j),
            x: self.x(panel, stem),
            y: self.y(panel).at(top),
            plot_right: self.right,
        })
    }

    pub fn alt(&self) -> String {
        let (label, name) = (&self.subject.label, self.subject.matrix.map_or("", |m| &m.name));
        if self.panels.is_empty() {
            return "One vector against every pre-trained one: not computed.".into();
        }
        let titles: Vec<String> = self.panels.iter().map(|p| self.title(p.j)).collect();
        let part = if self.panels.iter().all(|p| p.column.whole()) {
            ""
        } else {
            "; not every pre-trained vector is known"
        };
        format!(
            "Fine-tuned vectors of {name}, {label}, against every pre-trained one. {}{part}.",
            titles.join(". ")
        )
    }
}
