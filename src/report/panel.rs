//! Panels of a report: the curves, bars, vectors and small maps that a lesson adds to it. Data only; `src/figures/panel/` draws it.

use serde::{Deserialize, Serialize};

/// One drawing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Its id among the panels of a scene: `best-match`, `spectra`.
    pub name: String,
    /// Its heading, a few words.
    pub title: String,
    /// The figure in one sentence with its numbers, for screen readers.
    pub alt: String,
    /// The drawing.
    pub body: Body,
}

/// The drawing of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Body {
    /// Lines over one number.
    Curves(Curves),
    /// One value for each of n things.
    Bars(Bars),
    /// A unit vector among those of a basis.
    Arrows(Arrows),
    /// Heat maps side by side.
    Maps(Maps),
}

/// An axis: its name with the unit, and its ends. `log`: both ends are positive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Its name with the unit.
    pub label: String,
    /// The value at its beginning.
    pub from: f64,
    /// The value at its end.
    pub to: f64,
    /// Logarithmic.
    #[serde(default)]
    pub log: bool,
    /// Counts: nothing stands between whole numbers.
    #[serde(default)]
    pub whole: bool,
}

impl Range {
    /// A linear axis.
    pub fn new(label: &str, from: f64, to: f64) -> Range {
        Range {
            label: label.to_owned(),
            from,
            to,
            log: false,
            whole: false,
        }
    }

    /// The same, logarithmic.
    pub fn log(self) -> Range {
        Range { log: true, ..self }
    }

    /// The same, of counts.
    pub fn whole(self) -> Range {
        Range { whole: true, ..self }
    }
}

/// Lines over one number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Curves {
    /// The number that all lines are over.
    pub x: Range,
    /// Their values.
    pub y: Range,
    /// The curves, in the order of the key.
    pub lines: Vec<Line>,
    /// Thresholds and floors.
    #[serde(default)]
    pub levels: Vec<Level>,
    /// The place of the dial, on the x axis.
    #[serde(default)]
    pub cursor: Option<f64>,
    /// Whole numbers along x, below the lines.
    #[serde(default)]
    pub strips: Vec<Strip>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its name, at its end.
    pub label: String,
    /// Its colour: `ink`, `base`, `full`, `lora-1` ... `lora-7`.
    pub token: String,
    /// Drawn with gaps.
    #[serde(default)]
    pub dashed: bool,
    /// Points are marked: they are measured, not a course.
    #[serde(default)]
    pub dots: bool,
    /// The points by ascending x.
    pub points: Vec<[f64; 2]>,
    /// The standard deviation at every point, where there are several runs.
    #[serde(default)]
    pub deviation: Vec<f64>,
}

/// A horizontal rule with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Level {
    /// Its name.
    pub label: String,
    /// Its value on the y axis.
    pub at: f64,
}

/// A row of whole numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Strip {
    /// The name of an item.
    pub label: String,
    /// x and the count from there on, by ascending x.
    pub counts: Vec<[f64; 2]>,
}

/// One value for each of n things, such as |cos| with every base vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Bars {
    /// The name of the x axis: "pre-trained vector i".
    pub x: String,
    /// Their values.
    pub y: Range,
    /// One per bar.
    pub values: Vec<f64>,
    /// Thresholds.
    #[serde(default)]
    pub levels: Vec<Level>,
}

/// A unit vector among the vectors of an orthonormal basis of the plane or of space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Arrows {
    /// 2 or 3 vectors of as many components.
    pub basis: Vec<Vec<f64>>,
    /// The vector, with as many components as a basis vector has.
    pub vector: Vec<f64>,
    /// The basis vector that it resembles most, from 0.
    pub best: u32,
}

/// Heat maps side by side on one scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Maps {
    /// The maps from left to right.
    pub maps: Vec<Map>,
    /// Values have a sign, and zero is the paper.
    pub signed: bool,
    /// The value of full colour.
    pub limit: f64,
    /// The meaning of the colours, with the unit.
    pub scale: String,
}

/// One heat map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Map {
    /// A few words above it.
    pub title: String,
    /// A line below the title: "effective rank 3.1".
    pub note: String,
    /// Cells down.
    pub rows: u32,
    /// Cells across.
    pub cols: u32,
    /// Row by row.
    pub values: Vec<f32>,
}
