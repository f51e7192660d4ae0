//! `ReportView`: a report and everything that is drawn of it. This part is in embeds too.

use super::canvas::Canvas;
use crate::export;
use crate::figures::{self, FigureId, FigureKind, Raster, Readout, Request, Table};
use crate::report::{Model, Report, Settings};
use crate::summary;
use plotters::prelude::IntoDrawingArea;
use std::collections::HashSet;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// The ids come from the list of figures, [`ReportView::figures`].
#[wasm_bindgen(typescript_custom_section)]
const FIGURE_ID: &str = "export type FigureId = string;";

/// A report that may grow.
#[wasm_bindgen]
pub struct ReportView {
    pub(super) report: Report,
}

#[wasm_bindgen]
impl ReportView {
    /// A stored report.
    #[wasm_bindgen(js_name = fromJson)]
    pub fn from_json(text: &str) -> Result<ReportView, JsError> {
        console_error_panic_hook::set_once();
        Ok(ReportView {
            report: export::read(text).map_err(|why| JsError::new(&why))?,
        })
    }

    /// The report without its matrices.
    pub fn head(&self) -> Result<Ts<Report>, JsError> {
        let Report {
            schema,
            generator,
            settings,
            base,
            models,
            ..
        } = &self.report;
        let models = models.iter().map(Model::bare).collect();
        Ok(Report {
            schema: schema.clone(),
            generator: generator.clone(),
            settings: settings.clone(),
            base: base.clone(),
            models,
            loss: None,
            #[cfg(feature = "page")]
            panels: Vec::new(),
        }
        .into_ts()?)
    }

    /// Every figure that any report has, in the order of the page.
    pub fn figures() -> Result<Vec<Ts<FigureKind>>, JsError> {
        Ok(FigureId::all().map(|f| f.kind().into_ts()).collect::<Result<_, _>>()?)
    }

    /// Whether the rule in force moves a figure: one that it does not is not drawn again for it.
    #[wasm_bindgen(js_name = followsRule)]
    pub fn follows_rule(&self, figure: &str) -> bool {
        FigureId::named(figure).is_none_or(|figure| figure.follows_rule)
    }

    /// The caveat to know before the report's counts are trusted, in words.
    pub fn remark(&self) -> Option<String> {
        summary::remark(&self.report)
    }

    /// The number of matrices, each counted once for all models.
    #[wasm_bindgen(js_name = matrixCount)]
    pub fn matrix_count(&self) -> u32 {
        self.report
            .models
            .iter()
            .flat_map(|m| &m.matrices)
            .map(|m| &m.name)
            .collect::<HashSet<_>>()
            .len() as u32
    }

    /// Draws on a canvas, which gets the size that the figure has at the request's width; the answer is its height in CSS pixels.
    pub fn draw(&self, request: Ts<Request>, canvas: HtmlCanvasElement) -> Result<f64, JsError> {
        let request = request.to_rust()?;
        let (backend, context) = surface(&canvas)?;
        let blit = |r: &Raster| {
            // The sizes agree, so neither call fails; if one ever does, the map stays blank and the rest is drawn.
            if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&r.rgba), r.width, r.height) {
                let _ = context.put_image_data(&image, f64::from(r.x), f64::from(r.y));
            }
        };
        let area = |height: f64| {
            resize(
                &canvas,
                [request.width, height].map(|css| (css * request.scale).round() as u32),
            );
            backend.into_drawing_area()
        };
        Ok(figures::draw(&self.report, &request, area, Some(&blit))?)
    }

    /// The numbers at a place in CSS pixels.
    pub fn hover(&self, request: Ts<Request>, x: f64, y: f64) -> Result<Option<Ts<Readout>>, JsError> {
        readout(figures::hover(&self.report, &request.to_rust()?, x, y))
    }

    /// Moves the crosshair by marks; (0, 0) reads where it is.
    pub fn step(&self, request: Ts<Request>, dx: i32, dy: i32) -> Result<Option<Ts<Readout>>, JsError> {
        readout(figures::step(&self.report, &request.to_rust()?, dx, dy))
    }

    /// The figure in one sentence, for screen readers.
    pub fn alt(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(figures::alt(&self.report, &request.to_rust()?))
    }

    /// The numbers behind the figure.
    pub fn table(&self, request: Ts<Request>) -> Result<Ts<Table>, JsError> {
        Ok(figures::table(&self.report, &request.to_rust()?).into_ts()?)
    }

    /// "Similarity: layer 2, query, LoRA r = 8".
    pub fn heading(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(figures::heading(&self.report, &request.to_rust()?))
    }

    /// The line that stands below a figure of its own.
    pub fn caption(&self, settings: Ts<Settings>) -> Result<String, JsError> {
        Ok(export::provenance(&self.report, &settings.to_rust()?).caption())
    }

    /// The figure as a drawing for a document that has words of its own.
    pub fn drawing(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::drawing(&self.report, &request.to_rust()?))
    }

    /// The figure as a drawing of its own.
    pub fn svg(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::svg(&self.report, &request.to_rust()?))
    }

    pub fn csv(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::csv(&self.report, &request.to_rust()?))
    }

    /// The figure's numbers as JSON.
    pub fn data(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::json(&self.report, &request.to_rust()?))
    }

    /// The report as JSON, with counts and totals by the settings.
    pub fn json(&self, settings: Ts<Settings>) -> Result<String, JsError> {
        Ok(export::report(&self.report, &settings.to_rust()?))
    }

    pub fn bibtex(&self) -> String {
        export::BIBTEX.to_owned()
    }
}

/// A canvas as what plotters draws on, and the context that both share: a canvas has one.
pub(super) fn surface(canvas: &HtmlCanvasElement) -> Result<(Canvas, CanvasRenderingContext2d), JsError> {
    let none = || JsError::new("The canvas gives no drawing context.");
    let context = canvas
        .get_context("2d")
        .ok()
        .flatten()
        .and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok())
        .ok_or_else(none)?;
    let backend = Canvas::of(canvas.clone(), context.clone()).ok_or_else(none)?;
    Ok((backend, context))
}

/// Setting a size, even the same, makes the browser lay out the page and take new memory.
pub(super) fn resize(canvas: &HtmlCanvasElement, size: [u32; 2]) {
    if [canvas.width(), canvas.height()] != size {
        canvas.set_width(size[0]);
        canvas.set_height(size[1]);
    }
}

fn readout(found: Option<Readout>) -> Result<Option<Ts<Readout>>, JsError> {
    Ok(found.map(|r| r.into_ts()).transpose()?)
}
