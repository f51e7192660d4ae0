//! Lorascope: what fine-tuning did to a model's weights. The modules in reading order; no logic here.

pub mod figures;
pub mod plan;
pub mod report;
pub mod summary;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
