//! Report -> drawing. One figure a file, generic over plotters' `DrawingBackend`; all settings come in a [`Request`].

use crate::report::Settings;
use serde::{Deserialize, Serialize};

/// What to draw. All lengths are CSS pixels; `scale` is the device pixel ratio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub figure: FigureId,
    pub settings: Settings,
    pub theme: Theme,
    pub width: f64,
    /// Device pixels per CSS pixel.
    pub scale: f64,
    /// The base matrix's name, for figures of one matrix.
    pub matrix: Option<String>,
    /// The model, for figures of one model.
    pub model: Option<u32>,
    /// Rows and columns of the similarity map, 10 to 32.
    pub top: u32,
    /// True while a run is under way: axes keep their final range, totals say "so far".
    pub running: bool,
    /// How many matrices the whole run has (axes keep this range while it fills).
    pub planned: u32,
    /// The crosshair, shared by all figures.
    pub focus: Option<Focus>,
    /// A small similarity map without axes, to choose from.
    pub thumbnail: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum FigureId {
    Similarity,
    EpsilonCurve,
    EffectiveRank,
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
}

/// The numbers under the pointer, for the hover card and for screen readers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Readout {
    pub title: String,
    /// Label and value, five at most.
    pub lines: Vec<(String, String)>,
    pub focus: Focus,
    /// Where the card hangs: the mark's place in CSS pixels.
    pub x: f64,
    pub y: f64,
    /// The plot's right edge: the card stands beside it where there is room.
    pub plot_right: f64,
}
