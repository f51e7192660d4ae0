//! The marks of the maps, back to front.

use super::{Cell, HEAD, LEFT, Layout, Panel, TOP, is_noise};
use crate::figures::data::losses::signed;
use crate::figures::drawing::cells::{DEEP, heads, shade};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{TICK_GAP, every, fixed};
use crate::figures::drawing::style::{LABEL, TICK, TITLE, cut_name, signed_color, text_width, truncate};
use crate::figures::drawing::variable::set;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let Some((_, name)) = &self.shown else {
            let middle = (0.5 * self.width, 0.5 * self.height());
            return say(pen, middle, self.width - 32.0, "No part of a change was undone.", false);
        };
        let unit = format!("{} nats", 1.0 / self.times);
        let title = if self.width < 560.0 {
            format!("Loss of {name}, part by part undone, {unit}")
        } else {
            format!("Change of the mean loss of {name} when the change of one part is undone, in {unit}")
        };
        let title = truncate(&title, LABEL, self.width);
        pen.text((0.0, 12.0), &title, Type::label(pen.palette.ink_2), Align::Start)?;
        if !self.cells.numerals {
            self.scale(pen)?;
        }
        for (n, panel) in self.drawn().enumerate() {
            self.head(pen, n, panel)?;
            self.cells(pen, n, panel)?;
        }
        Ok(())
    }

    /// The legend of the shades, where no cell has a numeral.
    fn scale(&self, pen: &Pen) -> Drawn {
        let face = Type::tick(pen.palette.ink_3);
        let words = fixed(self.times * self.most, self.decimals);
        let (x, y, step) = (LEFT + text_width(&words, TICK) + 12.0, TOP, 6.0);
        pen.text((x - 6.0, y + 9.0), &format!("\u{2212}{words}"), face, Align::End)?;
        for n in -8..=8 {
            let share = f64::from(n) / 8.0;
            let color = signed_color(self.request.theme, shade(share.abs()) * share.signum());
            pen.rect((x + step * f64::from(n + 8), y), (step, 10.0), color, 1.0)?;
        }
        pen.frame((x, y), (17.0 * step, 10.0), 1.0, pen.palette.rule)?;
        pen.text(
            (x + 17.0 * step + 6.0, y + 9.0),
            &format!("+{words}"),
            face,
            Align::Start,
        )
    }

    fn head(&self, pen: &Pen, at: usize, panel: &Panel) -> Drawn {
        let (left, top) = self.corner(at);
        let tick = Type::tick(pen.palette.ink_3);
        let settings = &self.request.settings;
        let is_count = at + 1 == self.drawn().count();
        let room = self.wide() + LEFT - 4.0;
        let title = if is_count {
            let rule = format!(
                "{}, k = {}, ε = {}",
                panel.title,
                settings.k,
                fixed(settings.epsilon, 2)
            );
            truncate(&set(&rule), TITLE, room)
        } else {
            cut_name(&panel.title, TITLE, room)
        };
        let place = (left - LEFT, top - HEAD + 14.0);
        pen.text(place, &title, Type::title(pen.palette.ink), Align::Start)?;
        let types: Vec<Option<&str>> = self.types.iter().map(|t| Some(*t)).collect();
        let width = self.cells.width;
        for (column, head) in heads(&types, |h| text_width(h, TICK) <= width + 2.0)
            .into_iter()
            .enumerate()
        {
            let x = self.place(at, 0, column).0 + 0.5 * width;
            head.map_or(Ok(()), |head| pen.text((x, top - 6.0), &head, tick, Align::Middle))?;
        }
        let edge = self.place(at, self.layers.len(), self.types.len());
        if text_width("all", TICK) <= width + 4.0 {
            pen.text((edge.0 + 0.5 * width, top - 6.0), "all", tick, Align::Middle)?;
        }
        pen.text((left - LEFT, top - 6.0), "layer", tick, Align::Start)?;
        let every = every(self.cells.height, TICK_GAP) as usize;
        for (row, layer) in self
            .layers
            .iter()
            .enumerate()
            .filter(|(row, _)| row.is_multiple_of(every))
        {
            let y = top + self.cells.height * (row as f64 + 0.5) + 4.0;
            let words = truncate(&layer.to_string(), TICK, LEFT - 10.0);
            pen.text((left - 8.0, y), &words, tick, Align::End)?;
        }
        let y = edge.1 + 0.5 * self.cells.height + 4.0;
        pen.text((left - 8.0, y), "all", tick, Align::End)
    }

    fn cells(&self, pen: &Pen, at: usize, panel: &Panel) -> Drawn {
        let (_, columns) = self.size();
        let air = if self.cells.numerals { 1.0 } else { 0.0 };
        let ground = (self.cells.width - air, self.cells.height - air);
        let place = |n: usize| self.place(at, n / columns, n % columns);
        // All the grounds first: a canvas that is told another colour for every mark is slow.
        for (n, cell) in panel.cells.iter().enumerate() {
            let share = cell.as_ref().map_or(0.0, |cell| self.share(cell));
            if share != 0.0 {
                pen.rect(place(n), ground, signed_color(self.request.theme, share), 1.0)?;
            }
        }
        if self.cells.numerals {
            for (n, cell) in panel.cells.iter().enumerate() {
                self.numeral(pen, place(n), cell.as_ref())?;
            }
        }
        let Some((row, column)) = self.focused() else {
            return Ok(());
        };
        pen.frame(self.place(at, row, column), ground, 1.5, pen.palette.ink)
    }

    /// A change, or a count; what lies within its standard error is grey.
    fn numeral(&self, pen: &Pen, (x, y): (f64, f64), cell: Option<&Cell>) -> Drawn {
        let (words, is_faint) = match cell {
            None => ("–".to_owned(), true),
            Some(Cell::Loss(paired)) => (signed(self.times * paired.more, self.decimals), is_noise(paired)),
            Some(Cell::Count { sure: 0, open: 0, .. }) => ("·".to_owned(), true),
            Some(Cell::Count { sure, open: 0, .. }) => (sure.to_string(), false),
            Some(Cell::Count { sure, open, .. }) => (format!("{sure}+{open}"), false),
        };
        let deep = cell.is_some_and(|cell| self.share(cell).abs() >= DEEP);
        let color = match (is_faint, deep) {
            (_, true) => pen.palette.paper,
            (true, _) => pen.palette.ink_3,
            _ => pen.palette.ink,
        };
        let at = (x + 0.5 * self.cells.width, y + 0.5 * self.cells.height + 4.0);
        pen.text(at, &words, Type::tick(color), Align::Middle)
    }
}
