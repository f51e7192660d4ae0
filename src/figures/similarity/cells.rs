//! The cells of a heat map: whole device pixels, no interpolation.

use super::Layout;
use crate::figures::drawing::pen::{Drawn, Pen};
use crate::figures::drawing::raster::largest;
use crate::figures::drawing::style::cos_color;

/// Rows and columns up to which the cells are rectangles: fewer than a thousand, and sharp at any size of an SVG.
pub(super) const RECTANGLES: usize = 64;

impl Layout<'_> {
    /// The one place where cells are painted.
    pub(super) fn cells(&self, pen: &Pen) -> Drawn {
        if self.rows.max(self.cols) > RECTANGLES {
            self.pixels(pen)
        } else {
            self.rectangles(pen)
        }
    }

    /// Runs of one colour in a row are one rectangle and blank cells are none, so that a map of 32 by 32 is a few hundred rectangles.
    fn rectangles(&self, pen: &Pen) -> Drawn {
        let theme = self.request.theme;
        for i in 0..self.rows {
            let y = self.y0 + i as f64 * self.cell.1;
            let color = |j: usize| cos_color(theme, self.map.at(self.first.0 + i, self.first.1 + j).unwrap_or(0.0));
            let mut j = 0;
            while j < self.cols {
                let (start, run) = (j, color(j));
                while j < self.cols && color(j) == run {
                    j += 1;
                }
                if run != pen.palette.paper {
                    let (x, w) = (self.x0 + start as f64 * self.cell.0, (j - start) as f64 * self.cell.0);
                    pen.rect((x, y), (w, self.cell.1), run, 1.0)?;
                }
            }
        }
        Ok(())
    }

    fn pixels(&self, pen: &Pen) -> Drawn {
        pen.bitmap((self.x0, self.y0), (self.wide(), self.tall()), |w, h| {
            let map = largest((w, h), (self.rows, self.cols), |i, cells| {
                self.map.raise(self.first.0 + i, self.first.1, cells)
            });
            map.into_iter()
                .map(|cos| cos_color(self.request.theme, f64::from(cos)))
                .collect()
        })
    }
}
