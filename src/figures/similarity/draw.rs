//! The marks of the similarity figure, back to front.

use super::{Figure, STRIP};
use crate::figures::pen::{Align, Drawn, Pen, Type};
use crate::figures::scale::{fixed, short};
use crate::figures::spread::spread;
use crate::figures::style::{LABEL, LABEL_GAP, TICK, cos_color, text_width, truncate, wrap};
use crate::report::{Side, Status};
use plotters::prelude::DrawingBackend;

impl Figure<'_> {
    pub fn draw<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        self.cells(pen)?;
        pen.frame((self.x0, self.y0), (self.wide(), self.tall()), 1.0, pen.palette.rule_strong)?;
        self.triangles(pen)?;
        if self.cos(0, 0).is_none() {
            self.missing(pen)?;
        }
        if self.request.thumbnail {
            return Ok(());
        }
        self.window(pen)?;
        self.rows_axis(pen)?;
        self.strip_axis(pen)?;
        self.strip_dots(pen)?;
        self.strip_words(pen)?;
        self.bar(pen)?;
        self.crosshair(pen)
    }

    fn triangles<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let ink = pen.palette.ink;
        let (lift, half) = if self.request.thumbnail { (3.0, (0.6 * self.cell).clamp(2.5, 4.5)) } else { (4.0, 4.5) };
        let mut free = f64::NEG_INFINITY;
        for j in self.intruders().into_iter().filter(|j| *j < self.cols) {
            let (x, number) = (self.column(j), (j + 1).to_string());
            pen.triangle((x, self.y0 - lift), half, ink)?;
            let reach = 0.5 * text_width(&number, LABEL) + 1.0;
            // Neighbours in narrow columns: the triangle stays, the number waits for room.
            if !self.request.thumbnail && x - reach >= free {
                pen.text((x, self.y0 - 13.0), &number, Type { size: LABEL, bold: true, color: ink }, Align::Middle)?;
                free = x + reach;
            }
        }
        Ok(())
    }

    /// The bracket over the k columns that are looked at.
    fn window<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let (k, color) = (self.request.settings.k, pen.palette.rule_strong);
        let (from, to, y) = (self.x0, self.x0 + self.cell * (k as usize).min(self.cols) as f64, self.y0 - 28.0);
        let whole = k as usize <= self.cols;
        pen.hline(from, to, y, 1.0, color)?;
        pen.vline(from, y - 2.0, y + 3.0, 1.0, color)?;
        if whole {
            pen.vline(to - 1.0, y - 2.0, y + 3.0, 1.0, color)?;
        }
        let face = Type { size: LABEL, bold: false, color: pen.palette.ink_3 };
        let label = format!("window k = {k}");
        if to + 6.0 + text_width(&label, LABEL) <= self.width {
            return pen.text((to + 6.0, y + 4.0), &label, face, Align::Start);
        }
        // A window as wide as the map: the label stands on its line.
        pen.halo((to - 8.0, y + 4.0), &label, face, Align::End)
    }

    fn rows_axis<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let face = Type { size: TICK, bold: false, color: pen.palette.ink_3 };
        for tick in index_ticks(self.rows) {
            pen.text((self.x0 - 8.0, self.row(tick - 1) + 4.0), &tick.to_string(), face, Align::End)?;
        }
        if self.narrow {
            return Ok(());
        }
        pen.text_up(
            (self.x0 - 32.0, self.y0 + self.tall()),
            "pre-trained vector i",
            Type { size: LABEL, bold: false, color: pen.palette.ink_2 },
        )
    }

    fn strip_axis<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let (left, right, palette) = (self.x0, self.x0 + self.wide(), pen.palette);
        let face = Type { size: TICK, bold: false, color: palette.ink_3 };
        pen.hline(left, right, self.strip.at(1.0), 1.0, palette.grid)?;
        if let Some((low, high)) = self.null {
            let (top, bottom) = (self.strip.at(high), self.strip.at(low));
            pen.rect((left, top), (right - left, (bottom - top).max(1.0)), palette.ink, 0.07)?;
        }
        pen.hline(left, right, self.strip.at(0.0), 1.0, palette.rule_strong)?;
        for tick in [0.0, 0.5, 1.0] {
            pen.text((left - 8.0, self.strip.at(tick) + 4.0), &short(tick), face, Align::End)?;
        }
        let base = self.strip.at(0.0);
        for tick in index_ticks(self.cols) {
            pen.text((self.column(tick - 1), base + 16.0), &tick.to_string(), face, Align::Middle)?;
        }
        let name =
            if self.narrow { "columns j: fine-tuned, rows i: pre-trained" } else { "fine-tuned vector j, by falling singular value" };
        let name = truncate(name, LABEL, self.width - left);
        pen.text((left, base + 34.0), &name, Type { size: LABEL, bold: false, color: palette.ink_2 }, Align::Start)?;
        pen.dashed_hline(left, right, self.strip.at(self.request.settings.epsilon), palette.ink)
    }

    fn strip_dots<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let Some(best) = self.best else { return Ok(()) };
        let (settings, color) = (&self.request.settings, pen.palette.token(&self.series.token));
        for j in 0..self.cols {
            let Some(one) = best.at(j) else { continue };
            let (at, inside) = ((self.column(j), self.strip.at(one.cos)), j < settings.k as usize);
            let alpha = if inside { 1.0 } else { 0.5 };
            match one.upper {
                None => pen.dot(at, 3.0, color, alpha)?,
                Some(upper) => {
                    // An interval: open dot at its lower end, stem, cap at its upper end.
                    let top = self.strip.at(upper);
                    pen.vline(at.0 - 0.5, top, at.1, 1.0, color)?;
                    pen.hline(at.0 - 3.0, at.0 + 3.0, top, 1.0, color)?;
                    pen.dot(at, 3.0, color, alpha)?;
                    pen.dot(at, 1.5, pen.palette.paper, 1.0)?;
                }
            }
            if inside && one.below(settings.epsilon) {
                pen.ring(at, 6.0, pen.palette.ink)?;
            }
        }
        Ok(())
    }

    fn strip_words<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let palette = pen.palette;
        let name = match self.request.settings.side {
            Side::Left => "best match c",
            Side::Right => "best match c, right",
            Side::Both => "best match c, both",
        };
        let epsilon = format!("ε = {}", fixed(self.request.settings.epsilon, 2));
        let strong = Type { size: LABEL, bold: true, color: palette.ink };
        let plain = Type { size: LABEL, bold: false, color: palette.ink_2 };
        let quiet = Type { size: LABEL, bold: false, color: palette.ink_3 };
        let (line, right) = (self.strip.at(self.request.settings.epsilon), self.x0 + self.wide());
        let band = self.null.map(|(low, high)| self.strip.at(0.5 * (low + high)));
        if !self.narrow {
            let mut words = vec![(name, plain, self.strip.at(1.0) + 1.0), (epsilon.as_str(), strong, line)];
            words.extend(band.map(|y| ("random", quiet, y)));
            let wanted: Vec<f64> = words.iter().map(|w| w.2).collect();
            let bounds = (self.strip.at(1.0) - 6.0, self.strip.at(0.0) + 6.0);
            for ((text, face, _), y) in words.iter().zip(spread(&wanted, LABEL_GAP, bounds)) {
                pen.text((right + 8.0, y + 4.0), text, *face, Align::Start)?;
            }
            return Ok(());
        }
        pen.text((self.x0, self.strip.at(1.0) - 8.0), name, plain, Align::Start)?;
        pen.halo((right - 4.0, (line - 5.0).max(self.strip.at(1.0) + 8.0)), &epsilon, strong, Align::End)?;
        match band {
            Some(y) if (y - line).abs() > 24.0 => pen.halo((right - 4.0, y - 6.0), "random", quiet, Align::End),
            _ => Ok(()),
        }
    }

    /// The legend of the cells.
    fn bar<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let right = self.x0 + self.wide();
        let (x, y, room) = if self.narrow {
            (self.x0, self.strip.at(0.0) + 58.0, self.width - self.x0 - 8.0)
        } else {
            (right + 24.0, self.y0 + 24.0, self.width - right - 32.0)
        };
        let w = room.clamp(40.0, 128.0).floor();
        const SHADES: usize = 32;
        for n in 0..SHADES {
            let (a, b) = (n as f64 / SHADES as f64 * w, (n + 1) as f64 / SHADES as f64 * w);
            pen.rect((x + a, y), (b - a, 8.0), cos_color(self.request.theme, n as f64 / (SHADES - 1) as f64), 1.0)?;
        }
        pen.frame((x, y), (w, 8.0), 1.0, pen.palette.rule_strong)?;
        let ticks: &[f64] = if w < 110.0 { &[0.0, 0.5, 1.0] } else { &[0.0, 0.25, 0.5, 0.75, 1.0] };
        for tick in ticks {
            let face = Type { size: TICK, bold: false, color: pen.palette.ink_3 };
            pen.text((x + tick * w, y + 20.0), &short(*tick), face, Align::Middle)?;
        }
        let sided = self.request.settings.side != Side::Left;
        let name = if sided { "|cos|, left vectors" } else { "|cos| of i and j" };
        let face = Type { size: LABEL, bold: false, color: pen.palette.ink_3 };
        // Narrow: the name stands beside the bar.
        if self.narrow {
            pen.text((x + w + 12.0, y + 9.0), name, face, Align::Start)
        } else {
            pen.text((x, y - 6.0), name, face, Align::Start)
        }
    }

    fn crosshair<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let Some((i, j)) = self.focused() else { return Ok(()) };
        let (x, ink) = (self.x0 + j as f64 * self.cell, pen.palette.ink);
        pen.frame((x, self.y0), (self.cell, self.strip.at(0.0) - self.y0), 1.0, ink)?;
        match i {
            Some(i) => pen.hline(self.x0, x, self.row(i) - 0.5, 1.0, ink),
            None => Ok(()),
        }
    }

    /// Says why the frame is empty.
    fn missing<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let reason = self.matrix.and_then(|m| m.reason.as_deref());
        let failed = self.matrix.is_some_and(|m| m.status == Status::Failed);
        let text = match self.matrix.map(|m| m.status) {
            None => "Not computed.",
            Some(Status::Failed) => reason.unwrap_or("This matrix could not be analyzed."),
            Some(Status::Skipped) => reason.unwrap_or("This matrix was left out."),
            Some(_) => "No similarity map for this matrix.",
        };
        let (middle, y) = (self.x0 + 0.5 * self.wide(), self.y0 + 0.5 * self.tall().min(STRIP * 4.0));
        if failed {
            pen.cross((middle, y - 18.0), 4.0, pen.palette.ink)?;
        }
        if self.request.thumbnail {
            return Ok(());
        }
        let face = Type { size: LABEL, bold: false, color: pen.palette.ink_2 };
        for (n, line) in wrap(text, self.wide() - 16.0).iter().take(6).enumerate() {
            pen.halo((middle, y + 4.0 + 16.0 * n as f64), line, face, Align::Middle)?;
        }
        Ok(())
    }
}

/// 1, 8, 16, 24, 32: the first, the eighths, the last. Counting from 1.
fn index_ticks(n: usize) -> Vec<usize> {
    let step = if n <= 12 { 5 } else { 8 };
    let mut ticks: Vec<usize> = std::iter::once(1).chain((1..).map(|t| t * step).take_while(|t| *t <= n)).collect();
    match ticks.last() {
        Some(&last) if n >= last + step / 2 && n > 2 => ticks.push(n),
        _ => {}
    }
    ticks
}
