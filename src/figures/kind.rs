//! The contract of a figure: `Figure`, once it is laid out, and [`FigureKind`], which holds everything that others say and do about it.
//!
//! A new figure is a file with a [`FigureKind`] and a layout, and a line in the list beside its `mod`, [`OWN`]. The page, links, the embed,
//! exports and tests read the list. A figure of one more measure by layer needs no code.

#![warn(missing_docs)]

use crate::figures::drawing::pen::{Drawn, Pen};
use crate::figures::{OWN, Readout, Request, Table, by_layer};
use crate::metrics::{Measure, measures};
use crate::report::Report;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::Deref;
use std::sync::LazyLock;

/// Every figure that any report has: those of the list, then every other measure by layer.
static FIGURES: LazyLock<Vec<&'static FigureKind>> = LazyLock::new(|| {
    let measured = measures().filter(|m| OWN.iter().all(|kind| kind.id != m.id));
    let by_layer = measured.map(|m| &*Box::leak(Box::new(by_layer::kind(m))));
    OWN.iter().copied().chain(by_layer).collect()
});

/// A drawing that is laid out: drawing, hovering and stepping read the same layout, so they cannot disagree.
pub(crate) trait Drawing {
    /// CSS pixels.
    fn height(&self) -> f64;
    fn draw(&self, pen: &Pen) -> Drawn;
    /// The mark nearest to a place in CSS pixels; None outside the plot.
    fn hover(&self, x: f64, y: f64) -> Option<Readout>;
    /// The mark `dx`, `dy` from the focus; `dy` counts downwards.
    fn step(&self, dx: i32, dy: i32) -> Option<Readout>;
    fn table(&self) -> Table;
}

/// A figure that is laid out. Whatever the report holds, nothing here panics.
pub(crate) trait Figure: Drawing {
    /// The figure in one sentence, for screen readers.
    fn alt(&self) -> String;
}

/// The parts of a drawing lie in files of their own, and Rust takes a contract whole: this ties them together.
macro_rules! drawing {
    ($layout:ident) => {
        impl $crate::figures::kind::Drawing for $layout<'_> {
            fn height(&self) -> f64 {
                $layout::height(self)
            }
            fn draw(&self, pen: &$crate::figures::drawing::pen::Pen) -> $crate::figures::drawing::pen::Drawn {
                $layout::draw(self, pen)
            }
            fn hover(&self, x: f64, y: f64) -> Option<$crate::figures::Readout> {
                $layout::hover(self, x, y)
            }
            fn step(&self, dx: i32, dy: i32) -> Option<$crate::figures::Readout> {
                $layout::step(self, dx, dy)
            }
            fn table(&self) -> $crate::figures::Table {
                $layout::table(self)
            }
        }
    };
}

/// The same for a figure.
macro_rules! figure {
    ($layout:ident) => {
        $crate::figures::kind::drawing!($layout);

        impl $crate::figures::kind::Figure for $layout<'_> {
            fn alt(&self) -> String {
                $layout::alt(self)
            }
        }
    };
}

pub(crate) use {drawing, figure};

/// The layout of a figure, from a report and a request.
pub(crate) type Make = for<'a> fn(&'a Report, &'a Request) -> Box<dyn Figure + 'a>;

/// One kind of figure, and all that is known of it.
#[derive(Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FigureKind {
    /// Its id in links, files and the embed.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Its subject: a run, one matrix or one panel.
    pub about: About,
    /// What a report must hold, or there is nothing to show.
    pub needs: Needs,
    /// The dials that an embed of it has.
    pub dials: &'static [Dial],
    /// Whether the rule in force (k, epsilon, side, cosine) moves it.
    pub follows_rule: bool,
    /// Choices that are its own.
    pub choices: &'static [Choice],
    /// Its numbers in the paper.
    pub paper: &'static str,
    /// The note under the figure, for reading it.
    pub note: &'static str,
    /// One measure by layer, a panel for every matrix type.
    pub by_layer: bool,
    /// Whether every model has a panel of its own: of many a page shows the first.
    pub per_model: bool,
    /// The measure that it shows, and that the exported script computes again.
    #[serde(skip)]
    pub shows: &'static Measure,
    /// The part of a report that it needs.
    #[serde(skip)]
    pub keeps: Keeps,
    #[serde(skip)]
    pub(crate) make: Make,
}

/// The subject of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// All models and matrices.
    Run,
    /// One matrix.
    Matrix,
    /// One of the report's own panels.
    Panel,
}

/// What a report must hold for a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Needs {
    /// Matrices, as every report.
    Nothing,
    /// Checkpoints of a training run.
    Runs,
    /// A model that was operated on.
    Surgery,
    /// Losses on a text.
    Loss,
}

/// The dials that an embed may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Dial {
    /// The window.
    K,
    /// The threshold.
    Epsilon,
    /// The step of a training run.
    Step,
    /// The factor of every change.
    Times,
}

/// A switch: the field of a request, and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// The field that it switches.
    pub field: Field,
    /// Its name for readers.
    pub label: &'static str,
}

/// Fields of a request that are switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// `Request::adapters_only`.
    AdaptersOnly,
    /// `Request::fraction`.
    Fraction,
}

/// The parts of a report that a figure draws from; all others are left out of its embed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keeps {
    /// All singular values; otherwise the largest of each matrix.
    pub spectra: bool,
    /// The number of vectors whose best match is kept.
    pub matches: Matches,
    /// The place of each best match, and its near ties.
    pub places: bool,
    /// What the vectors of the window are made of, beside their best matches.
    pub makeup: bool,
    /// The corner of the cosine matrix.
    pub map: bool,
    /// Overlaps with the checkpoint before.
    pub follows: bool,
    /// All cosines of one matrix: so many rows and columns.
    pub vectors: Option<(u32, u32)>,
}

/// The number of vectors whose best match is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matches {
    /// No best match at all.
    None,
    /// As many as the longest window.
    Window,
    /// Every vector’s.
    All,
}

impl Keeps {
    /// The best matches of the longest window.
    pub const COUNTS: Keeps = Keeps {
        spectra: false,
        matches: Matches::Window,
        places: false,
        makeup: false,
        map: false,
        follows: false,
        vectors: None,
    };
    /// The needs of every figure of one matrix.
    pub const ONE_MATRIX: Keeps = Keeps {
        spectra: true,
        places: true,
        makeup: true,
        map: true,
        ..Keeps::COUNTS
    };
}

/// A figure by its id. Only ids of the list can be made.
#[derive(Clone, Copy)]
pub struct FigureId(&'static FigureKind);

impl FigureId {
    /// The figures that any report has.
    pub fn all() -> impl Iterator<Item = FigureId> {
        FIGURES.iter().map(|kind| FigureId(kind))
    }

    /// The figure of that id, a report's own panels among them.
    pub fn named(id: &str) -> Option<FigureId> {
        #[cfg(feature = "page")]
        if id == crate::figures::panel::PANEL.id {
            return Some(FigureId(&crate::figures::panel::PANEL));
        }
        FigureId::all().find(|figure| figure.id == id)
    }

    /// All facts of it.
    pub fn kind(self) -> &'static FigureKind {
        self.0
    }

    /// It shows one matrix, not the run.
    pub fn is_of_one_matrix(self) -> bool {
        self.about == About::Matrix
    }
}

impl Deref for FigureId {
    type Target = FigureKind;

    fn deref(&self) -> &FigureKind {
        self.0
    }
}

impl PartialEq for FigureId {
    fn eq(&self, other: &FigureId) -> bool {
        self.id == other.id
    }
}

impl Eq for FigureId {}

impl fmt::Debug for FigureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Serialize for FigureId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.id)
    }
}

impl<'de> Deserialize<'de> for FigureId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FigureId, D::Error> {
        let id = String::deserialize(from)?;
        FigureId::named(&id).ok_or_else(|| {
            let known: Vec<&str> = FigureId::all().map(|figure| figure.kind().id).collect();
            de::Error::custom(format!("there is no figure “{id}”, but {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_a_word_of_an_address_and_reads_back() {
        for figure in FigureId::all() {
            assert!(
                figure
                    .id
                    .bytes()
                    .all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
            );
            let text = serde_json::to_string(&figure).unwrap();
            assert_eq!(serde_json::from_str::<FigureId>(&text).unwrap(), figure);
            assert_eq!(
                FigureId::all().filter(|other| other.id == figure.id).count(),
                1,
                "{figure:?}"
            );
        }
        let refused = serde_json::from_str::<FigureId>("\"no-such\"").unwrap_err().to_string();
        assert!(
            refused.contains("no-such") && refused.contains("epsilon-curve"),
            "{refused}"
        );
    }

    #[test]
    fn every_measure_is_a_figure_by_layer() {
        for measure in measures() {
            let figure = FigureId::named(measure.id).unwrap_or_else(|| panic!("{}", measure.id));
            assert!(figure.by_layer && figure.shows.id == measure.id);
        }
    }
}
