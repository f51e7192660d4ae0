//! The scatter read at a matrix: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, HEIGHT, Mark, Scatter, TOP};
use crate::figures::data::nearest::nearest;
use crate::figures::{Focus, Readout};
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::weakest_match::WEAKEST_MATCH;
use crate::metrics::{Measure, Measured};
use crate::series::place;

impl Scatter<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let (across, down) = ((self.left, self.right), (TOP, HEIGHT - BOTTOM));
        let mark = nearest(&self.marks, |mark| mark.at, (x, y), across, down)?;
        Some(self.read(mark))
    }

    /// dx moves by the number across; dy over the models of one matrix, by it too.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let last = self.marks.len().checked_sub(1)?;
        let Some(from) = self.focused() else {
            // From the left.
            return Some(self.read(&self.marks[last]));
        };
        let own: Vec<usize> = (0..self.marks.len())
            .filter(|n| self.marks[*n].matrix.name == self.marks[from].matrix.name)
            .collect();
        let moved = |n: usize, by: i32, last: usize| n.saturating_add_signed(by as isize).min(last);
        let at = own.iter().position(|n| *n == from).unwrap_or(0);
        let to = match (dx, dy) {
            // Marks are sorted by its fall: to the right is back.
            (0, dy) => own[moved(at, dy, own.len() - 1)],
            (dx, _) => moved(from, dx.saturating_neg(), last),
        };
        Some(self.read(&self.marks[to]))
    }

    fn read(&self, mark: &Mark) -> Readout {
        let matrix = mark.matrix;
        let line = |measure: &Measure, reading: Measured| (measure.short.to_owned(), measure.print(reading));
        Readout {
            title: place(matrix),
            lines: vec![
                ("model".into(), self.labels[mark.model].clone()),
                line(self.across, mark.reading),
                line(&WEAKEST_MATCH, Measured::Between(mark.weakest.0, mark.weakest.1)),
                line(&INTRUDERS, Measured::Counted(mark.intruders.0, mark.intruders.1)),
            ],
            colors: Vec::new(),
            focus: Focus {
                matrix: Some(matrix.name.clone()),
                model: Some(mark.model as u32),
                ..Focus::default()
            },
            x: mark.at.0,
            y: mark.at.1,
            plot_right: self.right,
        }
    }
}
