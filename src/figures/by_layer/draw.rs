//! The marks of the panels, back to front.

use super::{GAP, KEY_ROW, Layout, Shown};
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{every, tick_label};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, TICK, TITLE, cut_name, text_width, truncate};
use crate::figures::drawing::variable::set;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let name = Type::label(pen.palette.ink_2);
        let adapters = if self.request.adapters_only {
            ", adapters alone"
        } else {
            ""
        };
        let title = format!(
            "{}{adapters}{}",
            set(self.measure.name),
            if self.log { " (log scale)" } else { "" }
        );
        pen.text((0.0, 12.0), &title, name, Align::Start)?;
        if self.panels.is_empty() {
            let text = match (self.request.running, self.request.adapters_only) {
                (true, _) => "No matrix is done yet.",
                (_, true) => "No matrix of an adapter was analyzed.",
                _ => "No matrix was analyzed.",
            };
            return pen.text((self.left, 46.0), text, name, Align::Start);
        }
        for panel in 0..self.panels.len() {
            self.axes(pen, panel)?;
            self.crosshair(pen, panel)?;
            for model in self.models() {
                self.line(pen, panel, model)?;
            }
            if !self.narrow && (panel % self.per_row == self.per_row - 1 || panel + 1 == self.panels.len()) {
                self.names(pen, panel)?;
            }
        }
        let below = self.corner(self.panels.len() - 1).1 + self.panel_height;
        pen.text((self.left, below + 34.0), "layer", name, Align::Start)?;
        if self.narrow {
            self.key(pen, below + 34.0 + 8.0)
        } else {
            Ok(())
        }
    }

    fn axes(&self, pen: &Pen, panel: usize) -> Drawn {
        let ((left, top), palette) = (self.corner(panel), pen.palette);
        let (right, base, y) = (left + self.panel_width, top + self.panel_height, self.y(panel));
        let tick = Type::tick(palette.ink_3);
        let room = self.panel_width + GAP - 8.0;
        let full = &self.panels[panel].title;
        let short_title = full
            .replace("attention", "attn.")
            .replace("query, key, value", "q, k, v");
        let title = truncate(
            if text_width(full, TITLE) <= room {
                full
            } else {
                &short_title
            },
            TITLE,
            room,
        );
        pen.text((left, top - 10.0), &title, Type::title(palette.ink), Align::Start)?;
        let frame = Frame {
            left,
            right,
            base,
            width: self.width,
        };
        if panel.is_multiple_of(self.per_row) {
            frame.upwards(pen, &y, &self.grid, tick_label)?;
        } else {
            frame.grid(pen, &y, &self.grid)?;
        }
        let x = self.x(panel);
        for layer in self.layer_ticks() {
            pen.text(
                (x.at(f64::from(layer)), base + 17.0),
                &layer.to_string(),
                tick,
                Align::Middle,
            )?;
        }
        Ok(())
    }

    /// Layer numbers that do not touch.
    fn layer_ticks(&self) -> impl Iterator<Item = u32> {
        let widest = text_width(&self.last_layer.to_string(), TICK) + 6.0;
        let spacing = (self.panel_width - 16.0) / f64::from(self.last_layer.max(1));
        (0..=self.last_layer).step_by(every(spacing, widest) as usize)
    }

    /// One model's line, broken where a matrix is unchanged, failed or missing; where a layer has several matrices it runs through their mean.
    fn line(&self, pen: &Pen, panel: usize, model: usize) -> Drawn {
        let (series, y) = (&self.series[model], self.y(panel));
        let color = pen.palette.of_series(series);
        let marks: Vec<_> = self.panels[panel].marks.iter().filter(|m| m.model == model).collect();
        let mut piece: Vec<Point> = Vec::new();
        let mut last = None;
        for layer in marks.chunk_by(|a, b| a.layer == b.layer) {
            let ranks: Vec<f64> = layer
                .iter()
                .filter_map(|m| if let Shown::Value(r) = m.shown { Some(r) } else { None })
                .collect();
            let follows = last.is_some_and(|l: u32| l + 1 == layer[0].layer);
            if ranks.is_empty() || !follows {
                pen.line(&std::mem::take(&mut piece), series)?;
            }
            if !ranks.is_empty() {
                let mean = ranks.iter().sum::<f64>() / ranks.len() as f64;
                piece.push((self.place(panel, layer[0]).0, y.at(mean)));
            }
            last = Some(layer[0].layer);
        }
        pen.line(&piece, series)?;
        for mark in marks {
            let at = self.place(panel, mark);
            match mark.shown {
                Shown::Value(_) => pen.dot(at, if self.focused(&mark.matrix.name) { 4.0 } else { 2.25 }, color, 1.0)?,
                Shown::Zero => pen.dot(at, 1.5, color, 1.0)?,
                Shown::Failed => pen.cross(at, 3.5, pen.palette.ink)?,
            }
        }
        Ok(())
    }

    /// The lines' names right of a row's last panel.
    fn names(&self, pen: &Pen, panel: usize) -> Drawn {
        let ((left, top), y) = (self.corner(panel), self.y(panel));
        let last = |model: usize| {
            self.panels[panel]
                .marks
                .iter()
                .rev()
                .filter(|m| m.model == model)
                .find_map(|m| match m.shown {
                    Shown::Value(r) => Some(y.at(r)),
                    _ => None,
                })
        };
        let mut ends: Vec<(usize, f64)> = self.models().filter_map(|m| Some((m, last(m)?))).collect();
        // Where there is no room for all, the last checkpoint of a run speaks for it.
        let room = (self.panel_height / LABEL_GAP) as usize + 1;
        if ends.len() > room {
            ends.sort_by(|a, b| self.series[b.0].width.total_cmp(&self.series[a.0].width));
            ends.truncate(room);
        }
        let wanted: Vec<f64> = ends.iter().map(|e| e.1).collect();
        let x = left + self.panel_width + 8.0;
        for ((model, _), y) in ends
            .iter()
            .zip(spread(&wanted, LABEL_GAP, (top, top + self.panel_height)))
        {
            let face = Type::label(pen.palette.words(&self.series[*model]));
            pen.text(
                (x, y + 4.0),
                &cut_name(&self.labels[*model], LABEL, self.width - x),
                face,
                Align::Start,
            )?;
        }
        Ok(())
    }

    fn key(&self, pen: &Pen, top: f64) -> Drawn {
        let columns = self.key_columns();
        let column = (self.width - self.left) / columns as f64;
        for (n, model) in self.models().enumerate() {
            let (series, label) = (&self.series[model], &self.labels[model]);
            let (x, y) = (
                self.left + column * (n % columns) as f64,
                top + KEY_ROW * (n / columns + 1) as f64 - 4.0,
            );
            let color = pen.palette.words(series);
            pen.swatch((x, y), series)?;
            pen.text(
                (x + 20.0, y),
                &cut_name(label, LABEL, column - 24.0),
                Type::label(color),
                Align::Start,
            )?;
        }
        Ok(())
    }

    /// The crosshair through the focused matrix, and the outline of the selected one.
    fn crosshair(&self, pen: &Pen, panel: usize) -> Drawn {
        let (top, ink) = (self.corner(panel).1, pen.palette.ink);
        let find = |name: &str| {
            self.panels[panel]
                .marks
                .iter()
                .find(|m| m.matrix.name == name)
                .map(|m| self.place(panel, m).0.round())
        };
        if let Some(x) = self.request.matrix.as_deref().and_then(find) {
            let half = (0.5 * (self.panel_width - 16.0) / f64::from(self.last_layer.max(1)))
                .clamp(4.0, 9.0)
                .floor();
            pen.frame((x - half, top), (2.0 * half + 1.0, self.panel_height), 2.0, ink)?;
        }
        if let Some(x) = self
            .request
            .focus
            .as_ref()
            .and_then(|f| f.matrix.as_deref())
            .and_then(find)
        {
            pen.vline(x, top, top + self.panel_height, 1.0, ink)?;
        }
        Ok(())
    }

    fn focused(&self, name: &str) -> bool {
        self.request.focus.as_ref().and_then(|f| f.matrix.as_deref()) == Some(name)
    }
}
