//! Lorascope: what fine-tuning did to a model's weights. The modules in reading order; no logic here.

pub mod error;
pub mod print;

pub mod checkpoint;
pub mod methods;
pub mod plan;

pub mod linalg;
pub mod metrics;
pub mod presets;
pub mod report;
pub mod series;

pub mod analyze;
pub mod session;

pub mod figures;
pub mod summary;

pub mod export;

#[cfg(target_arch = "wasm32")]
pub mod wasm;
