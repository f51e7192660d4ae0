//! The core outside a browser: files found and read, planned, computed on all processors, and kept. The command and the Python package are made of it.

pub mod drawing;
pub mod fault;
pub mod hub;
pub mod kept;
#[cfg(feature = "text")]
pub mod loss;
pub mod picture;
pub mod prepare;
pub mod rule;
pub mod run;
pub mod share;
pub mod source;
pub mod store;
pub mod told;
pub mod visit;
pub mod whole;
pub mod work;

pub use fault::Fault;
