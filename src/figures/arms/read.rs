//! The arms read at a lambda: for the pointer, the arrow keys and screen readers.

use super::Layout;
use crate::figures::drawing::scale::fixed;
use crate::figures::{Focus, Readout};
use crate::metrics::Measured;
use crate::metrics::frobenius::FROBENIUS;
use crate::metrics::intruder::INTRUDERS;

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside = (self.left - 6.0..=self.right + 8.0).contains(&x);
        let dots = self.lines.iter().enumerate().filter(|_| inside).flat_map(|(n, line)| {
            let both = line.counts.iter().zip(&line.norms).enumerate();
            both.flat_map(move |(dot, (count, norm))| [(n, dot, *count), (n, dot, *norm)])
        });
        let far = |at: (f64, f64)| (at.0 - x).hypot(at.1 - y);
        let (line, dot, at) = dots.min_by(|a, b| far(a.2).total_cmp(&far(b.2)))?;
        let mut found = self.read(line, dot)?;
        (found.x, found.y) = at;
        (far(at) < 40.0).then_some(found)
    }

    /// dx moves over lambda, dy over the arms.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let Some((line, dot)) = self.focused() else {
            let first = self.lines.iter().position(|l| l.counts.len() > 2).unwrap_or(0);
            return self.read(first, 0);
        };
        let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len.saturating_sub(1));
        let line = moved(line, dy, self.lines.len());
        let dots = self.lines.get(line)?.counts.len();
        self.read(line, moved(dot.min(dots.saturating_sub(1)), dx, dots))
    }

    fn read(&self, line: usize, dot: usize) -> Option<Readout> {
        let (own, curve) = (self.lines.get(line)?, self.curves.get(line)?);
        let at = *own.counts.get(dot)?;
        let lambda = self.lambda(line, dot);
        let place = if lambda.is_some() { dot } else { 0 };
        let counted = Measured::Counted(
            *curve.intruders.get(place)?,
            curve.undecided.get(place).copied().unwrap_or(0),
        );
        let name = own.arm.words().name;
        let mut lines = vec![
            (INTRUDERS.short.into(), INTRUDERS.print(counted)),
            (
                FROBENIUS.short.into(),
                FROBENIUS.print(Measured::Exactly(*curve.frobenius.get(place)?)),
            ),
        ];
        let energy = curve.energy.get(place).copied().flatten();
        lines.extend(energy.map(|e| ("mean energy share".to_owned(), format!("{:.1} %", 100.0 * e))));
        Some(Readout {
            title: lambda.map_or(name.to_owned(), |l| format!("{name}, λ = {}", fixed(l, 2))),
            lines,
            colors: Vec::new(),
            focus: Focus {
                arm: Some(own.arm),
                at: Some(self.x.value(at.0)),
                ..Focus::default()
            },
            x: at.0,
            y: at.1,
            plot_right: self.right,
        })
    }

    pub fn alt(&self) -> String {
        let Some((name, surgery)) = &self.shown else {
            return "Surgery: no model was operated on.".into();
        };
        let arm = |curve: &&super::ArmCurve| {
            let counts = &curve.intruders;
            let (first, last) = (counts.first()?, counts.last()?);
            let name = curve.arm.words().name;
            Some(if counts.len() > 1 {
                format!("{name} {first} to {last}")
            } else {
                format!("{name} {first}")
            })
        };
        let arms: Vec<String> = self.curves.iter().filter_map(arm).collect();
        let ends = surgery.lambdas.first().zip(surgery.lambdas.last());
        let (from, to) = ends.map_or((1.0, 1.0), |(a, b)| (*a, *b));
        format!(
            "Intruders of {name} after surgery from λ = {} to {}: {}.",
            fixed(from, 2),
            fixed(to, 2),
            arms.join(", ")
        )
    }
}
