//! Small heat maps side by side on one scale.

use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::measure;
use crate::figures::drawing::style::{LABEL, TICK, cos_color, signed_color, truncate};
use crate::figures::drawing::variable::set;
use crate::figures::kind::drawing;
use crate::figures::{Focus, Readout, Request, Table, Theme, Value, sane_width};
use crate::report::panel::{Map, Maps};
use plotters::style::RGBColor;

/// Title and note above a map.
const HEAD: f64 = 36.0;
const GAP: f64 = 20.0;
/// Between rows of maps.
const BETWEEN: f64 = 14.0;
/// The colour bar below.
const BAR: f64 = 44.0;
const MOST: f64 = 300.0;
const LEAST: f64 = 150.0;
/// More maps, rows or columns than these are not drawn.
const MAPS: usize = 12;
const SIDE: u32 = 1024;

pub(crate) struct Layout<'a> {
    data: &'a Maps,
    maps: Vec<&'a Map>,
    theme: Theme,
    /// The cell in the middle of the crosshair: map, row, column.
    focus: Option<(usize, usize, usize)>,
    columns: usize,
    side: f64,
    width: f64,
}

drawing!(Layout);

impl<'a> Layout<'a> {
    pub fn new(data: &'a Maps, request: &'a Request) -> Self {
        let width = sane_width(request);
        let whole = |m: &&Map| {
            (1..=SIDE).contains(&m.rows)
                && (1..=SIDE).contains(&m.cols)
                && m.values.len() == m.rows as usize * m.cols as usize
        };
        let maps: Vec<&Map> = data.maps.iter().filter(whole).take(MAPS).collect();
        let columns = (((width + GAP) / (LEAST + GAP)).floor() as usize).clamp(1, maps.len().max(1));
        let side = ((width - GAP * (columns - 1) as f64) / columns as f64)
            .min(MOST)
            .floor();
        let focus = request
            .focus
            .as_ref()
            .and_then(|f| Some((f.at? as usize, f.i? as usize, f.j? as usize)));
        let focus = focus.filter(|(n, i, j)| {
            maps.get(*n)
                .is_some_and(|m| *i < m.rows as usize && *j < m.cols as usize)
        });
        Layout {
            data,
            maps,
            theme: request.theme,
            focus,
            columns,
            side,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        let rows = self.maps.len().div_ceil(self.columns).max(1) as f64;
        rows * (HEAD + self.side) + (rows - 1.0) * BETWEEN + BAR
    }

    fn corner(&self, n: usize) -> Point {
        let (row, column) = (n / self.columns, n % self.columns);
        (
            (self.side + GAP) * column as f64 + 1.0,
            (HEAD + self.side + BETWEEN) * row as f64 + HEAD,
        )
    }

    fn color(&self, value: f64) -> RGBColor {
        let share = if self.data.limit > 0.0 {
            value / self.data.limit
        } else {
            0.0
        };
        if self.data.signed {
            signed_color(self.theme, share)
        } else {
            cos_color(self.theme, share)
        }
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        let palette = pen.palette;
        for (n, map) in self.maps.iter().enumerate() {
            let (x, y) = self.corner(n);
            let side = self.side - 2.0;
            pen.text(
                (x, y - 22.0),
                &truncate(&set(&map.title), LABEL, self.side),
                Type::strong(palette.ink),
                Align::Start,
            )?;
            pen.text(
                (x, y - 7.0),
                &truncate(&map.note, TICK, self.side),
                Type::tick(palette.ink_3),
                Align::Start,
            )?;
            pen.bitmap((x, y), (side, side), |w, h| {
                let at = |p: usize, pixels: usize, cells: u32| p * cells as usize / pixels.max(1);
                let cell = |row: usize, column: usize| {
                    let at = row.saturating_mul(map.cols as usize).saturating_add(column);
                    self.color(f64::from(map.values.get(at).copied().unwrap_or_default()))
                };
                (0..h)
                    .flat_map(|py| (0..w).map(move |px| (py, px)))
                    .map(|(py, px)| cell(at(py, h, map.rows), at(px, w, map.cols)))
                    .collect()
            })?;
            pen.frame((x, y), (side, side), 1.0, palette.rule_strong)?;
        }
        if let Some((n, i, j)) = self.focus {
            let ((x, y), (w, h)) = (self.corner(n), self.cell(n));
            pen.frame((x + w * j as f64, y + h * i as f64), (w, h), 2.0, palette.ink)?;
        }
        self.bar(pen)
    }

    /// Width and height of a cell.
    fn cell(&self, n: usize) -> Point {
        (
            (self.side - 2.0) / f64::from(self.maps[n].cols),
            (self.side - 2.0) / f64::from(self.maps[n].rows),
        )
    }

    fn bar(&self, pen: &Pen) -> Drawn {
        const STEPS: u32 = 48;
        let (y, wide) = (self.height() - 30.0, 144.0f64.min(self.width - 2.0));
        let from = if self.data.signed { -1.0 } else { 0.0 };
        let step = wide / f64::from(STEPS);
        for n in 0..STEPS {
            let share = from + (1.0 - from) * (f64::from(n) + 0.5) / f64::from(STEPS);
            pen.rect(
                (1.0 + step * f64::from(n), y),
                (step + 0.5, 8.0),
                self.color(share * self.data.limit),
                1.0,
            )?;
        }
        pen.frame((1.0, y), (wide, 8.0), 1.0, pen.palette.rule)?;
        let tick = Type::tick(pen.palette.ink_3);
        pen.text((0.0, y + 23.0), &measure(from * self.data.limit), tick, Align::Start)?;
        pen.text((1.0 + wide, y + 23.0), &measure(self.data.limit), tick, Align::End)?;
        let face = Type::label(pen.palette.ink_2);
        let x = wide + 14.0;
        pen.text(
            (x, y + 8.0),
            &truncate(&self.data.scale, LABEL, self.width - x),
            face,
            Align::Start,
        )
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        (0..self.maps.len()).find_map(|n| {
            let ((left, top), (w, h)) = (self.corner(n), self.cell(n));
            let inside = x >= left && y >= top && x < left + self.side - 2.0 && y < top + self.side - 2.0;
            inside
                .then(|| self.read(n, ((y - top) / h) as usize, ((x - left) / w) as usize))
                .flatten()
        })
    }

    /// The next cell of a map; over its side edges that of the next map.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let (n, i, j) = self.focus.unwrap_or((0, 0, 0));
        let map = self.maps.get(n)?;
        let (i, to) = (
            i.saturating_add_signed(dy as isize).min(map.rows as usize - 1),
            j as i64 + i64::from(dx),
        );
        match (to < 0, to >= i64::from(map.cols)) {
            (true, _) if n > 0 => self.read(
                n - 1,
                i.min(self.maps[n - 1].rows as usize - 1),
                self.maps[n - 1].cols as usize - 1,
            ),
            (_, true) if n + 1 < self.maps.len() => self.read(n + 1, i.min(self.maps[n + 1].rows as usize - 1), 0),
            _ => self.read(n, i, to.clamp(0, i64::from(map.cols) - 1) as usize),
        }
    }

    fn read(&self, n: usize, i: usize, j: usize) -> Option<Readout> {
        let map = self.maps.get(n)?;
        let value = f64::from(
            *map.values
                .get(i * map.cols as usize + j)
                .filter(|_| j < map.cols as usize)?,
        );
        let ((x, y), (w, h)) = (self.corner(n), self.cell(n));
        Some(Readout {
            title: map.title.clone(),
            lines: vec![
                ("row".into(), (i + 1).to_string()),
                ("column".into(), (j + 1).to_string()),
                ("value".into(), measure(value)),
            ],
            colors: vec![],
            focus: Focus {
                at: Some(n as f64),
                i: Some(i as u32),
                j: Some(j as u32),
                ..Focus::default()
            },
            x: x + w * (j as f64 + 0.5),
            y: y + h * (i as f64 + 0.5),
            plot_right: x + self.side,
        })
    }

    pub fn table(&self) -> Table {
        let columns = ["map", "row", "column", "value"].map(str::to_owned).to_vec();
        let rows = self.maps.iter().flat_map(|m| {
            m.values.iter().enumerate().map(|(at, v)| {
                let cols = m.cols as usize;
                vec![
                    Value::from(m.title.as_str()),
                    Value::from(at / cols + 1),
                    Value::from(at % cols + 1),
                    Value::from(*v),
                ]
            })
        });
        Table {
            title: String::new(),
            columns,
            rows: rows.collect(),
        }
    }
}
