//! The spectrum read at a rank: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, HEIGHT, Layout, TOP};
use crate::figures::Readout;
use crate::figures::drawing::scale::{fixed, measure};

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside =
            (self.left - 4.0..=self.right + 8.0).contains(&x) && (TOP - 8.0..=HEIGHT - BOTTOM + 8.0).contains(&y);
        if inside {
            self.read(self.x.value(x).round() as usize)
        } else {
            None
        }
    }

    /// dx moves over the ranks. Both values of a rank are in one card: dy moves nothing.
    pub fn step(&self, dx: i32, _dy: i32) -> Option<Readout> {
        let last = self.shown.checked_sub(1)?;
        self.read(
            self.subject
                .focused()
                .map_or(0, |(_, j)| j.saturating_add_signed(dx as isize).min(last)),
        )
    }

    fn read(&self, j: usize) -> Option<Readout> {
        let at = self.place(self.tuned, j).or_else(|| self.place(self.base, j))?;
        let moved = self.tuned.get(j).zip(self.base.get(j)).map(|(after, before)| {
            let share = 100.0 * (f64::from(*after) / f64::from(*before) - 1.0);
            (
                "moved by".to_string(),
                format!("{}{} %", if share > 0.0 { "+" } else { "" }, fixed(share, 1)),
            )
        });
        let lines = [
            self.subject.sigma_line("σ before", self.base, j),
            self.subject.sigma_line("σ after", self.tuned, j),
            moved,
            self.subject.match_line(j),
            self.subject.verdict_line(j),
            self.landing_line(j),
        ];
        Some(Readout {
            title: self.subject.card_title(j),
            lines: lines.into_iter().flatten().collect(),
            colors: Vec::new(),
            focus: self.subject.focus_on(None, j),
            x: at.0,
            y: at.1,
            plot_right: self.right,
        })
    }

    pub fn alt(&self) -> String {
        let (label, name) = (&self.subject.label, self.subject.matrix.map_or("", |m| &m.name));
        let first = |sigma: &[f32]| sigma.first().map_or("not computed".into(), |s| measure(f64::from(*s)));
        if self.shown == 0 {
            return "Singular values before and after fine-tuning: not computed.".into();
        }
        let (before, after) = (first(self.base), first(self.tuned));
        let n = self.shown;
        format!(
            "The first {n} singular values of {name}, pre-trained and {label}; the largest is {before} before and {after} after."
        )
    }
}
