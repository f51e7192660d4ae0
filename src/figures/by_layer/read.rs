//! The panels read at a mark: for the pointer, the arrow keys and screen readers.

use super::panels::type_name;
use super::{GAP, Layout, Mark, Shown};
use crate::figures::{Focus, Readout};
use crate::metrics::{Bound, Measured, Of};

impl Layout<'_> {
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let panel = (0..self.panels.len()).find(|p| {
            let (left, top) = self.corner(*p);
            let across = x >= left - 0.5 * GAP && x < left + self.panel_width + 0.5 * GAP;
            across && y >= top - 8.0 && y <= top + self.panel_height + 10.0
        })?;
        let distance = |m: &Mark| {
            let at = self.place(panel, m);
            (at.0 - x).hypot(at.1 - y)
        };
        let nearest = self.panels[panel]
            .marks
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        Some(self.read(panel, nearest))
    }

    /// dx moves over the matrices, panel by panel; dy over the models at one matrix, downwards.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let mut stops: Vec<(usize, &str)> = Vec::new();
        for (panel, p) in self.panels.iter().enumerate() {
            for mark in &p.marks {
                let stop = (panel, mark.matrix.name.as_str());
                if !stops.iter().rev().take_while(|s| s.0 == panel).any(|s| *s == stop) {
                    stops.push(stop);
                }
            }
        }
        let focus = self.request.focus.as_ref();
        let from = focus
            .and_then(|f| f.matrix.as_deref())
            .and_then(|name| stops.iter().position(|s| s.1 == name));
        let to = from.map_or(0, |n| {
            n.saturating_add_signed(dx as isize).min(stops.len().saturating_sub(1))
        });
        let (panel, name) = *stops.get(to)?;
        let mut here: Vec<&Mark> = self.panels[panel]
            .marks
            .iter()
            .filter(|m| m.matrix.name == name)
            .collect();
        here.sort_by(|a, b| self.place(panel, a).1.total_cmp(&self.place(panel, b).1));
        let own = focus
            .and_then(|f| f.model)
            .and_then(|n| here.iter().position(|m| m.model == n as usize))
            .unwrap_or(0);
        let own = if from.is_some() {
            own.saturating_add_signed(dy as isize)
        } else {
            own
        };
        here.get(own.min(here.len().saturating_sub(1)))
            .map(|m| self.read(panel, m))
    }

    fn read(&self, panel: usize, mark: &Mark) -> Readout {
        let matrix = mark.matrix;
        let title = match matrix.layer {
            Some(layer) => format!("layer {layer}, {}", type_name(matrix)),
            None => matrix.name.clone(),
        };
        let mut lines = vec![(
            "model".to_string(),
            self.labels.get(mark.model).cloned().unwrap_or_default(),
        )];
        match mark.shown {
            Shown::Value(value) => lines.push((self.measure.short.into(), self.print(value))),
            Shown::Zero if matches!(self.measure.of, Of::Change(_)) => {
                lines.push((self.measure.short.into(), "0: unchanged".into()));
            }
            Shown::Zero => lines.push((self.measure.short.into(), self.print(0.0))),
            Shown::Failed => lines.push((
                "failed".into(),
                matrix.reason.clone().unwrap_or_else(|| "no reason given".into()),
            )),
        }
        match self.ranks.get(mark.model) {
            Some(Some(rank)) => lines.push(("rank r".into(), rank.to_string())),
            _ if self.measure.bound == Bound::None => {}
            _ => lines.push(("at most".into(), matrix.rows.min(matrix.cols).to_string())),
        }
        lines.push(("shape".into(), format!("{} × {}", matrix.rows, matrix.cols)));
        let (x, y) = self.place(panel, mark);
        let focus = Focus {
            matrix: Some(matrix.name.clone()),
            model: Some(mark.model as u32),
            ..Focus::default()
        };
        Readout {
            title,
            lines,
            colors: Vec::new(),
            focus,
            x,
            y,
            plot_right: self.corner(panel).0 + self.panel_width,
        }
    }

    fn print(&self, value: f64) -> String {
        self.measure.print(Measured::Exactly(value))
    }

    pub fn alt(&self) -> String {
        let ranges: Vec<String> = (0..self.series.len())
            .filter_map(|model| {
                let marks = self.panels.iter().flat_map(|p| &p.marks).filter(|m| m.model == model);
                let ranks = marks.filter_map(|m| if let Shown::Value(r) = m.shown { Some(r) } else { None });
                let (low, high) = ranks.fold((f64::INFINITY, 0f64), |(l, h), r| (l.min(r), h.max(r)));
                low.is_finite()
                    .then(|| format!("{} {} to {}", self.labels[model], self.print(low), self.print(high)))
            })
            .collect();
        let ranges = if ranges.is_empty() {
            "nothing analyzed".into()
        } else {
            ranges.join(", ")
        };
        let title = self.request.figure.kind().title;
        format!("{title} by layer, one panel a matrix type: {ranges}.")
    }
}
