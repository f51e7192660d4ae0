//! `torch.save` files: a zip of stored entries around a pickle, or (before torch 1.6) a row of pickles before the bytes.
//!
//! Sans-IO like the rest: only the directory, the pickle and the entries' own headers are read; tensors are sliced from the file. Nothing
//! in a pickle is ever executed: `pickle` can build tensors and plain containers, everything else becomes an opaque value.

mod legacy;
mod pickle;
mod pieces;
mod tensors;
mod zip;

pub use legacy::Legacy;
pub use zip::Zip;

use super::safetensors::Header;
use crate::error::Error;
use std::ops::Range;

/// The longest pickle that is read.
const MAX_PICKLE: u64 = 100_000_000;

/// The next step of a reader of such a file.
pub enum Step {
    Read(Range<u64>),
    Done(Result<Header, Error>),
}

fn invalid<T>(detail: impl Into<String>) -> Result<T, Error> {
    Err(Error::TorchInvalid { detail: detail.into() })
}
