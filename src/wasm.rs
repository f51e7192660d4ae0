//! The browser's door: converts and calls, nothing else. [`WasmSession`] lives in the worker, [`ReportView`] on the page.

use crate::analyze::{Vectors, analyze, vectors};
use crate::figures::{self, Raster, Readout, Request};
use crate::linalg::Matrix as Dense;
use crate::plan::{Answers, Plan};
use crate::report::{Matrix, Report, Settings, Task};
use crate::session::{FileRange, Session};
use crate::summary::{self, Differences, Findings, MatrixRow, ModelSummary};
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use plotters::prelude::IntoDrawingArea;
use plotters_canvas::CanvasBackend;
use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

#[cfg(feature = "threads")]
pub use wasm_bindgen_rayon::init_thread_pool;

/// `begin..end` of one file, in bytes. As f64: exact up to 2^53, and no detour over BigInt.
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

/// The large lists cross as they are: an object for every number would take ten times the memory.
#[wasm_bindgen(typescript_custom_section)]
const ALL_VECTORS: &str = r#"
/** All vectors of one matrix of one model. */
export interface AllVectors {
    /** Computed exactly. */
    matrix: Matrix;
    /** The shorter side of the matrix. */
    n: number;
    /** |u0_i . u_j|, n x n, row by row: rows pre-trained, columns fine-tuned. */
    left: Float32Array<ArrayBuffer>;
    right: Float32Array<ArrayBuffer>;
}
"#;

/// What the numbers of one model in one matrix depend on: its tensors (indices into the matrix's ranges) and everything else in words.
#[derive(Serialize, Deserialize, Tsify)]
pub struct MatrixKey {
    pub model: u32,
    pub tensors: Vec<u32>,
    pub recipe: String,
}

/// Which build this is: `threads+relaxed-simd`, `threads+simd`, `simd` or `scalar`.
#[wasm_bindgen(js_name = buildName)]
pub fn build_name() -> String {
    let threads = if cfg!(feature = "threads") { "threads+" } else { "" };
    let simd = match (cfg!(target_feature = "relaxed-simd"), cfg!(target_feature = "simd128")) {
        (true, _) => "relaxed-simd",
        (_, true) => "simd",
        _ => "scalar",
    };
    format!("{threads}{simd}")
}

/// How many threads compute. Call it in the worker, once the pool stands: elsewhere the first question would start a pool.
#[wasm_bindgen(js_name = threadCount)]
pub fn thread_count() -> u32 {
    rayon::current_num_threads() as u32
}

/// Files, their headers, the plan and the analysis.
#[wasm_bindgen(js_name = Session)]
pub struct WasmSession(Session);

#[wasm_bindgen(js_class = Session)]
impl WasmSession {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> WasmSession {
        console_error_panic_hook::set_once();
        WasmSession(Session::default())
    }

    /// Adds a file; the answer is its number.
    #[wasm_bindgen(js_name = addFile)]
    pub fn add_file(&mut self, path: &str, size: f64) -> u32 {
        self.0.add_file(path, size as u64)
    }

    /// The range to read next; none when the header is known.
    pub fn wants(&self, file: u32) -> Result<Option<Ts<ByteRange>>, JsError> {
        let range = self.0.wants(file).map(|r| ByteRange { file, begin: r.start as f64, end: r.end as f64 });
        Ok(range.map(|r| r.into_ts()).transpose()?)
    }

    pub fn supply(&mut self, file: u32, bytes: &[u8]) {
        self.0.supply(file, bytes);
    }

    /// The file could not be read.
    pub fn unreadable(&mut self, file: u32, message: &str) {
        self.0.unreadable(file, message);
    }

    pub fn plan(&mut self, answers: Ts<Answers>) -> Result<Ts<Plan>, JsError> {
        let answers = answers.to_rust()?;
        Ok(self.0.plan(&answers).into_ts()?)
    }

    /// The report of the plan in force, without matrices.
    pub fn head(&self) -> Result<Ts<Report>, JsError> {
        Ok(self.0.head(&build_name(), thread_count()).into_ts()?)
    }

    /// What to read for one matrix of the plan.
    pub fn ranges(&self, matrix: u32) -> Result<Vec<Ts<ByteRange>>, JsError> {
        ranges_to_js(self.0.ranges(matrix))
    }

    /// What to read for [`WasmSession::vectors`].
    #[wasm_bindgen(js_name = rangesOf)]
    pub fn ranges_of(&self, matrix: u32, model: u32) -> Result<Vec<Ts<ByteRange>>, JsError> {
        ranges_to_js(self.0.ranges_of(matrix, model))
    }

    /// Computes one matrix from the bytes of its ranges, in the pool where there is one. Several may be under way at once.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome[]>")]
    pub fn analyze(
        &self,
        matrix: u32,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array,
        task: Ts<Task>,
    ) -> Result<js_sys::Promise, JsError> {
        let (job, task) = (self.0.job(matrix), task.to_rust()?);
        let bytes = bytes_of(&bytes);
        Ok(wasm_bindgen_futures::future_to_promise(async move {
            let job = job.ok_or_else(|| JsError::new("There is no such matrix in the plan."))?;
            let outcomes = in_pool(move || analyze(&job, &bytes, &task, now)).await;
            outcomes_to_js(outcomes).map_err(JsValue::from)
        }))
    }

    /// All pre-trained vectors of one matrix against all of one model's, from the bytes of `rangesOf`. Rejects with the reason.
    #[wasm_bindgen(unchecked_return_type = "Promise<AllVectors>")]
    pub fn vectors(&self, matrix: u32, model: u32, #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array) -> js_sys::Promise {
        let job = self.0.job_of(matrix, model);
        let bytes = bytes_of(&bytes);
        wasm_bindgen_futures::future_to_promise(async move {
            let job = job.ok_or_else(|| JsError::new("There is no such matrix of this model in the plan."))?;
            let found = in_pool(move || vectors(&job, &bytes, model, now)).await;
            vectors_to_js(found.map_err(|reason| JsError::new(&reason))?)
        })
    }

    /// By what finished results of a matrix are known again, one a model.
    pub fn keys(&self, matrix: u32, task: Ts<Task>) -> Result<Vec<Ts<MatrixKey>>, JsError> {
        let task = task.to_rust()?;
        let keys = self.0.keys(matrix, &task).into_iter();
        Ok(keys.map(|(model, tensors, recipe)| MatrixKey { model, tensors, recipe }.into_ts()).collect::<Result<_, _>>()?)
    }

    /// The outcomes of a matrix whose bytes could not be read.
    #[wasm_bindgen(unchecked_return_type = "Outcome[]")]
    pub fn failed(&self, matrix: u32, reason: &str) -> Result<JsValue, JsError> {
        outcomes_to_js(self.0.failed(matrix, reason))
    }
}

fn bytes_of(tensors: &Array) -> Vec<Vec<u8>> {
    tensors.iter().map(|tensor| Uint8Array::new(&tensor).to_vec()).collect()
}

fn ranges_to_js(ranges: Vec<FileRange>) -> Result<Vec<Ts<ByteRange>>, JsError> {
    let convert = |r: FileRange| ByteRange { file: r.file, begin: r.range.start as f64, end: r.range.end as f64 };
    Ok(ranges.into_iter().map(|r| convert(r).into_ts()).collect::<Result<_, _>>()?)
}

fn vectors_to_js(found: Vectors) -> Result<JsValue, JsValue> {
    let object = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&object, &name.into(), &value).map(drop);
    set("n", found.left.rows.into())?;
    set("left", Float32Array::from(found.left.values.as_slice()).into())?;
    set("right", Float32Array::from(found.right.values.as_slice()).into())?;
    set("matrix", JsValue::from(found.matrix.into_js().map_err(JsError::from)?))?;
    Ok(object.into())
}

fn outcomes_to_js(outcomes: Vec<(u32, Matrix)>) -> Result<JsValue, JsError> {
    let array = Array::new();
    for (model, matrix) in outcomes {
        array.push(&JsValue::from(Outcome { model, matrix }.into_js()?));
    }
    Ok(array.into())
}

/// Gets the engine ready while the reader looks for files.
#[wasm_bindgen(js_name = warmUp)]
pub fn warm_up() -> js_sys::Promise {
    wasm_bindgen_futures::future_to_promise(async {
        in_pool(|| crate::linalg::warm_up(now)).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// Runs on a rayon thread, so that the worker stays free to read files and to answer.
#[cfg(feature = "threads")]
async fn in_pool<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = futures_channel::oneshot::channel();
    rayon::spawn(move || {
        // The receiver is gone only when the page has stopped waiting.
        let _ = sender.send(work());
    });
    receiver.await.expect("a panic of the pool ends the whole instance, so the sender is never dropped unsent")
}

#[cfg(not(feature = "threads"))]
async fn in_pool<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Seconds. `Date` is the one clock that pages, workers and rayon's workers share.
fn now() -> f64 {
    js_sys::Date::now() / 1000.0
}

/// A report that grows, and all that is drawn or said of it.
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

    /// Takes in one result; a second one for the same matrix replaces the first.
    pub fn add(&mut self, model: u32, matrix: Ts<Matrix>) -> Result<(), JsError> {
        let matrix = matrix.to_rust()?;
        if let Some(model) = self.report.models.get_mut(model as usize) {
            model.take(matrix);
        }
        Ok(())
    }

    /// Puts all vectors of one matrix into the report, as `Session.vectors` gives them; every other matrix goes back to its corners.
    #[wasm_bindgen(js_name = setVectors)]
    pub fn set_vectors(&mut self, model: u32, name: &str, left: Vec<f32>, right: Vec<f32>) -> Result<(), JsError> {
        let fits = summary::set_vectors(&mut self.report, model as usize, name, left, right);
        fits.then_some(()).ok_or_else(|| JsError::new("The report has no such matrix of as many vectors."))
    }

    /// Which vectors are intruders under one of two settings only, and why.
    pub fn differences(&self, a: Ts<Settings>, b: Ts<Settings>) -> Result<Ts<Differences>, JsError> {
        Ok(summary::differences(&self.report, &a.to_rust()?, &b.to_rust()?).into_ts()?)
    }

    pub fn models(&self, settings: Ts<Settings>) -> Result<Vec<Ts<ModelSummary>>, JsError> {
        let rows = summary::models(&self.report, &settings.to_rust()?);
        Ok(rows.into_iter().map(|r| r.into_ts()).collect::<Result<_, _>>()?)
    }

    pub fn matrices(&self, settings: Ts<Settings>) -> Result<Vec<Ts<MatrixRow>>, JsError> {
        let rows = summary::matrices(&self.report, &settings.to_rust()?);
        Ok(rows.into_iter().map(|r| r.into_ts()).collect::<Result<_, _>>()?)
    }

    pub fn findings(&self, settings: Ts<Settings>) -> Result<Ts<Findings>, JsError> {
        Ok(summary::findings(&self.report, &settings.to_rust()?).into_ts()?)
    }

    /// The height of a figure at the request's width, in CSS pixels.
    pub fn height(&self, request: Ts<Request>) -> Result<f64, JsError> {
        Ok(figures::height(&self.report, &request.to_rust()?))
    }

    /// Draws on a canvas of `width * scale` by `height * scale` device pixels.
    pub fn draw(&self, request: Ts<Request>, canvas: HtmlCanvasElement) -> Result<(), JsError> {
        let request = request.to_rust()?;
        let none = || JsError::new("The canvas gives no drawing context.");
        // The same context that the backend draws on: a canvas has one.
        let context =
            canvas.get_context("2d").ok().flatten().and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok()).ok_or_else(none)?;
        let backend = CanvasBackend::with_canvas_object(canvas).ok_or_else(none)?;
        let blit = |r: &Raster| {
            // The sizes agree, so neither call fails; if one ever does, the map stays blank and the rest is drawn.
            if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&r.rgba), r.width, r.height) {
                let _ = context.put_image_data(&image, f64::from(r.x), f64::from(r.y));
            }
        };
        Ok(figures::draw(&self.report, &request, backend.into_drawing_area(), Some(&blit))?)
    }

    /// The numbers at a place in CSS pixels.
    pub fn hover(&self, request: Ts<Request>, x: f64, y: f64) -> Result<Option<Ts<Readout>>, JsError> {
        readout(figures::hover(&self.report, &request.to_rust()?, x, y))
    }

    /// Moves the crosshair by marks; (0, 0) reads where it is.
    pub fn step(&self, request: Ts<Request>, dx: i32, dy: i32) -> Result<Option<Ts<Readout>>, JsError> {
        readout(figures::step(&self.report, &request.to_rust()?, dx, dy))
    }

    /// The figure in one sentence, for screen readers.
    pub fn alt(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(figures::alt(&self.report, &request.to_rust()?))
    }

    /// The report as JSON, with counts and totals by the settings.
    pub fn json(&self, settings: Ts<Settings>) -> Result<String, JsError> {
        let mut report = self.report.clone();
        summary::apply(&mut report, &settings.to_rust()?);
        Ok(serde_json::to_string(&report)?)
    }
}

fn readout(found: Option<Readout>) -> Result<Option<Ts<Readout>>, JsError> {
    Ok(found.map(|r| r.into_ts()).transpose()?)
}

/// Seconds of the best of `repeats` products of two n x n f32 matrices, for the benchmark.
#[wasm_bindgen(js_name = benchGemm)]
pub fn bench_gemm(n: u32, repeats: u32) -> f64 {
    let n = n as usize;
    let value = |seed: usize| move |i: usize, j: usize| ((i * 31 + j * 17 + seed) % 1009) as f32 / 504.0 - 1.0;
    let (a, b) = (Dense::from_fn(n, n, value(1)), Dense::from_fn(n, n, value(2)));
    let best = |best: f64, _| {
        let begin = now();
        std::hint::black_box(crate::linalg::product::<f32>(&a, &b));
        best.min(now() - begin)
    };
    (0..repeats).fold(f64::INFINITY, best)
}

/// GFLOP/s of multiply-adds on numbers that stay in registers: what 128-bit vectors of one core could do at most.
#[cfg(target_feature = "simd128")]
#[wasm_bindgen(js_name = benchPeak)]
pub fn bench_peak() -> f64 {
    crate::linalg::register_flops(now) / 1e9
}

/// Seconds for the effective rank of a seeded change, as an analysis gets it above the size of exact mode: of an adapter of `rank`
/// from its factors, of a dense change (0) by an estimate.
#[wasm_bindgen(js_name = benchEffectiveRank)]
pub fn bench_effective_rank(rows: u32, cols: u32, rank: u32) -> Result<f64, JsError> {
    let random = |rows: u32, cols: u32, seed: u64| crate::linalg::random(rows as usize, cols as usize, seed);
    let (a, b) = if rank == 0 { (random(rows, cols, 1), None) } else { (random(rank, cols, 1), Some(random(rows, rank, 2))) };
    let begin = now();
    let effective_rank = match &b {
        Some(b) => crate::linalg::low_rank_singular_values(2.0, b, &a).map(|sigma| crate::metrics::effective_rank::effective_rank(&sigma)),
        None => crate::linalg::estimate((&a).into()).map(|spectrum| spectrum.effective_rank(0.0).0),
    };
    std::hint::black_box(effective_rank.map_err(|_| JsError::new("The singular values did not converge."))?);
    Ok(now() - begin)
}
