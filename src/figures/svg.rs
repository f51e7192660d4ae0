//! The figure as a standalone SVG: for exports and for the goldens.

use crate::figures::drawing::color::Theme;
use crate::figures::drawing::pen::{Drawn, Medium, Pen};
use crate::figures::drawing::raster::{Blit, Raster};
use crate::figures::drawing::style::Palette;
use crate::figures::drawing::variable::spans;
use crate::figures::{Caption, Request, inner, laid_out, paint, sane_width, whole_height};
use crate::print::escape;
use crate::report::Report;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use std::cell::RefCell;

/// Units per CSS pixel inside the drawing: plotters writes whole numbers only, and a tenth of a pixel is fine enough.
const UNIT: f64 = 10.0;

/// The figure as SVG text, `request.width` CSS pixels wide. `request.scale` plays no part: cells are whole CSS pixels.
pub fn svg(report: &Report, request: &Request) -> String {
    let request = &Request {
        scale: 1.0,
        ..request.clone()
    };
    let caption = Caption::of(report, request);
    let width = sane_width(request).round() as u32;
    let request = &inner(request);
    let figure = laid_out(report, request);
    let height = whole_height(&*figure, caption.as_ref()).round() as u32;
    document((width, height), request.theme, &figure.alt(), |pen| {
        paint(&*figure, caption.as_ref(), pen)
    })
}

/// A drawing of its own, so many CSS pixels wide and tall.
pub(crate) fn document(
    (width, height): (u32, u32),
    theme: Theme,
    alt: &str,
    paint: impl FnOnce(&Pen) -> Drawn,
) -> String {
    let units = |css: u32| css * UNIT as u32;
    let mut out = String::new();
    let rasters = RefCell::new(Vec::new());
    {
        let area = SVGBackend::with_string(&mut out, (units(width), units(height))).into_drawing_area();
        let keep = |r: &Raster| rasters.borrow_mut().push(r.clone());
        // An embed has maps of a hundred cells at most, and no encoder: rectangles do.
        let blit: Option<Blit> = if cfg!(feature = "page") { Some(&keep) } else { None };
        let pen = Pen {
            area: &area,
            corner: (0.0, 0.0),
            unit: UNIT,
            medium: Medium::Svg,
            palette: Palette::of(theme),
            blit,
        };
        // Writing to a string cannot fail; if it ever does, what was drawn is still a drawing.
        let _ = paint(&pen);
    }
    // Before there are attributes with names in them.
    out = spans(&out);
    #[cfg(feature = "page")]
    crate::figures::drawing::svg_image::insert(&mut out, &rasters.into_inner(), UNIT);
    let inner = format!(r#"<svg width="{}" height="{}""#, units(width), units(height));
    let outer = format!(
        r#"<svg role="img" aria-label="{}" width="{width}" height="{height}""#,
        escape(alt)
    );
    out.replacen(&inner, &outer, 1)
}
