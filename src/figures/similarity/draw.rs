//! The marks of the similarity figure, back to front.

use super::{Layout, STRIP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{index_ticks, short};
use crate::figures::drawing::style::{LABEL, cos_color, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::report::{Side, Status};

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.cells(pen)?;
        pen.frame(
            (self.x0, self.y0),
            (self.wide(), self.tall()),
            1.0,
            pen.palette.rule_strong,
        )?;
        self.triangles(pen)?;
        if self.map.at(self.first.0, self.first.1).is_none() {
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

    fn triangles(&self, pen: &Pen) -> Drawn {
        let ink = pen.palette.ink;
        let (lift, half) = if self.request.thumbnail {
            (3.0, (0.6 * self.cell.0).clamp(2.5, 4.5))
        } else {
            (4.0, 4.5)
        };
        let mut free = f64::NEG_INFINITY;
        for j in self.intruders() {
            let (x, number) = (self.column(j), (j + 1).to_string());
            pen.triangle((x, self.y0 - lift), half, ink)?;
            let reach = 0.5 * text_width(&number, LABEL) + 1.0;
            // Neighbours in narrow columns: the triangle stays, the number waits for room.
            if !self.request.thumbnail && x - reach >= free {
                pen.text((x, self.y0 - 13.0), &number, Type::strong(ink), Align::Middle)?;
                free = x + reach;
            }
        }
        Ok(())
    }

    /// The bracket over the k columns that are looked at.
    fn window(&self, pen: &Pen) -> Drawn {
        let (k, color) = (self.request.settings.k, pen.palette.rule_strong);
        let shown = (k as usize).saturating_sub(self.first.1);
        let (from, to, y) = (
            self.x0,
            self.x0 + self.cell.0 * shown.min(self.cols) as f64,
            self.y0 - 28.0,
        );
        if shown == 0 && self.first.1 > 0 {
            return Ok(());
        }
        pen.hline(from, to, y, 1.0, color)?;
        // Ends beyond the columns shown stay open.
        if self.first.1 == 0 {
            pen.vline(from, y - 2.0, y + 3.0, 1.0, color)?;
        }
        if shown <= self.cols {
            pen.vline(to - 1.0, y - 2.0, y + 3.0, 1.0, color)?;
        }
        let face = Type::label(pen.palette.ink_3);
        let label = set(&format!("window k = {k}"));
        if to + 6.0 + text_width(&label, LABEL) <= self.width {
            return pen.text((to + 6.0, y + 4.0), &label, face, Align::Start);
        }
        // A window as wide as the map: the label stands on its line.
        pen.halo((to - 8.0, y + 4.0), &label, face, Align::End)
    }

    fn rows_axis(&self, pen: &Pen) -> Drawn {
        let face = Type::tick(pen.palette.ink_3);
        for tick in index_ticks(self.first.0, self.rows) {
            pen.text(
                (self.x0 - 8.0, self.row(tick - 1) + 4.0),
                &tick.to_string(),
                face,
                Align::End,
            )?;
        }
        if self.narrow {
            return Ok(());
        }
        let name = if self.request.settings.side == Side::Right {
            "pre-trained right vector i"
        } else {
            "pre-trained left vector i"
        };
        let name = truncate(&set(name), LABEL, self.tall());
        pen.text_up((14.0, self.y0 + self.tall()), &name, Type::label(pen.palette.ink_2))
    }

    /// The legend of the cells.
    fn bar(&self, pen: &Pen) -> Drawn {
        let right = self.x0 + self.wide();
        let (x, y, room) = if self.narrow {
            (self.x0, self.base() + 58.0, self.width - self.x0 - 8.0)
        } else {
            (right + 24.0, self.y0 + 24.0, self.width - right - 32.0)
        };
        let w = room.clamp(40.0, 128.0).floor();
        const SHADES: usize = 32;
        for n in 0..SHADES {
            let (a, b) = (n as f64 / SHADES as f64 * w, (n + 1) as f64 / SHADES as f64 * w);
            pen.rect(
                (x + a, y),
                (b - a, 8.0),
                cos_color(self.request.theme, n as f64 / (SHADES - 1) as f64),
                1.0,
            )?;
        }
        pen.frame((x, y), (w, 8.0), 1.0, pen.palette.rule_strong)?;
        let ticks: &[f64] = if w < 110.0 {
            &[0.0, 0.5, 1.0]
        } else {
            &[0.0, 0.25, 0.5, 0.75, 1.0]
        };
        for tick in ticks {
            let face = Type::tick(pen.palette.ink_3);
            pen.text((x + tick * w, y + 20.0), &short(*tick), face, Align::Middle)?;
        }
        let name = set(match self.request.settings.side {
            Side::Left => "|cos| of i and j",
            Side::Right => "|cos|, right vectors",
            Side::Both => "|cos|, left vectors",
        });
        let face = Type::label(pen.palette.ink_3);
        // Narrow: the name stands beside the bar.
        if self.narrow {
            pen.text((x + w + 12.0, y + 9.0), &name, face, Align::Start)
        } else {
            pen.text((x, y - 6.0), &name, face, Align::Start)
        }
    }

    fn crosshair(&self, pen: &Pen) -> Drawn {
        let Some((i, j)) = self.focused() else { return Ok(()) };
        let (w, ink) = (self.cell.0.max(1.0), pen.palette.ink);
        let x = self.column(j) - 0.5 * w;
        pen.frame((x, self.y0), (w, self.base() - self.y0), 1.0, ink)?;
        match i {
            Some(i) => pen.hline(self.x0, x, self.row(i) - 0.5, 1.0, ink),
            None => Ok(()),
        }
    }

    /// Says why the frame is empty.
    fn missing(&self, pen: &Pen) -> Drawn {
        let (middle, y) = (
            self.x0 + 0.5 * self.wide(),
            self.y0 + 0.5 * self.tall().min(STRIP * 4.0),
        );
        let otherwise = if self.request.settings.side == Side::Right {
            "No similarity map of this matrix's right vectors."
        } else {
            "No similarity map for this matrix."
        };
        // A thumbnail has no room for words: its cross must do.
        let text = if self.request.thumbnail {
            ""
        } else {
            self.subject.why_empty(otherwise)
        };
        let failed = self.subject.matrix.is_some_and(|m| m.status == Status::Failed);
        say(pen, (middle, y), self.wide() - 16.0, text, failed)
    }
}
