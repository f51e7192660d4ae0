//! Lorascope: what fine-tuning did to a model's weights. The modules in reading order; no logic here.

#[cfg(feature = "engine")]
pub mod error;
#[cfg(feature = "page")]
pub mod panel;
pub mod print;
#[cfg(all(test, feature = "engine"))]
mod steps;

#[cfg(feature = "engine")]
pub mod checkpoint;
#[cfg(feature = "engine")]
pub mod methods;
#[cfg(feature = "engine")]
pub mod plan;

#[cfg(feature = "engine")]
pub mod linalg;
pub mod metrics;
pub mod presets;
pub mod report;
pub mod series;

#[cfg(feature = "engine")]
pub mod analyze;
#[cfg(feature = "engine")]
pub mod session;

pub mod figures;
pub mod summary;

#[cfg(feature = "engine")]
pub mod lesson;

pub mod export;

#[cfg(target_arch = "wasm32")]
pub mod wasm;

#[cfg(all(test, feature = "engine"))]
#[path = "../tests/recipes.rs"]
mod recipes;
