//! Report -> drawing. One figure per file, generic over plotters' `DrawingBackend`; all settings come in a [`Request`], all facts of a figure
//! in its [`FigureKind`].
//!
//! Nothing is kept between calls: a redraw is fast enough to be stateless.

mod around;
mod by_layer;
mod caption;
mod cos_scale;
mod counted;
mod empty;
mod epsilon_curve;
mod evolution;
mod k_curve;
pub(crate) mod kind;
mod layers;
mod map;
mod null_band;
mod over_steps;
mod overview;
#[cfg(feature = "page")]
mod panel;
pub(crate) mod pen;
mod pick;
mod raster;
mod readings;
mod scale;
mod sigma_vs_cosine;
mod similarity;
mod size_of_change;
mod spectrum;
mod spread;
pub mod style;
mod subject;
mod surface;
mod svg;
#[cfg(feature = "page")]
mod svg_image;
mod table;
mod vector;
mod vectors_table;

pub use caption::heading;
pub use kind::{About, Choice, Dial, Field, FigureId, FigureKind, Keeps, Matches};
pub use null_band::null_band;
#[cfg(feature = "page")]
pub use panel::chosen as chosen_panel;
pub use raster::{Blit, Raster};
pub use svg::svg;
pub use table::{Table, Value};

use crate::report::{CORNER, Report, Settings};
use kind::Figure;
use pen::{Drawn, Medium, Pen};
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use serde::{Deserialize, Serialize};

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
    &overview::OVERVIEW,
    &by_layer::EFFECTIVE_RANK,
    &k_curve::K_CURVE,
    #[cfg(all(test, feature = "engine"))]
    &crate::recipes::TOY_FIGURE,
];

/// What to draw. All lengths are CSS pixels; `scale` is the device pixel ratio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[cfg_attr(target_arch = "wasm32", tsify(type = "FigureId"))]
    pub figure: FigureId,
    pub settings: Settings,
    pub theme: Theme,
    pub width: f64,
    /// Device pixels per CSS pixel.
    pub scale: f64,
    /// The base matrix's name, for figures of one matrix.
    #[serde(default)]
    pub matrix: Option<String>,
    /// The model, for figures of one model.
    #[serde(default)]
    pub model: Option<u32>,
    /// Rows and columns of the similarity map, and how many singular values are drawn; up to 8192. By default the corner that is kept.
    #[serde(default = "corner")]
    pub top: u32,
    /// True while a run is under way: axes keep their final range, totals say "so far".
    #[serde(default)]
    pub running: bool,
    /// How many matrices the whole run has (axes keep this range while it fills).
    #[serde(default)]
    pub planned: u32,
    /// The crosshair, shared by all figures.
    #[serde(default)]
    pub focus: Option<Focus>,
    /// A small similarity map without axes, to choose from.
    #[serde(default)]
    pub thumbnail: bool,
    /// The upper left cell of the similarity map.
    #[serde(default)]
    pub origin: Cell,
    /// The fine-tuned vector that is studied alone, from 0; by default the first intruder, else the first.
    #[serde(default)]
    pub vector: Option<u32>,
    /// The k curve as a share of all vectors instead of a number.
    #[serde(default)]
    pub fraction: bool,
    /// Effective rank of the adapters alone, on an axis of their own.
    #[serde(default)]
    pub adapters_only: bool,
    /// The training step up to which an evolution is drawn; None: to its end.
    #[serde(default)]
    pub until: Option<u64>,
    /// Which of the report's panels, by its name; by default the first.
    #[serde(default)]
    pub panel: Option<String>,
    /// For a drawing that stands alone: the words below it; its heading stands above.
    #[serde(default)]
    pub caption: Option<String>,
}

/// Row and column of the similarity map, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Cell {
    pub i: u32,
    pub j: u32,
}

fn corner() -> u32 {
    CORNER as u32
}

impl Request {
    /// A finished report's figure, `width` CSS pixels wide, as it looks before anybody has touched it.
    pub fn of(figure: FigureId, theme: Theme, width: f64) -> Request {
        Request {
            figure,
            settings: Settings::default(),
            theme,
            width,
            scale: 1.0,
            matrix: None,
            model: None,
            top: corner(),
            running: false,
            planned: 0,
            focus: None,
            thumbnail: false,
            origin: Cell::default(),
            vector: None,
            fraction: false,
            adapters_only: false,
            until: None,
            panel: None,
            caption: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    Light,
    Dark,
}

/// What the pointer or the arrow keys are on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Focus {
    pub matrix: Option<String>,
    pub model: Option<u32>,
    /// Pre-trained vector, from 0.
    pub i: Option<u32>,
    /// Fine-tuned vector, from 0.
    pub j: Option<u32>,
    pub epsilon: Option<f64>,
    /// The window: how many of the strongest vectors are looked at.
    #[serde(default)]
    pub k: Option<u32>,
    /// The place on a panel's x axis; of a vector in the plane its angle, of one in space its azimuth.
    #[serde(default)]
    pub at: Option<f64>,
    /// Of a vector in space, its elevation.
    #[serde(default)]
    pub up: Option<f64>,
}

/// The numbers under the pointer, for the hover card and for screen readers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Readout {
    pub title: String,
    /// Label and value: five at most, but one per model where models are compared.
    pub lines: Vec<(String, String)>,
    /// The colours of the first lines, where these are models or curves: `full`, `lora-1` ... `lora-7`, or another of the palette's names.
    pub colors: Vec<String>,
    pub focus: Focus,
    /// Where the card hangs: the mark's place in CSS pixels.
    pub x: f64,
    pub y: f64,
    /// The plot's right edge: the card stands beside it where there is room.
    pub plot_right: f64,
}

/// The backend refused to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawError(String);

impl std::fmt::Display for DrawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the figure could not be drawn: {}", self.0)
    }
}

impl std::error::Error for DrawError {}

/// Draws, and says how tall the figure is, in CSS pixels. `area` makes what is drawn on for a height: `width * scale` by `height * scale`
/// device pixels of a canvas-like backend. Never panics, whatever the report holds. `blit` puts bitmaps on the same surface, at the time it
/// is called.
pub fn draw<DB: DrawingBackend>(
    report: &Report,
    request: &Request,
    area: impl FnOnce(f64) -> DrawingArea<DB, Shift>,
    blit: Option<Blit>,
) -> Result<f64, DrawError> {
    let figure = laid_out(report, request);
    let height = whole_height(&*figure, request);
    let (unit, palette) = (sane_scale(request), style::Palette::of(request.theme));
    paint(
        &*figure,
        report,
        request,
        &Pen {
            area: &area(height),
            top: 0.0,
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

/// With the heading above and the words below, where it stands alone.
fn whole_height(figure: &dyn Figure, request: &Request) -> f64 {
    let (above, below) = caption::margins(request);
    above + figure.height() + below
}

fn paint(figure: &dyn Figure, report: &Report, request: &Request, pen: &Pen) -> Drawn {
    pen.area.fill(pen.palette.paper)?;
    caption::draw(pen, report, request, figure.height())?;
    figure.draw(&Pen {
        top: caption::margins(request).0,
        ..*pen
    })?;
    pen.area.present()
}

/// CSS pixels, whatever was asked.
fn sane_width(request: &Request) -> f64 {
    if request.width.is_finite() {
        request.width.clamp(120.0, 4000.0)
    } else {
        632.0
    }
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
