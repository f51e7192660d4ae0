//! The plan, made before anything is computed: which files are the base, which are fine-tunes, how names pair, how W is made from W0, what is
//! left out and why.

// No byte of a file may reach a panic, nor a wrap that a release build passes over in silence.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

//
// The rooms, by what is read first: files into sets, names of tensors, adapters, and how names pair; `build` puts the plan together.
mod adapters;
mod base;
mod build;
mod contract;
mod cost;
pub mod files;
pub mod job;
mod left_out;
mod models;
pub mod names;
pub mod pairing;
pub mod registry;
mod selection;
pub mod share;
mod whole;

pub use build::{Planned, make, whole};
pub use contract::*;
pub use selection::layers;
pub use whole::{Whole, WholeModel};
