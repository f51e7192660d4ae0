//! The reason why a plot is empty, written in place of its marks.

use super::pen::{Align, Drawn, Pen, Point, Type};
use super::style::{LABEL, wrap};

/// Says in a plot why it is empty, centred; a cross above where the matrix failed.
pub(crate) fn say(pen: &Pen, (x, y): Point, width: f64, text: &str, failed: bool) -> Drawn {
    if failed {
        pen.cross((x, y - 18.0), 4.0, pen.palette.ink)?;
    }
    let face = Type::label(pen.palette.ink_2);
    for (n, line) in wrap(text, LABEL, width).iter().take(6).enumerate() {
        pen.halo((x, y + 4.0 + 16.0 * n as f64), line, face, Align::Middle)?;
    }
    Ok(())
}
