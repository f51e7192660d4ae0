//! The figure as a standalone SVG: for exports and for the goldens.

use super::pen::Medium;
use super::{Request, alt, height, paint, sane_width};
use crate::report::Report;
use plotters::prelude::{IntoDrawingArea, SVGBackend};

/// Units per CSS pixel inside the drawing: plotters writes whole numbers only, and a tenth of a pixel is fine enough.
const UNIT: f64 = 10.0;

/// The figure as SVG text, `request.width` CSS pixels wide. `request.scale` plays no part: cells are whole CSS pixels.
pub fn svg(report: &Report, request: &Request) -> String {
    let request = &Request { scale: 1.0, ..request.clone() };
    let (width, height) = (sane_width(request).round() as u32, height(report, request).round() as u32);
    let units = |css: u32| css * UNIT as u32;
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, (units(width), units(height))).into_drawing_area();
        // Writing to a string cannot fail; if it ever does, what was drawn is still a drawing.
        let _ = paint(report, request, &area, UNIT, Medium::Svg);
    }
    let inner = format!(r#"<svg width="{}" height="{}""#, units(width), units(height));
    let outer = format!(r#"<svg role="img" aria-label="{}" width="{width}" height="{height}""#, escape(&alt(report, request)));
    out.replacen(&inner, &outer, 1)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
