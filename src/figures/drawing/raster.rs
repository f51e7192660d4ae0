//! Rasterization of maps with too many cells to draw as rectangles: each pixel shows the largest of the cells it covers.

/// A picture in device pixels, opaque, to be put where it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
    /// Row by row, four bytes per pixel.
    pub rgba: Vec<u8>,
}

/// Puts a raster on the surface drawn on, at once: plotters has no fast way to.
pub type Blit<'a> = &'a dyn Fn(&Raster);

/// The largest value in every pixel of `width` by `height` over `rows` by `cols` cells, row by row; 0 where there is none.
///
/// `raise(i, cells)` raises `cells` to those of row i. Rows are read in order, and hardly more than once each.
pub(crate) fn largest(
    (width, height): (usize, usize),
    (rows, cols): (usize, usize),
    raise: impl Fn(usize, &mut [f32]),
) -> Vec<f32> {
    let mut out = vec![0.0f32; width * height];
    let mut cells = vec![0.0f32; cols];
    let mut held = 0..0;
    let spans: Vec<std::ops::Range<usize>> = (0..width).map(|x| span(x, width, cols)).collect();
    for (y, line) in out.chunks_exact_mut(width.max(1)).enumerate() {
        let covered = span(y, height, rows);
        // Pixels smaller than cells cover the same rows many times over.
        if covered != held {
            cells.fill(0.0);
            covered.clone().for_each(|i| raise(i, &mut cells));
            held = covered;
        }
        for (pixel, span) in line.iter_mut().zip(&spans) {
            *pixel = cells[span.clone()]
                .iter()
                .fold(0.0, |most, c| if *c > most { *c } else { most });
        }
    }
    out
}

/// The cells that a pixel covers, at least one.
fn span(pixel: usize, pixels: usize, cells: usize) -> std::ops::Range<usize> {
    let (pixel, wide, all) = (pixel as u64, pixels as u64, cells as u64);
    (pixel * all / wide) as usize..((pixel + 1) * all).div_ceil(wide).min(all) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagonal(n: usize, pixels: usize) -> Vec<f32> {
        largest((pixels, pixels), (n, n), |i, cells| cells[i] = cells[i].max(1.0))
    }

    #[test]
    fn a_diagonal_stays_when_many_cells_share_a_pixel() {
        for (n, pixels) in [(4096, 500), (100, 63), (64, 64), (10, 576), (65, 576)] {
            let map = diagonal(n, pixels);
            assert!(
                (0..pixels).all(|p| map[p * pixels + p] == 1.0),
                "{n} cells on {pixels} pixels"
            );
            assert_eq!(
                (map[pixels - 1], map[(pixels - 1) * pixels]),
                (0.0, 0.0),
                "the corners stay blank"
            );
        }
    }

    #[test]
    fn one_cell_a_pixel_is_the_map_itself() {
        let map = largest((3, 2), (2, 3), |i, cells| {
            cells.iter_mut().enumerate().for_each(|(j, c)| *c = (10 * i + j) as f32)
        });
        assert_eq!(map, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    }
}
