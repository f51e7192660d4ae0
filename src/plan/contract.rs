//! What the plan says to the page: base, fine-tunes, jobs by type, questions, problems and what is left out.

use crate::report::{FileInfo, Kind, Matching, RunStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Shown before computing. Plain data; the byte ranges stay behind in the session that made it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Everything that is wrong, the most blocking first.
    pub problems: Vec<Problem>,
    /// Each has a default; the plan already follows the defaults or the given answers.
    pub questions: Vec<Question>,
    pub base: Option<PlanBase>,
    pub models: Vec<PlanModel>,
    /// The types of the base's matrices, and which are switched on (the answer `types` lists them with commas between).
    pub types: Vec<PlanType>,
    /// The pattern for names in force (the answer `pattern`), and what is wrong with it.
    pub pattern: String,
    pub pattern_fault: Option<String>,
    /// Whether fused matrices are taken apart (the answer `split`: `yes`); null where there are none, or it is not known how.
    pub split: Option<bool>,
    /// One entry per base matrix that at least one model changes; the unit of work of a run.
    pub matrices: Vec<PlanMatrix>,
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
    pub file: Option<String>,
    pub tensor: Option<String>,
    /// The facts, with numbers.
    pub cause: String,
    /// What to do; null when nothing can be done.
    pub fix: Option<String>,
    /// A command line or snippet that does it.
    pub command: Option<String>,
    /// What it blocks, in words: "Blocks 1 model", "Leaves out 1 matrix". Empty when it blocks nothing.
    pub blocks: String,
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
    /// Why it is asked.
    pub detail: String,
    pub options: Vec<QuestionOption>,
    /// The value in force: the answer given, else the default.
    pub value: String,
    /// True when a positive number of one's own may be given as the answer.
    pub number: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct QuestionOption {
    pub value: String,
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanBase {
    pub label: String,
    pub files: Vec<FileInfo>,
    /// `F32`, `BF16`, or several joined by "+".
    pub dtype: String,
    pub layers: u32,
    /// Matrix types in the order of the network.
    pub types: Vec<String>,
    /// Matrices that qualify for analysis by default.
    pub matrices: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanModel {
    pub label: String,
    pub kind: Kind,
    /// The method as its users call it: "LoRA", "DoRA", "full".
    pub method: String,
    /// How W is made from W0; null for a full fine-tune.
    pub formula: Option<String>,
    /// The largest rank; null for a full fine-tune.
    pub rank: Option<u32>,
    pub alpha: Option<f64>,
    /// Null for a full fine-tune, or when modules differ.
    pub scale: Option<f64>,
    /// The formula and its numbers: "α/r = 2", "α/√r = 5.66", "0.5 to 4, by module"; empty where nothing is scaled.
    pub scale_text: String,
    /// Where the scale comes from: "adapter_config.json", "your answer above"; empty for a full fine-tune.
    pub scale_source: String,
    pub files: Vec<FileInfo>,
    /// Where in a training run it was saved; null where it is the only checkpoint of its run.
    pub run: Option<RunStep>,
    pub matching: Matching,
    /// What to know about this model, short sentences.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PlanMatrix {
    /// The tensor's name in the base.
    pub name: String,
    pub layer: Option<u32>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// "query", "attention output", "MLP up"; "other" where no rule knows the type.
    pub type_label: String,
    pub rows: u32,
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
    #[serde(rename = "type")]
    pub kind: String,
    pub label: String,
    /// Matrices of the base that also fit the pattern.
    pub count: u32,
    pub on: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
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
