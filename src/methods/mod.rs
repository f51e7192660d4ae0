//! The methods of adapters, one per file: each with its fields in configurations, the ends of its tensor names, the shape that they make, and
//! the change W - W0. A new method is a file here and a line in [`METHODS`]; refused methods are in [`refused::REFUSED`].

// No byte of a file may reach a panic, nor a wrap that a release build passes over in silence.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod adalora;
pub mod config;
mod decomposed;
mod diff;
mod dora;
mod hira;
mod hra;
mod ia3;
mod loha;
mod lokr;
mod lora;
mod mlx;
mod oft;
mod olora;
mod parts;
mod pissa;
pub mod refused;
mod tucker;
mod vera;

pub use config::{AdapterConfig, Config};
pub use lora::LORA;
pub use parts::{Factor, Fault, Outline, Parts, Shapes};

use crate::linalg::{Matrix, View};
use crate::report::Kind;
use config::Says;
use std::fmt;

/// A method: how the tensors of one module become a change of its matrix.
pub struct Method {
    pub kind: Kind,
    /// The tuned matrix, for people.
    pub formula: &'static str,
    /// Ends of tensor names; one of them is enough to know the method.
    pub known_by: &'static [&'static str],
    /// The method whose change it takes further: a module has to be of that one too.
    pub over: Option<&'static Method>,
    /// The other parts it may have.
    pub with: &'static [&'static str],
    /// Its configuration; none where only tensors tell it.
    pub config: Option<Config>,
    /// Whether the change is multiplied by a scale at all.
    pub scaled: bool,
    pub outline: fn(&Shapes) -> Result<Outline, Fault>,
    pub change: fn(&Input) -> Result<Change, String>,
    /// The fixture or test in which it is held against the library's own merge.
    pub proof: &'static str,
}

/// The methods in the order in which they are tried: a module with a magnitude is DoRA though it has the parts of LoRA too.
pub static METHODS: &[&Method] = &[
    &decomposed::DOHA,
    &decomposed::DOKR,
    &dora::DORA,
    &adalora::ADALORA,
    &pissa::PISSA,
    &olora::OLORA,
    &lora::LORA,
    &mlx::MLX_DORA,
    &mlx::MLX,
    &loha::LOHA,
    &lokr::LOKR,
    &vera::VERA,
    &ia3::IA3,
    &hira::HIRA,
    &hra::HRA_ORTHOGONAL,
    &hra::HRA,
    &oft::OFT_EXACT,
    &oft::OFT,
    &diff::DIFF,
    #[cfg(test)]
    &crate::recipes::TOY_METHOD,
];

/// One base matrix and the parts of one module.
pub struct Input<'a> {
    /// `[out, in]`
    pub w0: View<'a>,
    pub parts: &'a Parts,
    pub scale: f64,
}

/// W - W0, `[out, in]`.
pub enum Change {
    /// None, and why.
    Nothing(String),
    /// scale B A
    LowRank {
        b: Matrix,
        a: Matrix,
        scale: f64,
    },
    Dense(Matrix),
}

impl Change {
    /// The change of the transposed matrix.
    pub fn turned(self) -> Change {
        match self {
            Change::Nothing(why) => Change::Nothing(why),
            Change::LowRank { b, a, scale } => Change::LowRank {
                b: a.transpose(),
                a: b.transpose(),
                scale,
            },
            Change::Dense(delta) => Change::Dense(delta.transpose()),
        }
    }
}

impl Method {
    /// Every end of a tensor name that belongs to it.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        self.known_by.iter().chain(self.with).copied()
    }

    /// The tensor without which it is not this method.
    pub fn own_part(&self) -> Option<&'static str> {
        self.known_by.first().copied()
    }

    /// Whether its configuration alone tells it: another method has the same tensors.
    pub fn is_only_said(&self) -> bool {
        self.config
            .as_ref()
            .is_some_and(|config| matches!(config.says, Says::Method(_)))
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Method) -> bool {
        #[cfg(test)]
        crate::steps::step();
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.formula)
    }
}

/// The method of a module that has these parts; `says`: what its configuration says, where parts do not tell.
pub fn method_of(shapes: &Shapes, says: Option<&'static Method>) -> Option<&'static Method> {
    let known = |m: &Method| m.known_by.iter().any(|part| shapes.has(part));
    let is_meant = |m: &'static Method| !m.is_only_said() || says == Some(m);
    METHODS
        .iter()
        .copied()
        .find(|m| known(m) && m.over.is_none_or(known) && is_meant(m))
}
