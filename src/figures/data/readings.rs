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
    pen.text(
        (x, y),
        head,
        Type {
            size: LABEL,
            bold: true,
            color: palette.ink,
        },
        Align::Start,
    )?;
    for (n, (series, label, value)) in rows.enumerate() {
        let (row, color) = (y + 20.0 + ROW * n as f64, palette.token(&series.token));
        pen.path(
            &[(x, row - 4.0), (x + 14.0, row - 4.0)],
            series.width,
            color,
            series.dashed,
        )?;
        let room = end - x - 22.0 - text_width(&value, LABEL) - 4.0;
        pen.text(
            (x + 22.0, row),
            &cut_name(label, LABEL, room),
            Type {
                size: LABEL,
                bold: false,
                color,
            },
            Align::Start,
        )?;
        pen.text(
            (end, row),
            &value,
            Type {
                size: LABEL,
                bold: true,
                color,
            },
            Align::End,
        )?;
    }
    Ok(())
}
