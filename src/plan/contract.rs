//! The plan as the page receives it: base, fine-tunes, jobs by type, questions, problems and what is left out.

#![warn(missing_docs)]

use crate::report::{FileInfo, Kind, Matching, RunStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The plan, shown before anything is computed. Plain data; the byte ranges stay behind in the session that made it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// All problems, the most blocking first.
    pub problems: Vec<Problem>,
    /// Each has a default; the plan already follows the defaults or the given answers.
    pub questions: Vec<Question>,
    /// The pre-trained model; null where none was found.
    pub base: Option<PlanBase>,
    /// Its fine-tunes.
    pub models: Vec<PlanModel>,
    /// The types of the base's matrices, and which are switched on (the answer `types` lists them with commas between).
    pub types: Vec<PlanType>,
    /// The pattern for names in force (the answer `pattern`), and what is wrong with it.
    pub pattern: String,
    /// The reason why the pattern is not valid; null where it is.
    pub pattern_fault: Option<String>,
    /// Whether fused matrices are taken apart (the answer `split`: `yes`); null where there are none, or it is not known how.
    pub split: Option<bool>,
    /// One entry per base matrix that at least one model changes; the unit of work of a run.
    pub matrices: Vec<PlanMatrix>,
    /// Tensors that are not analysed, with the reasons.
    pub left_out: Vec<LeftOut>,
    /// All files read, in order of arrival.
    pub files: Vec<FileInfo>,
    /// Floating-point operations of the whole run, estimated.
    pub flops: f64,
    /// Bytes that one worker thread needs for the largest matrix, estimated.
    pub memory: f64,
}

/// Something wrong with a file, a tensor or a model. One is shown as one `error` element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A stable word, for example `truncated`.
    pub code: String,
    /// One short sentence: what is wrong.
    pub title: String,
    /// The path of the file that it is about.
    pub file: Option<String>,
    /// The name of the tensor that it is about.
    pub tensor: Option<String>,
    /// The facts, with numbers.
    pub cause: String,
    /// The step that helps; null when nothing can be done.
    pub fix: Option<String>,
    /// A command line or snippet that does it.
    pub command: Option<String>,
    /// Its consequence, in words: "Blocks 1 model", "Leaves out 1 matrix". Empty when it blocks nothing.
    pub blocks: String,
    /// Whether something cannot be analysed.
    pub severity: Severity,
}

impl Problem {
    /// A name may be as long as a file allows, and a value of a configuration too; nobody reads more.
    const MOST_LETTERS: usize = 2000;

    pub(super) fn clip(&mut self) {
        let texts = [&mut self.title, &mut self.cause, &mut self.blocks];
        let others = [&mut self.file, &mut self.tensor, &mut self.fix, &mut self.command];
        for text in texts.into_iter().chain(others.into_iter().flatten()) {
            if let Some((at, _)) = text.char_indices().nth(Problem::MOST_LETTERS) {
                text.truncate(at);
                text.push('…');
            }
        }
    }
}

/// The weight of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Something cannot be analysed.
    Error,
    /// The numbers stand, but read this.
    Warning,
}

/// A doubt, with a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The key of the answer.
    pub id: String,
    /// The question itself, bold: "What is α for “legal-r64”?"
    pub title: String,
    /// The reason for the question.
    pub detail: String,
    /// The possible answers.
    pub options: Vec<QuestionOption>,
    /// The value in force: the answer given, else the default.
    pub value: String,
    /// True when a positive number of one's own may be given as the answer.
    pub number: bool,
}

/// One answer to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct QuestionOption {
    /// The answer as `Answers` holds it.
    pub value: String,
    /// Its name for readers.
    pub label: String,
    /// Faint words after the label, for example "default: the paper's choice".
    pub note: String,
}

/// Answers by question id.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Answers(pub BTreeMap<String, String>);

impl Answers {
    /// Pairs that somebody made by hand for one model: answers `pair:LABEL:TUNED NAME`, each the name in the base.
    pub(super) fn by_hand(&self, label: &str) -> BTreeMap<String, String> {
        let start = format!("pair:{label}:");
        self.0
            .iter()
            .filter_map(|(k, v)| Some((k.strip_prefix(&start)?.to_owned(), v.clone())))
            .collect()
    }
}

/// The pre-trained model that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanBase {
    /// Its name, from folder or file.
    pub label: String,
    /// The files that hold it.
    pub files: Vec<FileInfo>,
    /// `F32`, `BF16`, or several joined by "+".
    pub dtype: String,
    /// Its numbered blocks.
    pub layers: u32,
    /// Matrix types in the order of the network.
    pub types: Vec<String>,
    /// Matrices that qualify for analysis by default.
    pub matrices: u32,
}

/// One fine-tune that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanModel {
    /// Its name, from folder or file.
    pub label: String,
    /// The kind of fine-tune.
    pub kind: Kind,
    /// The method as its users call it: "LoRA", "DoRA", "full".
    pub method: String,
    /// The formula for W from W0; null for a full fine-tune.
    pub formula: Option<String>,
    /// The largest rank; null for a full fine-tune.
    pub rank: Option<u32>,
    /// LoRA’s alpha; null where modules differ, or the method has none.
    pub alpha: Option<f64>,
    /// Null for a full fine-tune, or when modules differ.
    pub scale: Option<f64>,
    /// The formula and its numbers: "α/r = 2", "α/√r = 5.66", "0.5 to 4, by module"; empty where nothing is scaled.
    pub scale_text: String,
    /// The source of the scale: "adapter_config.json", "your answer above"; empty for a full fine-tune.
    pub scale_source: String,
    /// The files that hold it.
    pub files: Vec<FileInfo>,
    /// The step of a training run at which it was saved; null where it is the only checkpoint of its run.
    pub run: Option<RunStep>,
    /// The pairing of its names with the base's.
    pub matching: Matching,
    /// Short sentences to know about this model.
    pub notes: Vec<String>,
}

/// One matrix of the base that will be computed, for all models that change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanMatrix {
    /// The tensor's name in the base.
    pub name: String,
    /// The number of its block, from 0.
    pub layer: Option<u32>,
    /// q, k, v, o, ...; null where no rule knows it.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// "query", "attention output", "MLP up"; "other" where no rule knows the type.
    pub type_label: String,
    /// Outputs.
    pub rows: u32,
    /// Inputs.
    pub cols: u32,
    /// Indices into `models`.
    pub models: Vec<u32>,
    /// Bytes of memory while it is computed, estimated.
    pub memory: f64,
    /// Floating-point operations in the default mode, estimated.
    pub flops: f64,
}

/// A type of matrices that can be switched on and off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanType {
    /// q, k, v, o, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name for readers.
    pub label: String,
    /// Matrices of the base that also fit the pattern.
    pub count: u32,
    /// Whether it is analysed.
    pub on: bool,
}

/// Tensors that are not analysed, for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Tensors.
    pub count: u32,
    /// "norms and biases: one-dimensional, no singular vectors"
    pub what: String,
    /// The first of them.
    pub names: Vec<String>,
}

impl LeftOut {
    /// A checkpoint may have hundreds of thousands of tensors; nobody reads so long a list.
    const MOST_NAMES: usize = 500;

    pub(super) fn new(what: impl Into<String>, names: Vec<String>) -> LeftOut {
        LeftOut {
            count: names.len() as u32,
            what: what.into(),
            names: names.into_iter().take(LeftOut::MOST_NAMES).collect(),
        }
    }
}
