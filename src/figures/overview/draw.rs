//! The marks of the overview, back to front.

use super::{GAP, HEAD, LEFT, Layout, NUMERAL, Shown, TOTAL};
use crate::figures::data::words::{side_words, so_far};
use crate::figures::drawing::cells::{DEEP, heads, shade};
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{TICK_GAP, every, fixed};
use crate::figures::drawing::style::{LABEL, TICK, TITLE, cos_color, cut_name, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::print::count;
use crate::series::type_label;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let name = Type::label(pen.palette.ink_2);
        let settings = &self.request.settings;
        let (epsilon, side) = (fixed(settings.epsilon, 2), side_words(settings.side));
        let what = if self.width < 460.0 {
            "Intruders"
        } else {
            "Intruders by layer and matrix type"
        };
        let title = format!(
            "{what}, k = {}, ε = {epsilon}{side}{}",
            settings.k,
            so_far(self.request)
        );
        let title = truncate(&set(&title), LABEL, self.width);
        pen.text((0.0, 12.0), &title, name, Align::Start)?;
        if self.panels.is_empty() || self.grid.rows.is_empty() {
            let text = if self.request.running {
                "No matrix is done yet."
            } else {
                "No matrix was analyzed."
            };
            return pen.text((LEFT, 46.0), text, name, Align::Start);
        }
        if !self.cells.numerals {
            self.scale(pen)?;
        }
        for panel in 0..self.panels.len() {
            self.head(pen, panel)?;
            self.shades(pen, panel)?;
            self.totals(pen, panel)?;
            self.outlines(pen, panel)?;
        }
        Ok(())
    }

    /// The legend of the shades, where no cell has a numeral.
    fn scale(&self, pen: &Pen) -> Drawn {
        let face = Type::tick(pen.palette.ink_3);
        let (x, y, step) = (LEFT + 14.0, 24.0, 6.0);
        pen.text((LEFT, y + 9.0), "0", face, Align::Start)?;
        for n in 0..=16 {
            let at = x + step * f64::from(n);
            pen.rect(
                (at, y),
                (step, 10.0),
                cos_color(self.request.theme, shade(f64::from(n) / 16.0)),
                1.0,
            )?;
        }
        pen.frame((x, y), (17.0 * step, 10.0), 1.0, pen.palette.rule)?;
        pen.text(
            (x + 17.0 * step + 6.0, y + 9.0),
            "all vectors looked at",
            face,
            Align::Start,
        )
    }

    fn head(&self, pen: &Pen, panel: usize) -> Drawn {
        let ((left, top), palette) = (self.corner(panel), pen.palette);
        let (own, tick) = (&self.panels[panel], Type::tick(palette.ink_3));
        let end = if panel % self.cells.per_row + 1 == self.cells.per_row {
            self.width.min(left + self.stride())
        } else {
            left + self.stride() - 0.5 * GAP
        };
        let (room, y) = (end - left, top - HEAD + 14.0);
        // A narrow panel's name needs the swatch's room; the colour is then in the name.
        let swatch = if room >= 110.0 { 22.0 } else { 0.0 };
        let color = palette.token(&own.series.token);
        if swatch > 0.0 {
            pen.swatch((left, y), &own.series)?;
        }
        let face = Type {
            size: TITLE,
            bold: true,
            color: if swatch > 0.0 { palette.ink } else { color },
        };
        pen.text(
            (left + swatch, y),
            &cut_name(&own.label, TITLE, room - swatch - 6.0),
            face,
            Align::Start,
        )?;
        pen.text(
            (left, y + 16.0),
            &self.total(panel, room),
            Type::label(palette.ink_2),
            Align::Start,
        )?;
        let words = self
            .grid
            .columns
            .iter()
            .all(|kind| text_width(type_label(*kind), TICK) + 6.0 <= self.cells.width);
        // Two letters may use their neighbours' air.
        let room = self.cells.width + if self.cells.numerals { 4.0 } else { -2.0 };
        let heads = if words {
            self.grid
                .columns
                .iter()
                .map(|kind| Some(type_label(*kind).to_owned()))
                .collect()
        } else {
            heads(&self.grid.columns, |h| text_width(h, TICK) <= room)
        };
        for (column, head) in heads.into_iter().enumerate() {
            let x = left + self.cells.width * (column as f64 + 0.5);
            if let Some(head) = head {
                pen.text((x, top - 6.0), &head, tick, Align::Middle)?;
            }
        }
        if panel.is_multiple_of(self.cells.per_row) {
            pen.text((0.0, top - 6.0), "layer", tick, Align::Start)?;
            let every = every(self.cells.height, TICK_GAP) as usize;
            for (row, layer) in self.grid.rows.iter().enumerate() {
                let label = match layer {
                    Some(_) if !row.is_multiple_of(every) => continue,
                    Some(layer) => layer.to_string(),
                    None => "other".into(),
                };
                let y = top + self.cells.height * (row as f64 + 0.5) + 4.0;
                pen.text((left - 8.0, y), &truncate(&label, TICK, LEFT - 6.0), tick, Align::End)?;
            }
        }
        Ok(())
    }

    /// Rows and columns of the grid.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.grid.rows.len()).flat_map(|row| (0..self.grid.columns.len()).map(move |column| (row, column)))
    }

    /// The size of a cell's ground: a hairline of paper parts the cells, as in print.
    fn ground(&self) -> (f64, f64) {
        let air = if self.cells.numerals { 1.0 } else { 0.0 };
        (self.cells.width - air, self.cells.height - air)
    }

    fn shade(&self, cell: &super::Cell) -> f64 {
        shade(f64::from(cell.count) / f64::from(cell.possible.max(1)))
    }

    /// All the grounds first: a canvas that is told another colour for every mark is slow.
    fn shades(&self, pen: &Pen, panel: usize) -> Drawn {
        let size = self.ground();
        for (row, column) in self.places() {
            if let Some(cell) = self.cell(panel, row, column).filter(|cell| cell.count > 0) {
                pen.rect(
                    self.place(panel, row, column),
                    size,
                    cos_color(self.request.theme, self.shade(cell)),
                    1.0,
                )?;
            }
        }
        self.places()
            .try_for_each(|(row, column)| self.words(pen, (panel, row, column)))
    }

    /// The text of a cell.
    fn words(&self, pen: &Pen, (panel, row, column): (usize, usize, usize)) -> Drawn {
        let (w, h) = (self.cells.width, self.cells.height);
        let at = self.place(panel, row, column);
        let Some(cell) = self.cell(panel, row, column) else {
            // A cell that another model fills, or a run still will.
            let awaited = self.request.running || self.grid.names[row * self.grid.columns.len() + column].is_some();
            return if awaited { self.mark(pen, at, "–") } else { Ok(()) };
        };
        let color = if self.shade(cell) >= DEEP {
            pen.palette.paper
        } else {
            pen.palette.ink
        };
        match cell.shown {
            Shown::Failed => pen.cross(
                (at.0 + 0.5 * w, at.1 + 0.5 * h),
                (0.3 * h).min(0.3 * w).min(3.5),
                pen.palette.ink,
            ),
            Shown::Skipped => self.mark(pen, at, "–"),
            Shown::Unchanged => self.mark(pen, at, "="),
            Shown::Count if cell.count == 0 && cell.undecided == 0 => self.mark(pen, at, "·"),
            Shown::Count => self.numeral(pen, at, cell, color),
        }
    }

    /// A small sign in the middle of a cell that has no count.
    fn mark(&self, pen: &Pen, at: (f64, f64), sign: &str) -> Drawn {
        if !self.cells.numerals {
            return Ok(());
        }
        let face = Type::tick(pen.palette.ink_3);
        pen.text(
            (at.0 + 0.5 * self.cells.width, at.1 + 0.5 * self.cells.height + 4.0),
            sign,
            face,
            Align::Middle,
        )
    }

    /// The count, with what may come to it: "2+1"; where that has no room, a dot in the corner.
    fn numeral(&self, pen: &Pen, at: (f64, f64), cell: &super::Cell, color: plotters::style::RGBColor) -> Drawn {
        let (w, h) = (self.cells.width, self.cells.height);
        let both = format!("{}+{}", cell.count, cell.undecided);
        let fits = text_width(&both, TICK) <= w - 2.0;
        if cell.undecided > 0 && !(fits && self.cells.numerals) {
            pen.dot((at.0 + w - 3.5, at.1 + 3.0), 1.25, color, 1.0)?;
        }
        if !self.cells.numerals {
            return Ok(());
        }
        let words = if cell.undecided > 0 && fits {
            both
        } else {
            cell.count.to_string()
        };
        let face = Type {
            size: if h < 18.0 { TICK } else { LABEL },
            bold: false,
            color,
        };
        pen.text((at.0 + 0.5 * w, at.1 + 0.5 * h + 4.0), &words, face, Align::Middle)
    }

    /// Sums of the types under a hairline, sums of the layers at the right.
    fn totals(&self, pen: &Pen, panel: usize) -> Drawn {
        let ((left, top), face) = (self.corner(panel), Type::tick(pen.palette.ink_2));
        let (rows, columns, base) = (self.grid.rows.len(), self.grid.columns.len(), top + self.tall());
        let across = self.wide() + if self.cells.totals { TOTAL } else { 0.0 };
        pen.hline(left, left + across, base, 1.0, pen.palette.rule_strong)?;
        let sum = |cells: &mut dyn Iterator<Item = (usize, usize)>| -> Option<u32> {
            let counted = cells
                .filter_map(|(row, column)| self.cell(panel, row, column))
                .filter(|c| c.done > 0)
                .map(|c| c.count);
            counted.reduce(|a, b| a + b)
        };
        let words = |n: Option<u32>| n.map_or("–".to_owned(), |n| if n == 0 { "·".into() } else { count(n.into()) });
        for column in 0..columns {
            let text = words(sum(&mut (0..rows).map(|row| (row, column))));
            if self.cells.numerals && text_width(&text, TICK) <= self.cells.width {
                pen.text(
                    (left + self.cells.width * (column as f64 + 0.5), base + 15.0),
                    &text,
                    face,
                    Align::Middle,
                )?;
            }
        }
        if !self.cells.totals || self.cells.height < NUMERAL.1 {
            return Ok(());
        }
        let end = left + self.wide() + TOTAL - 4.0;
        for row in 0..rows {
            let text = words(sum(&mut (0..columns).map(|column| (row, column))));
            pen.text(
                (end, top + self.cells.height * (row as f64 + 0.5) + 4.0),
                &text,
                face,
                Align::End,
            )?;
        }
        let text = sum(&mut self.places()).map_or("–".to_owned(), |n| count(n.into()));
        pen.text((end, base + 15.0), &text, Type { bold: true, ..face }, Align::End)
    }

    /// The selected matrix, and the one under the pointer, in every panel.
    fn outlines(&self, pen: &Pen, panel: usize) -> Drawn {
        let focused = self.request.focus.as_ref().and_then(|f| f.matrix.as_deref());
        for (name, thick) in [(self.request.matrix.as_deref(), 2.0), (focused, 1.0)] {
            let Some((row, column)) = name.and_then(|name| self.grid.find(name)) else {
                continue;
            };
            pen.frame(self.place(panel, row, column), self.ground(), thick, pen.palette.ink)?;
        }
        Ok(())
    }
}
