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
pub mod train;

pub use spectrum::Spectrum;

use crate::report::Report;
use serde::{Deserialize, Serialize};

/// The scene of a lesson: its report and facts for one setting of its dials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// The report for the figures of the paper; the lesson's own panels are in it.
    pub report: Report,
    /// The numbers that the lesson's words say.
    pub facts: Vec<Fact>,
}

/// A number that the lesson's words say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    pub name: String,
    pub value: f64,
}

impl Fact {
    pub fn new(name: &str, value: f64) -> Fact {
        Fact {
            name: name.to_owned(),
            value,
        }
    }
}

/// A lesson that somebody looks at. Dials are JSON; what they do not say, or say wrongly, is the default.
pub trait Lesson {
    /// Other dials. What does not depend on them stays.
    fn turn(&mut self, dials: &str);
    /// Goes on with what is left of the work, for some hundredths of a second; false when nothing is.
    fn advance(&mut self) -> bool;
    /// The share of the work that is done; 1 when nothing is left.
    fn done(&self) -> f64;
    fn scene(&self) -> Scene;
    /// Checkpoints made here. The error says in words why there are none.
    fn files(&self) -> Result<Vec<train::File>, String> {
        Err("This lesson makes no checkpoints.".into())
    }
}

/// A lesson that there is: its id in links, how it is opened, and its dials before anybody has touched them.
pub struct Taught {
    pub id: &'static str,
    open: fn(&str) -> Box<dyn Lesson>,
    pub defaults: fn() -> serde_json::Value,
}

/// Every lesson. A new **lesson** is a file here and an entry below.
pub static LESSONS: [Taught; 5] = [
    Taught {
        id: "how-alone",
        open: |dials| Box::new(Still::new(dials, alone::scene)),
        defaults: plain::<alone::AloneDials>,
    },
    Taught {
        id: "making-an-intruder",
        open: |dials| Box::new(making::Moving::new(&read(dials))),
        defaults: plain::<making::MakingDials>,
    },
    Taught {
        id: "why-a-product",
        open: |dials| Box::new(Still::new(dials, product::scene)),
        defaults: plain::<product::ProductDials>,
    },
    Taught {
        id: "the-first-step",
        open: |dials| Box::new(Still::new(dials, first_step::scene)),
        defaults: plain::<first_step::FirstStepDials>,
    },
    Taught {
        id: "train-it-here",
        open: |dials| Box::new(train::Lesson::new(&read(dials))),
        defaults: plain::<train::TrainDials>,
    },
];

/// A lesson by its id; None where there is no such lesson.
pub fn open(id: &str, dials: &str) -> Option<Box<dyn Lesson>> {
    let taught = LESSONS.iter().find(|lesson| lesson.id == id)?;
    Some((taught.open)(dials))
}

fn plain<D: Default + Serialize>() -> serde_json::Value {
    serde_json::to_value(D::default()).unwrap_or_default()
}

fn read<D: Default + for<'a> Deserialize<'a>>(dials: &str) -> D {
    serde_json::from_str(dials).unwrap_or_default()
}

/// A lesson that is computed within a frame.
struct Still<D> {
    dials: D,
    scene: fn(&D) -> Scene,
}

impl<D: Default + for<'a> Deserialize<'a>> Still<D> {
    fn new(dials: &str, scene: fn(&D) -> Scene) -> Self {
        Still {
            dials: read(dials),
            scene,
        }
    }
}

impl<D: Default + for<'a> Deserialize<'a>> Lesson for Still<D> {
    fn turn(&mut self, dials: &str) {
        self.dials = read(dials);
    }

    fn advance(&mut self) -> bool {
        false
    }

    fn done(&self) -> f64 {
        1.0
    }

    fn scene(&self) -> Scene {
        (self.scene)(&self.dials)
    }
}
