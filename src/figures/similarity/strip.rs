//! The strip under the map: the best match of every column, with epsilon and the band of chance.

use super::Layout;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{fixed, index_ticks, short};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, TICK, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::report::Side;

impl Layout<'_> {
    pub(super) fn strip_axis(&self, pen: &Pen) -> Drawn {
        let (left, right, palette) = (self.x0, self.x0 + self.wide(), pen.palette);
        let face = Type::tick(palette.ink_3);
        pen.hline(left, right, self.strip.at(1.0), 1.0, palette.grid)?;
        if let Some(null) = self.subject.null {
            let (top, bottom) = (self.strip.at(null.high), self.strip.at(null.low));
            pen.rect((left, top), (right - left, (bottom - top).max(1.0)), palette.ink, 0.07)?;
        }
        let (least, base) = (self.subject.least_cos(), self.base());
        pen.hline(left, right, base, 1.0, palette.rule_strong)?;
        for tick in [least, 0.5 * (least + 1.0), 1.0] {
            pen.text((left - 8.0, self.strip.at(tick) + 4.0), &short(tick), face, Align::End)?;
        }
        for tick in index_ticks(self.first.1, self.cols) {
            let text = tick.to_string();
            let x = self.column(tick - 1).min(self.width - 0.5 * text_width(&text, TICK));
            pen.text((x, base + 16.0), &text, face, Align::Middle)?;
        }
        let name = match (self.narrow, self.request.settings.side) {
            (true, Side::Left) => "left: columns j tuned, rows i pre-trained",
            (true, Side::Right) => "right: columns j tuned, rows i pre-trained",
            (true, Side::Both) => "columns j: fine-tuned, rows i: pre-trained",
            (false, Side::Left) => "fine-tuned left vector j, by falling singular value",
            (false, Side::Right) => "fine-tuned right vector j, by falling singular value",
            (false, Side::Both) => "fine-tuned vector j, by falling singular value",
        };
        let name = truncate(&set(name), LABEL, self.width - left);
        pen.text((left, base + 34.0), &name, Type::label(palette.ink_2), Align::Start)?;
        pen.dashed_hline(left, right, self.strip.at(self.request.settings.epsilon), palette.ink)
    }

    pub(super) fn strip_dots(&self, pen: &Pen) -> Drawn {
        let color = pen.palette.token(&self.subject.series.token);
        // Columns narrower than a dot: a cloud, not a bar.
        let radius = (0.6 * self.cell.0).clamp(1.0, 3.0);
        for j in self.columns() {
            let Some(one) = self.subject.best_of(j) else { continue };
            let at = (self.column(j), self.strip.at(one.cos));
            let alpha = if self.subject.inside(j) { 1.0 } else { 0.5 };
            match one.spread() {
                None => pen.dot(at, radius, color, alpha)?,
                Some(upper) => pen.interval(at, self.strip.at(upper), color, alpha)?,
            }
            if self.subject.is_intruder(j) {
                pen.ring(at, 6.0, pen.palette.ink)?;
            }
        }
        Ok(())
    }

    pub(super) fn strip_words(&self, pen: &Pen) -> Drawn {
        let palette = pen.palette;
        let name = set(match self.request.settings.side {
            Side::Left => "best match c",
            Side::Right => "best match c, right",
            Side::Both => "best match c, both",
        });
        let epsilon = set(&format!("ε = {}", fixed(self.request.settings.epsilon, 2)));
        let strong = Type::strong(palette.ink);
        let plain = Type::label(palette.ink_2);
        let quiet = Type::label(palette.ink_3);
        let (line, right) = (self.strip.at(self.request.settings.epsilon), self.x0 + self.wide());
        let band = self
            .subject
            .null
            .map(|null| self.strip.at(0.5 * (null.low + null.high)));
        if !self.narrow {
            let mut words = vec![
                (name.as_str(), plain, self.strip.at(1.0) + 1.0),
                (epsilon.as_str(), strong, line),
            ];
            words.extend(band.map(|y| ("random", quiet, y)));
            let wanted: Vec<f64> = words.iter().map(|w| w.2).collect();
            let bounds = (self.strip.at(1.0) - 6.0, self.base() + 6.0);
            for ((text, face, _), y) in words.iter().zip(spread(&wanted, LABEL_GAP, bounds)) {
                pen.text((right + 8.0, y + 4.0), text, *face, Align::Start)?;
            }
            return Ok(());
        }
        pen.text((self.x0, self.strip.at(1.0) - 8.0), &name, plain, Align::Start)?;
        pen.halo(
            (right - 4.0, (line - 5.0).max(self.strip.at(1.0) + 8.0)),
            &epsilon,
            strong,
            Align::End,
        )?;
        match band {
            Some(y) if (y - line).abs() > 24.0 => pen.halo((right - 4.0, y - 6.0), "random", quiet, Align::End),
            _ => Ok(()),
        }
    }
}
