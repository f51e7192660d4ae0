//! The lessons: small matrices and a small network, made from a seed, on which the paper's sections 4 and 5 and its appendices C and D
//! can be seen happening. A lesson is a function from its dials to a [`Scene`].

pub mod alone;
mod dial;
mod drawn;
pub mod first_step;
mod held;
pub mod making;
pub mod product;
mod spectra;
mod spectrum;

pub use spectrum::Spectrum;

use crate::figures::panel::Panel;
use crate::report::Report;
use serde::{Deserialize, Serialize};

/// What a lesson shows for one setting of its dials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// For the figures of the paper.
    pub report: Option<Report>,
    pub panels: Vec<Panel>,
    /// The numbers that the lesson's words say.
    pub facts: Vec<Fact>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    pub name: String,
    pub value: f64,
}

impl Fact {
    pub fn new(name: &str, value: f64) -> Fact {
        Fact { name: name.to_owned(), value }
    }
}
