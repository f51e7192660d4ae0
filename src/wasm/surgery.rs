//! Surgery, for the engine's worker: matrices that are opened once and asked at every step of a dial, and files of the edited change.

use super::session::{WasmSession, build_name, bytes_of, in_pool, thread_count};
use crate::analyze::surgery::{Patient, SavedFile, Saver, Wanted, beside, open, report};
use crate::export;
use crate::report::Settings;
use crate::report::surgery::{Cut, Operated};
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

/// Bytes of opened matrices that are kept, at most: those that were asked for longest ago are closed first.
const KEPT: usize = 256 << 20;

#[wasm_bindgen(typescript_custom_section)]
const SAVED: &str = r#"
/** A file to be saved. */
export interface SavedFile {
    name: string;
    bytes: Uint8Array<ArrayBuffer>;
}
"#;

/// What a session holds of surgery.
#[derive(Clone, Default)]
pub struct Theatre(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    /// By matrix and model, with the time of the last question.
    open: HashMap<(u32, u32), (u64, Arc<Patient>)>,
    time: u64,
    saver: Option<Saver>,
}

impl Theatre {
    /// A new plan has new matrices.
    pub fn clear(&self) {
        *self.0.borrow_mut() = State::default();
    }

    /// An opened matrix, where its window is long enough.
    fn get(&self, key: (u32, u32), k: u32) -> Option<Arc<Patient>> {
        let state = &mut *self.0.borrow_mut();
        state.time += 1;
        let (asked, patient) = state.open.get_mut(&key).filter(|(_, p)| p.window() >= k)?;
        *asked = state.time;
        Some(patient.clone())
    }

    fn keep(&self, key: (u32, u32), patient: &Arc<Patient>) {
        let state = &mut *self.0.borrow_mut();
        state.open.insert(key, (state.time, patient.clone()));
        while state.open.len() > 1 && state.open.values().map(|(_, p)| p.size()).sum::<usize>() > KEPT {
            let oldest = state
                .open
                .iter()
                .min_by_key(|(_, (time, _))| *time)
                .map(|(key, _)| *key);
            oldest.map(|key| state.open.remove(&key));
        }
    }
}

#[wasm_bindgen(js_class = Session)]
impl WasmSession {
    /// Whether the matrix is open for windows of `k`: its bytes need not be read again.
    #[wasm_bindgen(js_name = isOpen)]
    pub fn is_open(&self, matrix: u32, model: u32, k: u32) -> bool {
        self.1.get((matrix, model), k).is_some()
    }

    /// Every arm at every lambda of a cut, from the bytes of `rangesOf`, or none of them where the matrix is open. Rejects with the reason.
    #[wasm_bindgen(unchecked_return_type = "Promise<Operated>")]
    pub fn operate(
        &self,
        matrix: u32,
        model: u32,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array,
        cut: Ts<Cut>,
    ) -> Result<js_sys::Promise, JsError> {
        let cut = cut.to_rust()?;
        let patient = self.opened(matrix, model, &bytes, cut.k);
        Ok(wasm_bindgen_futures::future_to_promise(async move {
            let patient = patient.await?;
            let found: Result<Operated, String> = in_pool(move || patient.operate(&cut)).await;
            let found = found.map_err(|reason| JsError::new(&reason))?;
            Ok(JsValue::from(found.into_js().map_err(JsError::from)?))
        }))
    }

    /// One matrix under every arm as a report of its own, in JSON: a model per arm. From the bytes of `rangesOf`.
    #[wasm_bindgen(js_name = armsReport, unchecked_return_type = "Promise<string>")]
    pub fn arms_report(
        &self,
        matrix: u32,
        model: u32,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array,
        cut: Ts<Cut>,
        lambda: f64,
    ) -> Result<js_sys::Promise, JsError> {
        let cut = cut.to_rust()?;
        let patient = self.opened(matrix, model, &bytes, cut.k);
        let (job, head) = (self.0.job_of(matrix, model), self.0.head(&build_name(), thread_count()));
        let bytes = bytes_of(&bytes);
        Ok(wasm_bindgen_futures::future_to_promise(async move {
            let job = job.ok_or_else(|| JsError::new("There is no such matrix of this model in the plan."))?;
            let patient = patient.await?;
            let settings = Settings {
                k: cut.k,
                epsilon: cut.epsilon,
                side: cut.side,
                ..Settings::default()
            };
            let entries = in_pool(move || beside(&job, &bytes, &patient, &cut, lambda)).await;
            let entries = entries.map_err(|reason| JsError::new(&reason))?;
            let made =
                report(&head, model, entries).ok_or_else(|| JsError::new("There is no such model in the plan."))?;
            Ok(export::report(&made, &settings).into())
        }))
    }

    /// Begins files of the edited change of one model; matrices are added one after the other.
    #[wasm_bindgen(js_name = beginSaving)]
    pub fn begin_saving(&self, model: u32, wanted: Ts<Wanted>) -> Result<(), JsError> {
        let plan = self.0.planned();
        let label = plan.models.get(model as usize).map_or("", |m| m.label.as_str());
        let base = plan.base.as_ref().map_or("", |b| b.label.as_str());
        self.1.0.borrow_mut().saver = Some(Saver::new(wanted.to_rust()?, label, base));
        Ok(())
    }

    /// Adds a matrix, from the bytes of `rangesOf`, or none where it is open; a file that is full is the answer. What cannot be edited is
    /// named in the README.
    #[wasm_bindgen(js_name = addSaved, unchecked_return_type = "Promise<SavedFile | undefined>")]
    pub fn add_saved(
        &self,
        matrix: u32,
        model: u32,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array,
        k: u32,
    ) -> js_sys::Promise {
        let patient = self.opened(matrix, model, &bytes, k);
        let (theatre, job) = (self.1.clone(), self.0.job_of(matrix, model));
        wasm_bindgen_futures::future_to_promise(async move {
            let job = job.ok_or_else(|| JsError::new("There is no such matrix of this model in the plan."))?;
            let saver = || theatre.0.borrow_mut().saver.take();
            let mut own = saver().ok_or_else(|| JsError::new("No files were begun."))?;
            let patient = match patient.await {
                Ok(patient) => patient,
                Err(_) => {
                    own.leave_out(&job.base.name, "its change cannot be edited");
                    theatre.0.borrow_mut().saver = Some(own);
                    return Ok(JsValue::UNDEFINED);
                }
            };
            let (own, full) = in_pool(move || {
                let full = own.add(&job, model, &patient);
                if let Err(reason) = &full {
                    own.leave_out(&job.base.name, reason);
                }
                (own, full.ok().flatten())
            })
            .await;
            theatre.0.borrow_mut().saver = Some(own);
            full.map_or(Ok(JsValue::UNDEFINED), |file| saved_to_js(&file))
        })
    }

    /// The rest of the files, but for the README.
    #[wasm_bindgen(js_name = finishSaving, unchecked_return_type = "SavedFile[]")]
    pub fn finish_saving(&self) -> Result<Array, JsValue> {
        let files = self
            .1
            .0
            .borrow_mut()
            .saver
            .as_mut()
            .map(Saver::finish)
            .unwrap_or_default();
        files.iter().map(saved_to_js).collect()
    }

    /// The README, with the SHA-256 of every file: `names` and `hashes` in one order.
    #[wasm_bindgen(js_name = savedReadme)]
    pub fn saved_readme(&self, names: Vec<String>, hashes: Vec<String>) -> String {
        let all: Vec<(String, String)> = names.into_iter().zip(hashes).collect();
        self.1
            .0
            .borrow_mut()
            .saver
            .take()
            .map(|saver| saver.readme(&all))
            .unwrap_or_default()
    }
}

impl WasmSession {
    /// The matrix, opened now or before.
    fn opened(
        &self,
        matrix: u32,
        model: u32,
        bytes: &Array,
        k: u32,
    ) -> impl Future<Output = Result<Arc<Patient>, JsError>> + 'static {
        let key = (matrix, model);
        let (theatre, known) = (self.1.clone(), self.1.get(key, k));
        let job = self.0.job_of(matrix, model);
        let bytes = if known.is_some() { Vec::new() } else { bytes_of(bytes) };
        async move {
            if let Some(patient) = known {
                return Ok(patient);
            }
            let job = job.ok_or_else(|| JsError::new("There is no such matrix of this model in the plan."))?;
            let patient = in_pool(move || open(&job, &bytes, model, k)).await;
            let patient = Arc::new(patient.map_err(|reason| JsError::new(&reason))?);
            theatre.keep(key, &patient);
            Ok(patient)
        }
    }
}

fn saved_to_js(file: &SavedFile) -> Result<JsValue, JsValue> {
    let object = Object::new();
    Reflect::set(&object, &"name".into(), &file.name.as_str().into())?;
    Reflect::set(
        &object,
        &"bytes".into(),
        &Uint8Array::from(file.bytes.as_slice()).into(),
    )?;
    Ok(object.into())
}
