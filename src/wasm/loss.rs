//! The loss on texts, for the engine's worker: what a plan's models allow, and one trial at a time, step by step.

use super::session::{ByteRange, WasmSession, bytes_of, in_pool, ranges_to_js};
use crate::loss::{Cutting, Encoded, Need, Part, Question, Row, Subject, Trial, Windows};
use crate::plan::Answers;
use crate::plan::job::Job;
use crate::report::loss::Loss;
use crate::report::surgery::{Arm, Cut};
use crate::session::ranges;
use js_sys::Array;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

/// Bytes of a step that are read before their turn, at most: they lie in memory beside those of the step before them.
const AHEAD: u64 = 64 << 20;

/// A base with its models, as far as their losses can be known.
#[derive(Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LossSubject {
    /// `model_type` of the base.
    pub network: String,
    /// It predicts hidden tokens; the next token otherwise.
    pub masked: bool,
    /// The folder whose `tokenizer.json` is the base's.
    pub folder: String,
    /// Tokens of the longest text; null where only memory sets a limit.
    pub longest: Option<u32>,
    /// Tokens of the longest text that the network was made for; null where its configuration does not say.
    pub made_for: Option<u32>,
    /// Multiplications and additions of one token of one model.
    pub flops: f64,
    /// Of every model of the plan the reason why its loss cannot be known; null where it can.
    pub refused: Vec<Option<String>>,
}

/// A row of a trial.
#[derive(Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LossAsked {
    /// Its number in the plan; null for the base.
    pub model: Option<u32>,
    /// The arm of the surgery.
    pub arm: Option<Arm>,
    /// Its lambda.
    pub lambda: Option<f64>,
    /// The block whose change is undone.
    pub without_layer: Option<u32>,
    /// The type of matrices whose change is undone; with a block, of that block alone.
    pub without_type: Option<String>,
}

/// What is asked of a trial.
#[derive(Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LossQuestion {
    pub texts: Vec<Encoded>,
    /// Tokens of a window at most.
    pub window: u32,
    /// Tokens that a window repeats.
    pub overlap: u32,
    /// The token that hides another; null of a causal network.
    pub mask: Option<u32>,
    /// The base first.
    pub rows: Vec<LossAsked>,
    /// The rule of every row with an arm.
    pub cut: Cut,
    /// Vectors chosen by hand, by matrix.
    pub chosen: HashMap<String, Vec<u32>>,
    /// Bytes that the numbers between layers may take.
    pub memory: f64,
}

/// What a session holds of losses.
#[derive(Clone, Default)]
pub struct Bench(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    subject: Option<Arc<Subject>>,
    trial: Option<Trial>,
    /// The jobs of the step under way.
    jobs: Vec<(Need, Job)>,
}

impl Bench {
    /// A new plan has new models.
    pub fn clear(&self) {
        *self.0.borrow_mut() = State::default();
    }
}

#[wasm_bindgen(js_class = Session)]
impl WasmSession {
    /// The models of the plan as networks. Throws the reason why the base is none that is known here.
    #[wasm_bindgen(js_name = lossSubject)]
    pub fn loss_subject(&self, answers: Ts<Answers>) -> Result<Ts<LossSubject>, JsError> {
        let whole = self.0.whole(&answers.to_rust()?);
        let models = whole.models.len() as u32;
        let folder = whole.folder.clone();
        let subject = Arc::new(Subject::of(whole).map_err(|why| JsError::new(&why))?);
        let told = LossSubject {
            network: subject.network.family.model_type.to_owned(),
            masked: subject.network.family.masked,
            folder,
            longest: subject.longest().map(|n| n as u32),
            made_for: subject.made_for().map(|n| n as u32),
            flops: subject.flops(),
            refused: (0..models).map(|m| subject.refused(m).map(str::to_owned)).collect(),
        };
        self.2.0.borrow_mut().subject = Some(subject);
        Ok(told.into_ts()?)
    }

    /// Begins a trial of the subject that was asked for last.
    #[wasm_bindgen(js_name = beginLoss)]
    pub fn begin_loss(&self, question: Ts<LossQuestion>) -> Result<(), JsError> {
        let asked = question.to_rust()?;
        let subject = self.2.0.borrow().subject.clone();
        let subject = subject.ok_or_else(|| JsError::new("No models were looked at."))?;
        let memory = asked.memory as usize;
        let trial = Trial::new(subject, asked.into_question(), memory).map_err(|why| JsError::new(&why))?;
        let state = &mut *self.2.0.borrow_mut();
        (state.trial, state.jobs) = (Some(trial), Vec::new());
        Ok(())
    }

    /// Whether a trial is under way.
    #[wasm_bindgen(js_name = isLossBegun)]
    pub fn is_loss_begun(&self) -> bool {
        self.2.0.borrow().trial.is_some()
    }

    /// The bytes of the next step, in order; undefined when all is done.
    #[wasm_bindgen(js_name = lossRanges)]
    pub fn loss_ranges(&self) -> Result<Option<Vec<Ts<ByteRange>>>, JsError> {
        let state = &mut *self.2.0.borrow_mut();
        let Some(jobs) = state.trial.as_ref().and_then(Trial::jobs) else {
            return Ok(None);
        };
        let all = jobs.iter().flat_map(|(_, job)| ranges(job)).collect();
        state.jobs = jobs;
        ranges_to_js(all).map(Some)
    }

    /// The bytes of the step after that, which may be read while it works: none where they are many, or where its pass ends.
    #[wasm_bindgen(js_name = lossRangesAhead)]
    pub fn loss_ranges_ahead(&self) -> Result<Option<Vec<Ts<ByteRange>>>, JsError> {
        let state = self.2.0.borrow();
        let jobs = state.trial.as_ref().and_then(Trial::jobs_ahead).unwrap_or_default();
        let all: Vec<_> = jobs.iter().flat_map(|(_, job)| ranges(job)).collect();
        let bytes: u64 = all.iter().map(|range| range.range.end - range.range.start).sum();
        (bytes > 0 && bytes <= AHEAD).then(|| ranges_to_js(all)).transpose()
    }

    /// Takes the bytes of `lossRanges` and goes one step on; the part that is done, from 0 to 1. Rejects with the reason.
    #[wasm_bindgen(js_name = takeLoss, unchecked_return_type = "Promise<number>")]
    pub fn take_loss(&self, #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] bytes: Array) -> js_sys::Promise {
        let bench = self.2.clone();
        let (trial, jobs) = {
            let state = &mut *bench.0.borrow_mut();
            (state.trial.take(), std::mem::take(&mut state.jobs))
        };
        let mut bytes = bytes_of(&bytes).into_iter();
        let by_job: Vec<Vec<Vec<u8>>> = jobs
            .iter()
            .map(|(_, job)| bytes.by_ref().take(job.tensors().len()).collect())
            .collect();
        wasm_bindgen_futures::future_to_promise(async move {
            let mut trial = trial.ok_or_else(|| JsError::new("No trial was begun."))?;
            let (trial, taken) = in_pool(move || {
                let taken = trial.take(&jobs, &by_job);
                (trial, taken)
            })
            .await;
            taken.map_err(|why| JsError::new(&why))?;
            let done = trial.done();
            bench.0.borrow_mut().trial = Some(trial);
            Ok(done.into())
        })
    }

    /// All losses of the trial, which ends.
    #[wasm_bindgen(js_name = lossResult)]
    pub fn loss_result(&self) -> Result<Ts<Loss>, JsError> {
        let trial = self.2.0.borrow_mut().trial.take();
        let trial = trial.ok_or_else(|| JsError::new("No trial was begun."))?;
        Ok(trial.result().into_ts()?)
    }
}

impl LossQuestion {
    fn into_question(self) -> Question {
        let row = |asked: &LossAsked| Row {
            model: asked.model,
            edit: asked.arm.map(|arm| (arm, asked.lambda.unwrap_or(1.0))),
            without: Part::of(asked.without_layer, asked.without_type.clone()),
        };
        let rows: Vec<Row> = self.rows.iter().map(row).collect();
        let edited: BTreeSet<u32> = rows
            .iter()
            .filter(|row| row.edit.is_some())
            .filter_map(|row| row.model)
            .collect();
        let cutting = Cutting {
            cut: self.cut.clone(),
            chosen: self.chosen,
        };
        Question {
            cuts: edited.into_iter().map(|model| (model, cutting.clone())).collect(),
            texts: self.texts,
            windows: Windows {
                length: self.window.max(2) as usize,
                overlap: self.overlap as usize,
            },
            mask: self.mask,
            rows,
            cut: self.cut,
        }
    }
}
