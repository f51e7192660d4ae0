//! The runs read at a checkpoint: for the pointer, the arrow keys and screen readers.

use super::{BOTTOM, HEIGHT, Layout, TOP};
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::{Focus, Readout};
use crate::metrics::Measured;
use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::metrics::intruder::INTRUDERS;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside =
            (self.left - 6.0..=self.right + 8.0).contains(&x) && (TOP - 8.0..=HEIGHT - BOTTOM + 8.0).contains(&y);
        let (_, line, stop) = self
            .lines
            .iter()
            .enumerate()
            .filter(|_| inside)
            .flat_map(|(n, l)| l.stops.iter().enumerate().map(move |(s, stop)| (n, s, stop.at)))
            .map(|(n, s, at)| ((at.0 - x).hypot(at.1 - y), n, s))
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        self.read(line, stop)
    }

    /// dx moves over the checkpoints of a run; dy over the runs, to the checkpoint nearest in time.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let Some((line, stop)) = self.focused() else {
            return self.read(0, 0);
        };
        let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len.saturating_sub(1));
        if dy == 0 {
            return self.read(line, moved(stop, dx, self.lines[line].stops.len()));
        }
        let (other, step) = (moved(line, dy, self.lines.len()), self.lines[line].stops[stop].step);
        let stops = self.lines[other].stops.iter().enumerate();
        let nearest = stops.min_by_key(|(_, s)| s.step.abs_diff(step)).map_or(0, |(n, _)| n);
        self.read(other, nearest)
    }

    fn read(&self, line: usize, stop: usize) -> Option<Readout> {
        let line = self.lines.get(line)?;
        let stop = line.stops.get(stop)?;
        let counted = INTRUDERS.print(Measured::Counted(stop.intruders, stop.undecided));
        let size = CHANGE_RATIO.print(stop.size.into());
        Some(Readout {
            title: format!("{}, step {}", line.name, count(stop.step)),
            lines: vec![
                (INTRUDERS.short.into(), counted),
                (format!("mean {}", CHANGE_RATIO.short), size),
            ],
            colors: Vec::new(),
            focus: Focus {
                model: u32::try_from(stop.model).ok(),
                ..Focus::default()
            },
            x: stop.at.0,
            y: stop.at.1,
            plot_right: self.right,
        })
    }

    pub fn alt(&self) -> String {
        let runs: Vec<String> = self
            .lines
            .iter()
            .map(|l| {
                let counts: Vec<String> = l
                    .stops
                    .iter()
                    .map(|s| format!("{} at step {}", s.intruders, count(s.step)))
                    .collect();
                format!("{}: {}", l.name, counts.join(", "))
            })
            .collect();
        if runs.is_empty() {
            return "Number of intruders over training: no checkpoints of a run.".into();
        }
        let epsilon = fixed(self.request.settings.epsilon, 2);
        format!(
            "Number of intruders over training at ε = {epsilon}; {}.",
            runs.join("; ")
        )
    }
}
