//! Bar chart: one value per item.

use super::axes::{self, axis, ticks};
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{Axis, fixed, index_ticks, tick_room};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::figures::kind::drawing;
use crate::figures::{Focus, Readout, Request, Table, Value, sane_width};
use crate::report::panel::Bars;

const NARROW: f64 = 460.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 44.0;
const TALL: f64 = 190.0;
/// The widest bar: a broader one is a slab of ink, whose height is read no better.
const WIDEST: f64 = 14.0;

pub(crate) struct Layout<'a> {
    data: &'a Bars,
    /// From 0.
    focus: Option<usize>,
    y: Axis,
    left: f64,
    right: f64,
    narrow: bool,
    width: f64,
}

drawing!(Layout);

impl<'a> Layout<'a> {
    pub fn new(data: &'a Bars, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let names = data
            .levels
            .iter()
            .map(|l| 1.1 * text_width(&l.label, LABEL))
            .fold(0.0, f64::max)
            .min(0.36 * width);
        let (left, right) = (
            tick_room(&ticks(&data.y)),
            width - if narrow { 12.0 } else { names + 18.0 },
        );
        let focus = request
            .focus
            .as_ref()
            .and_then(|f| f.at)
            .filter(|at| *at >= 1.0 && *at <= data.values.len() as f64);
        Layout {
            data,
            focus: focus.map(|at| at as usize - 1),
            y: axis(&data.y, (TOP + TALL, TOP)),
            left,
            right,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        TOP + TALL + BOTTOM
    }

    /// The width of one value.
    fn wide(&self) -> f64 {
        (self.right - self.left) / self.data.values.len().max(1) as f64
    }

    fn middle(&self, n: usize) -> f64 {
        self.left + (n as f64 + 0.5) * self.wide()
    }

    /// The largest by amount.
    fn best(&self) -> Option<usize> {
        let all = self.data.values.iter().enumerate().filter(|(_, v)| v.is_finite());
        all.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|(n, _)| n)
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        let (zero, best) = (self.y.at(0.0), self.best());
        let wide = self.wide();
        let gap = if wide >= 4.0 {
            (0.2 * wide).max(wide - WIDEST)
        } else {
            0.0
        };
        // Where bars share a pixel the farthest from zero is seen.
        let shared = (1.0 / wide).floor().max(1.0) as usize;
        for (group, values) in self.data.values.chunks(shared).enumerate() {
            let value = values
                .iter()
                .copied()
                .filter(|v| v.is_finite())
                .fold(0.0f64, |most, v| if v.abs() > most.abs() { v } else { most });
            let first = group * shared;
            let (x, y) = (self.left + first as f64 * wide, self.y.at(value));
            let own = best.is_some_and(|b| (first..first + values.len()).contains(&b));
            let color = if own { pen.palette.ink } else { pen.palette.base };
            pen.rect(
                (x + 0.5 * gap, y.min(zero)),
                ((wide * values.len() as f64 - gap).max(1.0), (y - zero).abs().max(1.0)),
                color,
                1.0,
            )?;
        }
        pen.hline(self.left, self.right, zero, 1.0, pen.palette.rule_strong)?;
        self.levels(pen)?;
        match self.focus {
            Some(n) => pen.vline(self.middle(n).round(), TOP - 4.0, TOP + TALL, 1.0, pen.palette.ink),
            None => Ok(()),
        }
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        axes::upwards(pen, &self.data.y, &self.y, (self.left, self.right), self.width)?;
        // A few bars have a number each.
        let many = self.data.values.len();
        let indices = if many <= 8 {
            (1..=many).collect()
        } else {
            index_ticks(0, many)
        };
        let places = indices
            .into_iter()
            .map(|n| (self.middle(n.saturating_sub(1)), n.to_string()));
        axes::along(pen, &self.data.x, places.collect(), (self.left, TOP + TALL), self.width)
    }

    fn levels(&self, pen: &Pen) -> Drawn {
        let levels: Vec<_> = self.data.levels.iter().filter(|l| l.at.is_finite()).collect();
        let face = Type::strong(pen.palette.ink);
        let wanted: Vec<f64> = levels.iter().map(|l| self.y.at(l.at)).collect();
        let offset = if self.narrow { -5.0 } else { 4.0 };
        for (level, y) in levels.iter().zip(spread(&wanted, LABEL_GAP, (TOP, TOP + TALL))) {
            pen.dashed_hline(self.left, self.right, self.y.at(level.at), pen.palette.ink)?;
            let (x, align) = if self.narrow {
                (self.right, Align::End)
            } else {
                (self.right + 8.0, Align::Start)
            };
            pen.halo(
                (x, y + offset),
                &truncate(
                    &set(&level.label),
                    LABEL,
                    if self.narrow { self.right } else { self.width - x },
                ),
                face,
                align,
            )?;
        }
        Ok(())
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let inside = (self.left..=self.right).contains(&x) && (TOP - 8.0..=TOP + TALL + 20.0).contains(&y);
        if inside {
            self.read(((x - self.left) / self.wide()) as usize)
        } else {
            None
        }
    }

    /// dx moves over the values.
    pub fn step(&self, dx: i32, _dy: i32) -> Option<Readout> {
        let last = self.data.values.len().checked_sub(1)?;
        self.read(self.focus.map_or(self.best().unwrap_or(0), |n| {
            n.saturating_add_signed(dx as isize).min(last)
        }))
    }

    fn read(&self, n: usize) -> Option<Readout> {
        let value = *self.data.values.get(n)?;
        let mark = if self.best() == Some(n) { "yes" } else { "no" };
        Some(Readout {
            title: format!("{} = {}", self.data.x, n + 1),
            lines: vec![
                (self.data.y.label.clone(), fixed(value, 4)),
                ("largest".into(), mark.into()),
            ],
            colors: vec![],
            focus: Focus {
                at: Some(n as f64 + 1.0),
                ..Focus::default()
            },
            x: self.middle(n),
            y: self.y.at(value),
            plot_right: self.right,
        })
    }

    pub fn table(&self) -> Table {
        let rows = self
            .data
            .values
            .iter()
            .enumerate()
            .map(|(n, v)| vec![Value::from(n + 1), Value::from(*v)])
            .collect();
        Table {
            title: String::new(),
            columns: vec![self.data.x.clone(), self.data.y.label.clone()],
            rows,
        }
    }
}
