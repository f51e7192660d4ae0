//! Bitmaps inside an SVG, as PNG.

use super::raster::Raster;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Puts bitmaps under all marks of a drawing of so many units per CSS pixel: plotters knows no image element.
pub(crate) fn insert(drawing: &mut String, rasters: &[Raster], units: f64) {
    for raster in rasters {
        // Right after the background, its first element.
        let background = drawing
            .find("<rect")
            .and_then(|r| drawing[r..].find("/>").map(|end| r + end + 2));
        if let Some((at, image)) = background.zip(element(raster, units)) {
            drawing.insert_str(at, &image);
        }
    }
}

/// An image element at its place in the drawing's units.
fn element(r: &Raster, units: f64) -> Option<String> {
    let unit = |pixels: u32| f64::from(pixels) * units / super::pen::SVG_DENSITY;
    let data = BASE64_STANDARD.encode(png(r)?);
    Some(format!(
        "\n<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" image-rendering=\"pixelated\" href=\"data:image/png;base64,{data}\"/>",
        unit(r.x),
        unit(r.y),
        unit(r.width),
        unit(r.height)
    ))
}

fn png(r: &Raster) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, r.width, r.height);
    // No transparency: a quarter less to store.
    encoder.set_color(png::ColorType::Rgb);
    let rgb: Vec<u8> = r.rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    encoder.write_header().ok()?.write_image_data(&rgb).ok()?;
    Some(bytes)
}
