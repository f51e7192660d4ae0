//! The readings at a dashed line: a legend with the count of every model there, in its colour.

use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::style::{LABEL, cut_name, text_width};
use crate::series::Series;

/// The height of one reading.
const ROW: f64 = 18.0;

/// Width and height of a list whose widest row holds so many characters: names that differ at their ends are not cut.
pub fn size(rows: usize, characters: usize, narrow: bool) -> Point {
    let least = if narrow { 140.0 } else { 150.0 };
    (
        text_width(&"0".repeat(characters.min(99)), LABEL).clamp(least - 44.0, 200.0) + 44.0,
        ROW * rows as f64 + 24.0,
    )
}

/// The number of rows that fit into a plot of a height, of so many.
pub fn fit(rows: usize, height: f64) -> usize {
    rows.min(((height - 40.0) / ROW).max(0.0) as usize)
}

/// More lines than this leave no place clear.
pub const CROWD: usize = 40;

/// The plot that a list stands in, and what it should not cover, in CSS pixels.
pub struct Around<'a> {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// The place of the dashed line.
    pub at: f64,
    pub lines: &'a [Vec<Point>],
}

impl Around<'_> {
    /// The upper left corners of a list beside the dashed line.
    pub fn beside(&self, width: f64) -> [f64; 2] {
        [self.at - width - 6.0, self.at + 8.0]
    }

    /// The corner of a list: beside the dashed line or at a side of the plot, above or below the lines: where it covers least of them.
    pub fn corner(&self, (w, h): Point) -> Point {
        let (top, bottom) = (self.top, self.bottom - h - 4.0);
        let clear = |x: &f64| *x >= self.left + 2.0 && x + w <= self.right && (x + w < self.at || *x > self.at);
        let places = self
            .beside(w)
            .into_iter()
            .chain([self.left + 2.0, self.right - w])
            .filter(clear)
            .flat_map(|x| [(x, top), (x, bottom)]);
        // The length of the lines under the list, whatever the distance of their points.
        let covered = |p: &Point| -> f64 {
            let under = |(x, y): Point| x > p.0 - 2.0 && x < p.0 + w + 2.0 && y > p.1 - 2.0 && y < p.1 + h + 2.0;
            let pieces = self.lines.iter().flat_map(|l| l.windows(2));
            pieces
                .filter(|pair| under(pair[0]) || under(pair[1]))
                .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1))
                .sum()
        };
        // Among more lines than a reader tells apart no place is clear of them.
        let crowded = self.lines.len() > CROWD;
        let cost = |p: &Point| if crowded { 0.0 } else { covered(p) };
        let weighed = places.map(|p| (cost(&p), p));
        let best = weighed.min_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or((self.left + 2.0, top), |(_, p)| p)
    }
}

/// Rows are a model's look, its name and its number, most first.
pub fn draw<'a>(
    pen: &Pen,
    corner: Point,
    size: Point,
    head: &str,
    rows: impl Iterator<Item = (&'a Series, &'a str, String)>,
) -> Drawn {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let palette = pen.palette;
    pen.rect(corner, size, palette.paper, 1.0)?;
    let (x, y, end) = (corner.0 + 6.0, corner.1 + 13.0, corner.0 + size.0 - 8.0);
    pen.text((x, y), head, Type::strong(palette.ink), Align::Start)?;
    for (n, (series, label, value)) in rows.enumerate() {
        let (row, color) = (y + 20.0 + ROW * n as f64, palette.words(series));
        pen.swatch((x, row), series)?;
        let room = end - x - 22.0 - text_width(&value, LABEL) - 4.0;
        pen.text(
            (x + 22.0, row),
            &cut_name(label, LABEL, room),
            Type::label(color),
            Align::Start,
        )?;
        pen.text((end, row), &value, Type::strong(color), Align::End)?;
    }
    Ok(())
}
