//! The cells of a heat map: whole device pixels, no interpolation.

use super::Figure;
use crate::figures::pen::{Drawn, Pen};
use crate::figures::style::cos_color;
use plotters::prelude::DrawingBackend;

impl Figure<'_> {
    /// The one place where cells are painted. Runs of one colour in a row are one rectangle and blank cells are none, so that a map of 32 by 32
    /// is a few hundred rectangles. plotters' canvas has no bitmap call (its fallback paints pixel by pixel, one call each),
    /// so rectangles are the faster path up to the 64 by 64 that `top` allows.
    pub(super) fn cells<DB: DrawingBackend>(&self, pen: &Pen<DB>) -> Drawn {
        let theme = self.request.theme;
        for i in 0..self.rows {
            let y = self.y0 + i as f64 * self.cell;
            let color = |j: usize| cos_color(theme, self.cos(i, j).unwrap_or(0.0));
            let mut j = 0;
            while j < self.cols {
                let (start, run) = (j, color(j));
                while j < self.cols && color(j) == run {
                    j += 1;
                }
                if run != pen.palette.paper {
                    let (x, w) = (self.x0 + start as f64 * self.cell, (j - start) as f64 * self.cell);
                    pen.rect((x, y), (w, self.cell), run, 1.0)?;
                }
            }
        }
        Ok(())
    }
}
