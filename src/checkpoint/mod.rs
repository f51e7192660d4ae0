//! Readers of checkpoint files: from bytes to the list of tensors. Sans-IO: a [`Reader`] says which byte range it wants next and never sees
//! a whole file.

// No byte of a file may reach a panic, nor a wrap that a release build passes over in silence.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub mod budget;
pub mod dtype;
pub mod json;
pub mod packed;
pub mod reader;
pub mod safetensors;
pub mod samples;
pub mod sniff;
pub mod torch;

pub use dtype::Dtype;
pub use json::{Index, ModelConfig};
pub use reader::{Content, Reader};
pub use safetensors::{Header, Tensor};
