//! The figure as a standalone SVG: for exports and for the goldens.

use super::pen::{Medium, Pen};
use super::raster::Raster;
use super::style::Palette;
use super::{Request, alt, height, paint, sane_width};
use crate::report::Report;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use std::cell::RefCell;

/// Units per CSS pixel inside the drawing: plotters writes whole numbers only, and a tenth of a pixel is fine enough.
const UNIT: f64 = 10.0;

/// The figure as SVG text, `request.width` CSS pixels wide. `request.scale` plays no part: cells are whole CSS pixels.
pub fn svg(report: &Report, request: &Request) -> String {
    let request = &Request { scale: 1.0, ..request.clone() };
    let (width, height) = (sane_width(request).round() as u32, height(report, request).round() as u32);
    let units = |css: u32| css * UNIT as u32;
    let mut out = String::new();
    let rasters = RefCell::new(Vec::new());
    {
        let area = SVGBackend::with_string(&mut out, (units(width), units(height))).into_drawing_area();
        let blit = |r: &Raster| rasters.borrow_mut().push(r.clone());
        let pen = Pen { area: &area, unit: UNIT, medium: Medium::Svg, palette: Palette::of(request.theme), blit: Some(&blit) };
        // Writing to a string cannot fail; if it ever does, what was drawn is still a drawing.
        let _ = paint(report, request, &pen);
    }
    for raster in rasters.into_inner() {
        // plotters knows no image element. Bitmaps lie under all marks: right after the background, its first element.
        let background = out.find("<rect").and_then(|r| out[r..].find("/>").map(|end| r + end + 2));
        if let Some((at, image)) = background.zip(element(&raster)) {
            out.insert_str(at, &image);
        }
    }
    let inner = format!(r#"<svg width="{}" height="{}""#, units(width), units(height));
    let outer = format!(r#"<svg role="img" aria-label="{}" width="{width}" height="{height}""#, escape(&alt(report, request)));
    out.replacen(&inner, &outer, 1)
}

/// An image element at its place in the drawing's units.
fn element(r: &Raster) -> Option<String> {
    let unit = |pixels: u32| f64::from(pixels) * UNIT / super::pen::SVG_DENSITY;
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
