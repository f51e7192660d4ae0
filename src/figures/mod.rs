//! Figures: from a report to a drawing. One figure per module, generic over plotters' `DrawingBackend`; all settings come in a [`Request`], all facts of a figure
//! in its [`FigureKind`].
//!
//! Nothing is kept between calls: a redraw is fast enough to be stateless.

mod arms;
mod by_layer;
mod caption;
pub(crate) mod data;
pub(crate) mod drawing;
mod epsilon_curve;
mod evolution;
mod forgetting;
mod k_curve;
pub(crate) mod kind;
mod loss;
mod over_steps;
mod overview;
#[cfg(feature = "page")]
mod panel;
mod request;
mod scatter;
mod sigma_vs_cosine;
mod similarity;
mod size_of_change;
mod spectrum;
mod svg;
mod threshold;
mod trade_off;
mod undo;
mod vector;

use caption::Caption;
pub use caption::heading;
pub use data::table::{Table, Value};
pub use drawing::color::Theme;
pub use drawing::raster::{Blit, Raster};
pub use drawing::style;
pub use drawing::surface::DrawError;
pub use kind::{About, Choice, Dial, Field, FigureId, FigureKind, Keeps, Matches, Needs};
#[cfg(feature = "page")]
pub use panel::chosen as chosen_panel;
pub use request::{Cell, Focus, Readout, Request};
#[cfg(feature = "page")]
pub(crate) use svg::document;
pub use svg::svg;

use crate::report::Report;
use drawing::pen::{Medium, Pen};
use drawing::surface::Drawn;
use kind::Figure;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use request::sane_width;

/// The kinds with a layout of their own, in the order of the page.
static OWN: &[&FigureKind] = &[
    &similarity::SIMILARITY,
    &spectrum::SPECTRUM,
    &sigma_vs_cosine::SIGMA_VS_COSINE,
    &vector::VECTOR,
    &evolution::EVOLUTION,
    &over_steps::OVER_STEPS,
    &epsilon_curve::EPSILON_CURVE,
    &size_of_change::SIZE_OF_CHANGE,
    &threshold::THRESHOLD,
    &overview::OVERVIEW,
    &by_layer::EFFECTIVE_RANK,
    &k_curve::K_CURVE,
    &arms::ARMS,
    &loss::LOSS,
    &trade_off::TRADE_OFF,
    &forgetting::FORGETTING,
    &undo::UNDO,
    #[cfg(all(test, feature = "engine"))]
    &crate::recipes::TOY_FIGURE,
];

/// Draws, and says how tall the figure is, in CSS pixels. `area` makes what is drawn on for a height: `width * scale` by `height * scale`
/// device pixels of a canvas-like backend. Never panics, whatever the report holds. `blit` puts bitmaps on the same surface, at the time it
/// is called.
pub fn draw<DB: DrawingBackend>(
    report: &Report,
    request: &Request,
    area: impl FnOnce(f64) -> DrawingArea<DB, Shift>,
    blit: Option<Blit>,
) -> Result<f64, DrawError> {
    let caption = Caption::of(report, request);
    let request = &inner(request);
    let figure = laid_out(report, request);
    let height = whole_height(&*figure, caption.as_ref());
    let (unit, palette) = (sane_scale(request), style::Palette::of(request.theme));
    paint(
        &*figure,
        caption.as_ref(),
        &Pen {
            area: &area(height),
            corner: (0.0, 0.0),
            unit,
            medium: Medium::Canvas,
            palette,
            blit,
        },
    )?;
    Ok(height)
}

/// The mark nearest to a place in CSS pixels; None outside the plot.
pub fn hover(report: &Report, request: &Request, x: f64, y: f64) -> Option<Readout> {
    if x.is_finite() && y.is_finite() {
        laid_out(report, request).hover(x, y)
    } else {
        None
    }
}

/// Moves the crosshair from `request.focus` by `dx`, `dy` marks, for the arrow keys. `dy` counts downwards. (0, 0) reads the focus itself.
pub fn step(report: &Report, request: &Request, dx: i32, dy: i32) -> Option<Readout> {
    laid_out(report, request).step(dx, dy)
}

/// The numbers behind the figure.
pub fn table(report: &Report, request: &Request) -> Table {
    Table {
        title: heading(report, request),
        ..laid_out(report, request).table()
    }
}

/// The figure in one sentence, for screen readers.
pub fn alt(report: &Report, request: &Request) -> String {
    laid_out(report, request).alt()
}

/// The height with the heading above and the words below, where it stands alone.
fn whole_height(figure: &dyn Figure, caption: Option<&Caption>) -> f64 {
    caption.map_or(figure.height(), |caption| caption.whole(figure.height()))
}

/// The request of the drawing itself, without what stands around it.
fn inner(request: &Request) -> Request {
    Request {
        width: caption::inside(request),
        ..request.clone()
    }
}

fn paint(figure: &dyn Figure, caption: Option<&Caption>, pen: &Pen) -> Drawn {
    pen.area.fill(pen.palette.paper)?;
    let mut corner = pen.corner;
    if let Some(caption) = caption {
        caption.draw(pen, figure.height())?;
        corner = caption.corner();
    }
    figure.draw(&Pen { corner, ..*pen })?;
    pen.area.present()
}

fn sane_scale(request: &Request) -> f64 {
    if request.scale.is_finite() {
        request.scale.clamp(0.25, 16.0)
    } else {
        1.0
    }
}

/// The figure asked for, laid out.
fn laid_out<'a>(report: &'a Report, request: &'a Request) -> Box<dyn Figure + 'a> {
    (request.figure.make)(report, request)
}
