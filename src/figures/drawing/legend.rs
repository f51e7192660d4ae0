//! A legend below plots: lines and their names, in columns.

use super::pen::{Align, Drawn, Pen, Point, Type};
use super::style::{LABEL, LABEL_GAP, cut_name};
use crate::series::Series;

/// The least width of a column, in CSS pixels.
const COLUMN: f64 = 92.0;

/// Names side by side in a width.
fn columns(names: usize, width: f64) -> usize {
    ((width / COLUMN) as usize).clamp(1, names.max(1))
}

/// The height of so many names in a width, with the air above them.
pub(crate) fn height(names: usize, width: f64) -> f64 {
    8.0 + LABEL_GAP * names.div_ceil(columns(names, width)) as f64
}

/// Draws it below `y`.
pub(crate) fn draw(pen: &Pen, (x, y): Point, width: f64, names: &[(&Series, &str)]) -> Drawn {
    let columns = columns(names.len(), width);
    // Few names keep together.
    let column = (width / columns as f64).min(1.5 * COLUMN);
    for (n, (look, name)) in names.iter().enumerate() {
        let at = (
            x + column * (n % columns) as f64,
            y + 16.0 + LABEL_GAP * (n / columns) as f64,
        );
        pen.swatch(at, look)?;
        let name = cut_name(name, LABEL, column - 24.0);
        pen.text(
            (at.0 + 20.0, at.1),
            &name,
            Type::label(pen.palette.words(look)),
            Align::Start,
        )?;
    }
    Ok(())
}
