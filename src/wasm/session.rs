//! `WasmSession`, for the engine's worker: files, their headers, the plan and the analysis.

use super::loss::Bench;
use super::surgery::Theatre;
use crate::analyze::{Vectors, analyze, foresee, vectors};
use crate::plan::job::Job;
use crate::plan::{Answers, Plan};
use crate::report::{Matrix, Report, Task};
use crate::session::{FileRange, Session};
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

/// `begin..end` of one file, in bytes. As f64: exact up to 2^53, and no detour over BigInt.
#[derive(Serialize, Deserialize, Tsify)]
pub struct ByteRange {
    pub file: u32,
    pub begin: f64,
    pub end: f64,
}

/// The result of one matrix in one model.
#[derive(Serialize, Deserialize, Tsify)]
#[tsify(hashmap_as_object)]
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

/// The key of one model's numbers in one matrix: its tensors (indices into the matrix's ranges) and everything else they depend on, in words.
#[derive(Serialize, Deserialize, Tsify)]
pub struct MatrixKey {
    pub model: u32,
    pub tensors: Vec<u32>,
    pub recipe: String,
}

/// The name of this build: `threads+relaxed-simd`, `threads+simd`, `simd` or `scalar`.
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

/// The number of threads that compute. Call it in the worker, once the pool stands: elsewhere the first question would start a pool.
#[wasm_bindgen(js_name = threadCount)]
pub fn thread_count() -> u32 {
    rayon::current_num_threads() as u32
}

/// Files, their headers, the plan and the analysis.
#[wasm_bindgen(js_name = Session)]
pub struct WasmSession(pub(super) Session, pub(super) Theatre, pub(super) Bench);

#[wasm_bindgen(js_class = Session)]
impl WasmSession {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> WasmSession {
        console_error_panic_hook::set_once();
        WasmSession(Session::default(), Theatre::default(), Bench::default())
    }

    /// Adds a file; the answer is its number.
    #[wasm_bindgen(js_name = addFile)]
    pub fn add_file(&mut self, path: &str, size: f64) -> u32 {
        self.0.add_file(path, size as u64)
    }

    /// The range to read next; none when the header is known.
    pub fn wants(&self, file: u32) -> Result<Option<Ts<ByteRange>>, JsError> {
        let range = self.0.wants(file).map(|r| ByteRange {
            file,
            begin: r.start as f64,
            end: r.end as f64,
        });
        Ok(range.map(|r| r.into_ts()).transpose()?)
    }

    pub fn supply(&mut self, file: u32, bytes: &[u8]) {
        self.0.supply(file, bytes);
    }

    /// The file could not be read.
    pub fn unreadable(&mut self, file: u32, message: &str) {
        self.0.unreadable(file, message);
    }

    /// The engine stopped over the file in an earlier life: it is not read again.
    pub fn stopped(&mut self, file: u32) {
        self.0.stopped(file);
    }

    pub fn plan(&mut self, answers: Ts<Answers>) -> Result<Ts<Plan>, JsError> {
        let answers = answers.to_rust()?;
        self.1.clear();
        self.2.clear();
        Ok(self.0.plan(&answers).into_ts()?)
    }

    /// The report of the plan in force, without matrices.
    pub fn head(&self) -> Result<Ts<Report>, JsError> {
        Ok(self.0.head(&build_name(), thread_count()).into_ts()?)
    }

    /// The ranges to read for one matrix of the plan.
    pub fn ranges(&self, matrix: u32) -> Result<Vec<Ts<ByteRange>>, JsError> {
        ranges_to_js(self.0.ranges(matrix))
    }

    /// The ranges to read for [`WasmSession::vectors`].
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
        let (task, bytes) = (task.to_rust()?, bytes_of(&bytes));
        let work = move |job: &Job| analyze(job, &bytes, &task, now);
        Ok(of_job(self.0.job(matrix), work, outcomes_to_js))
    }

    /// The margins of one matrix's changes to the threshold, from the bytes of its ranges: none of its vectors is compared.
    #[wasm_bindgen(unchecked_return_type = "Promise<Foreseen[]>")]
    pub fn foresee(
        &self,
        matrix: u32,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array,
        task: Ts<Task>,
    ) -> Result<js_sys::Promise, JsError> {
        let (task, bytes) = (task.to_rust()?, bytes_of(&bytes));
        let work = move |job: &Job| foresee(job, &bytes, &task);
        Ok(of_job(self.0.job(matrix), work, |found| list_to_js(found.into_iter())))
    }

    /// All pre-trained vectors of one matrix against all of one model's, from the bytes of `rangesOf`. Rejects with the reason.
    #[wasm_bindgen(unchecked_return_type = "Promise<AllVectors>")]
    pub fn vectors(
        &self,
        matrix: u32,
        model: u32,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array,
    ) -> js_sys::Promise {
        let job = self.0.job_of(matrix, model);
        let bytes = bytes_of(&bytes);
        wasm_bindgen_futures::future_to_promise(async move {
            let job = job.ok_or_else(|| JsError::new("There is no such matrix of this model in the plan."))?;
            let found = in_pool(move || vectors(&job, &bytes, model, now)).await;
            vectors_to_js(found.map_err(|reason| JsError::new(&reason))?)
        })
    }

    /// The keys under which finished results of a matrix are found again, one per model.
    pub fn keys(&self, matrix: u32, task: Ts<Task>) -> Result<Vec<Ts<MatrixKey>>, JsError> {
        let task = task.to_rust()?;
        let keys = self.0.keys(matrix, &task).into_iter();
        Ok(keys
            .map(|(model, tensors, recipe)| MatrixKey { model, tensors, recipe }.into_ts())
            .collect::<Result<_, _>>()?)
    }

    /// The outcomes of a matrix whose bytes could not be read.
    #[wasm_bindgen(unchecked_return_type = "Outcome[]")]
    pub fn failed(&self, matrix: u32, reason: &str) -> Result<JsValue, JsError> {
        outcomes_to_js(self.0.failed(matrix, reason))
    }
}

pub(super) fn bytes_of(tensors: &Array) -> Vec<Vec<u8>> {
    tensors
        .iter()
        .map(|tensor| tensor.unchecked_into::<Uint8Array>().to_vec())
        .collect()
}

pub(super) fn ranges_to_js(ranges: Vec<FileRange>) -> Result<Vec<Ts<ByteRange>>, JsError> {
    let convert = |r: FileRange| ByteRange {
        file: r.file,
        begin: r.range.start as f64,
        end: r.range.end as f64,
    };
    Ok(ranges
        .into_iter()
        .map(|r| convert(r).into_ts())
        .collect::<Result<_, _>>()?)
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
    list_to_js(outcomes.into_iter().map(|(model, matrix)| Outcome { model, matrix }))
}

fn list_to_js<T: Tsify + Serialize>(list: impl Iterator<Item = T>) -> Result<JsValue, JsError> {
    let array = Array::new();
    for one in list {
        array.push(&one.into_js()?.into());
    }
    Ok(array.into())
}

/// Works on a matrix of the plan in the pool, and hands over what comes of it.
fn of_job<T: Send + 'static>(
    job: Option<Arc<Job>>,
    work: impl FnOnce(&Job) -> T + Send + 'static,
    to_js: impl FnOnce(T) -> Result<JsValue, JsError> + 'static,
) -> js_sys::Promise {
    wasm_bindgen_futures::future_to_promise(async move {
        let job = job.ok_or_else(|| JsError::new("There is no such matrix in the plan."))?;
        to_js(in_pool(move || work(&job)).await).map_err(JsValue::from)
    })
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
pub(super) async fn in_pool<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = futures_channel::oneshot::channel();
    rayon::spawn(move || {
        // The receiver is gone only when the page has stopped waiting.
        let _ = sender.send(work());
    });
    receiver
        .await
        .expect("a panic of the pool ends the whole instance, so the sender is never dropped unsent")
}

#[cfg(not(feature = "threads"))]
pub(super) async fn in_pool<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// A clock in seconds. `Date` is the one clock that pages, workers and rayon's workers share.
pub(super) fn now() -> f64 {
    js_sys::Date::now() / 1000.0
}
