//! The browser's door: converts and calls, nothing else. `Session` lives in the worker, `ReportView` on the page.

use crate::figures::{Readout, Request};
use crate::plan::{Answers, Plan};
use crate::report::{Matrix, Report, Settings};
use crate::summary::{MatrixRow, ModelSummary};
use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

#[cfg(feature = "threads")]
pub use wasm_bindgen_rayon::init_thread_pool;

/// `begin..end` of one file, in bytes.
#[derive(Serialize, Deserialize, Tsify)]

pub struct ByteRange {
    pub file: u32,
    pub begin: f64,
    pub end: f64,
}

/// What one model shows in one matrix.
#[derive(Serialize, Deserialize, Tsify)]

pub struct Outcome {
    pub model: u32,
    pub matrix: Matrix,
}

/// Which build this is: `threads+simd`, `simd` or `scalar`.
#[wasm_bindgen(js_name = buildName)]
pub fn build_name() -> String {
    let threads = if cfg!(feature = "threads") { "threads+" } else { "" };
    let simd = if cfg!(target_feature = "simd128") { "simd" } else { "scalar" };
    format!("{threads}{simd}")
}

/// Files, their headers, the plan and the analysis. Lives in the worker.
#[wasm_bindgen]
pub struct Session {}

#[wasm_bindgen]
impl Session {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Session {
        console_error_panic_hook::set_once();
        Session {}
    }
}

/// A report that grows, and all that is drawn or said of it. Lives on the page.
#[wasm_bindgen]
pub struct ReportView {
    report: Report,
}

#[wasm_bindgen]
impl ReportView {
    #[wasm_bindgen(constructor)]
    pub fn new(report: Ts<Report>) -> Result<ReportView, JsError> {
        console_error_panic_hook::set_once();
        Ok(ReportView { report: report.to_rust()? })
    }

    /// Takes in one result.
    pub fn add(&mut self, model: u32, matrix: Ts<Matrix>) -> Result<(), JsError> {
        let matrix = matrix.to_rust()?;
        if let Some(m) = self.report.models.get_mut(model as usize) {
            m.matrices.push(matrix);
        }
        Ok(())
    }
}
