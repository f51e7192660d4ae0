//! The request for a figure, and a figure's answer to the pointer.

#![warn(missing_docs)]

use super::drawing::color::Theme;
use super::kind::FigureId;
use crate::report::surgery::Arm;
use crate::report::{CORNER, Settings};
use serde::{Deserialize, Serialize};

/// The request for a drawing. All lengths are CSS pixels; `scale` is the device pixel ratio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The figure to draw.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "FigureId"))]
    pub figure: FigureId,
    /// The rule in force.
    pub settings: Settings,
    /// The paper’s colours.
    pub theme: Theme,
    /// The width of the whole drawing.
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
    /// The number of matrices in the whole run (axes keep this range while it fills).
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
    /// The most panels that a figure with one per model draws; None: all.
    #[serde(default)]
    pub panels: Option<u32>,
    /// The factor of every change with which the threshold figure asks what would cross; None: as trained.
    #[serde(default)]
    pub times: Option<f64>,
    /// The training step up to which an evolution is drawn; None: to its end.
    #[serde(default)]
    pub until: Option<u64>,
    /// The panel of the report to draw, by its name; by default the first.
    #[serde(default)]
    pub panel: Option<String>,
    /// The words below a drawing that stands alone; its heading stands above.
    #[serde(default)]
    pub caption: Option<String>,
    /// What a drawing that stands alone shows, as its title.
    #[serde(default)]
    pub finding: Option<String>,
}

/// Row and column of the similarity map, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Cell {
    /// Pre-trained vector, from 0.
    pub i: u32,
    /// Fine-tuned vector, from 0.
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
            panels: None,
            times: None,
            until: None,
            panel: None,
            caption: None,
            finding: None,
        }
    }

    /// The factor of every change, within what a dial has.
    pub(crate) fn times(&self) -> f64 {
        let known = self.times.filter(|c| c.is_finite() && *c > 0.0);
        known.map_or(1.0, |c| c.clamp(1e-3, 1e3))
    }
}

/// The mark that the pointer or the arrow keys are on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", default)]
pub struct Focus {
    /// The base matrix’s name.
    pub matrix: Option<String>,
    /// Its place in the report.
    pub model: Option<u32>,
    /// Pre-trained vector, from 0.
    pub i: Option<u32>,
    /// Fine-tuned vector, from 0.
    pub j: Option<u32>,
    /// The place on an axis of thresholds.
    pub epsilon: Option<f64>,
    /// The window: how many of the strongest vectors are looked at.
    pub k: Option<u32>,
    /// The model whose line is pointed at: the lines of the others stand back.
    pub alone: Option<u32>,
    /// The arm of a surgery.
    pub arm: Option<Arm>,
    /// The place on a panel's x axis; of a vector in the plane its angle, of one in space its azimuth.
    pub at: Option<f64>,
    /// The elevation of a vector in space.
    pub up: Option<f64>,
}

/// The numbers under the pointer, for the hover card and for screen readers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Readout {
    /// The name of the mark.
    pub title: String,
    /// Label and value: five at most, but one per model where models are compared.
    pub lines: Vec<(String, String)>,
    /// The colours of the first lines, where these are models or curves: `full`, `lora-1` ... `lora-7`, or another of the palette's names.
    pub colors: Vec<String>,
    /// The same as a crosshair for every other figure.
    pub focus: Focus,
    /// The anchor of the card: the mark's place in CSS pixels.
    pub x: f64,
    /// Its ordinate, from the top of the figure.
    pub y: f64,
    /// The plot's right edge: the card stands beside it where there is room.
    pub plot_right: f64,
}

/// CSS pixels, whatever was asked.
pub(crate) fn sane_width(request: &Request) -> f64 {
    if request.width.is_finite() {
        request.width.clamp(120.0, 4000.0)
    } else {
        632.0
    }
}
