//! Words in the place of marks that are not there.

use super::pen::{Align, Drawn, Pen, Point, Type};
use super::style::{LABEL, text_width, truncate};
use plotters::prelude::DrawingBackend;

/// Says in a plot why it is empty, centred; a cross above where the matrix failed.
pub(crate) fn say<DB: DrawingBackend>(pen: &Pen<DB>, (x, y): Point, width: f64, text: &str, failed: bool) -> Drawn {
    if failed {
        pen.cross((x, y - 18.0), 4.0, pen.palette.ink)?;
    }
    let face = Type { size: LABEL, bold: false, color: pen.palette.ink_2 };
    for (n, line) in wrap(text, width).iter().take(6).enumerate() {
        pen.halo((x, y + 4.0 + 16.0 * n as f64), line, face, Align::Middle)?;
    }
    Ok(())
}

/// Lines of at most a width, broken at spaces.
fn wrap(text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = truncate(word, LABEL, width);
        match lines.last_mut() {
            Some(line) if text_width(line, LABEL) + text_width(&word, LABEL) + 4.0 <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
