//! The report: plain data, the boundary between computing and showing. Everything before it computes; figures, exports and the page only read it.
//!
//! Its JSON form is the public contract `lorascope-report/1`. Arrays over `j` run by descending singular value of the tuned matrix; `j` counts from 0.

#![warn(missing_docs)]

/// Losses on texts.
pub mod loss;
/// Panels that lessons draw beside the figures.
#[cfg(feature = "page")]
pub mod panel;
/// Presets: rules with a name.
pub mod presets;
/// Surgery: edits of a change, with their controls.
pub mod surgery;

#[cfg(feature = "page")]
use crate::report::panel::Panel;
use loss::Loss;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of the JSON form.
pub const SCHEMA: &str = "lorascope-report/1";

/// The data of one run: one base and its fine-tunes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that computed it.
    pub generator: Generator,
    /// The rule that its counts follow.
    pub settings: Settings,
    /// The pre-trained model.
    pub base: Base,
    /// Its fine-tunes, in the order of the page.
    pub models: Vec<Model>,
    /// Losses on texts, where they were computed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loss: Option<Loss>,
    /// The panels of a lesson, beside the figures of the paper; none in a report of files.
    #[cfg(feature = "page")]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub panels: Vec<Panel>,
}

impl Report {
    /// Puts the hash of a file wherever the report names the file.
    pub fn set_hash(&mut self, file: &str, sha256: &str) {
        let models = self.models.iter_mut().map(|m| &mut m.files);
        let all = std::iter::once(&mut self.base.files).chain(models).flatten();
        all.filter(|f| f.name == file)
            .for_each(|f| f.sha256 = Some(sha256.to_owned()));
    }
}

/// The program that computed the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// `lorascope`.
    pub name: String,
    /// The version of the program, as its package has it.
    pub version: String,
    /// `threads+relaxed-simd`, `threads+simd`, `simd` or `scalar`.
    pub build: String,
    /// Threads that computed; 1 where the build has none.
    pub threads: u32,
    /// The version of the computation, [`ENGINE`] of that program; absent before 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<u32>,
}

/// Counts every change after which the same files may give other numbers: results of another one are not used.
pub const ENGINE: u32 = 9;

/// The first engine whose bounds are proved: before it those of certified mode could be wrong.
const FIRST_PROVED: u32 = 7;

impl Generator {
    /// False where a certified best match may be larger than it says.
    pub fn proves_bounds(&self) -> bool {
        self.engine.is_some_and(|engine| engine >= FIRST_PROVED)
    }

    /// This version of this program.
    pub fn new(build: &str, threads: u32) -> Generator {
        Generator {
            name: "lorascope".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            build: build.into(),
            threads,
            engine: Some(ENGINE),
        }
    }
}

/// The rule by which vectors are counted. `k`, `epsilon` and `side` may change after computing; nothing is computed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The window: the number of strongest tuned vectors that are looked at.
    pub k: u32,
    /// A vector whose best match is strictly below this is an intruder.
    pub epsilon: f64,
    /// The singular vectors that are compared.
    pub side: Side,
    /// The kind of cosine, with or without its sign.
    pub cosine: Cosine,
    /// The decomposition.
    pub svd: SvdKind,
    /// Exact, certified, or what costs less.
    pub mode: Mode,
    /// The rule’s name in [`presets`], `custom` where it has none.
    pub preset: String,
}

impl Default for Settings {
    /// The "official code" preset: left vectors, |cos|, thin SVD, k = 10, epsilon = 0.5.
    fn default() -> Self {
        Settings {
            k: 10,
            epsilon: 0.5,
            side: Side::Left,
            cosine: Cosine::Absolute,
            svd: SvdKind::Thin,
            mode: Mode::default(),
            preset: "official".into(),
        }
    }
}

/// The part of a result that a run must settle; more is computed where it costs little.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Exact, certified, or what costs less.
    pub mode: Mode,
    /// The window: how many of the strongest tuned vectors must be settled.
    pub k: u32,
    /// The threshold of the verdicts.
    pub epsilon: f64,
    /// The side of the verdicts.
    pub side: Side,
}

/// The shorter side of a matrix up to which `auto` computes everything.
pub const EXACT_UP_TO: u32 = 1024;

/// The longest window that a slider offers.
pub const LONGEST_WINDOW: u32 = 100;

/// The number of strongest vectors, on either side, in the corner that is kept of a similarity matrix.
pub const CORNER: usize = 32;

impl From<&Settings> for Task {
    fn from(s: &Settings) -> Task {
        Task {
            mode: s.mode,
            k: s.k,
            epsilon: s.epsilon,
            side: s.side,
        }
    }
}

/// The singular vectors that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// U, the directions of outputs.
    Left,
    /// V, the directions of inputs.
    Right,
    /// A vector counts when it is new on both sides: the larger of the two cosines is below epsilon.
    Both,
}

/// The kind of cosine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Cosine {
    /// |cos|, as the official code counts: a singular vector has no sign.
    Absolute,
    /// cos as the decompositions gave it, exactly as in the paper’s Fig. 4.
    Signed,
}

/// The decomposition that is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum SvdKind {
    /// min(rows, cols) vectors per side.
    Thin,
}

/// The mode of the computation of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Full spectra, all cosines.
    Exact,
    /// The leading vectors, and a bound for what the rest of the base may hold.
    Certified,
    /// Exact where that is cheap; certified above, with exact where a verdict stays open.
    #[default]
    Auto,
}

/// The pre-trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Base {
    /// Its name, from folder or file.
    pub label: String,
    /// The files that hold it.
    pub files: Vec<FileInfo>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FileInfo {
    /// Its path as it was dropped.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The hash of the whole file, in hexadecimal; absent until it is computed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
}

/// One fine-tune of the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its name, from folder or file, or as the reader renamed it.
    pub label: String,
    /// The kind of fine-tune.
    pub kind: Kind,
    /// The formula for W from W0; null for a full fine-tune.
    pub formula: Option<String>,
    /// The largest rank over the adapter's modules; null for a full fine-tune.
    pub rank: Option<u32>,
    /// LoRA’s alpha; null where modules differ, or the method has none.
    pub alpha: Option<f64>,
    /// The scale of B A. Null when modules differ (patterns) or for a full fine-tune.
    pub scale: Option<f64>,
    /// The files that hold it.
    pub files: Vec<FileInfo>,
    /// The step of a training run at which it was saved; null where it is the only checkpoint of its run.
    pub run: Option<RunStep>,
    /// The pairing of its names with the base's.
    pub matching: Matching,
    /// The tensors of each matrix, so that its numbers can be computed again elsewhere.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// One entry for every matrix of the plan that is done.
    pub matrices: Vec<Matrix>,
    /// Sums over them.
    pub totals: Totals,
    /// Its surgery, where there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub surgery: Option<surgery::Surgery>,
}

impl Model {
    /// All but its matrices and where they came from: those are what weighs.
    pub fn bare(&self) -> Model {
        Model {
            label: self.label.clone(),
            kind: self.kind,
            formula: self.formula.clone(),
            rank: self.rank,
            alpha: self.alpha,
            scale: self.scale,
            files: self.files.clone(),
            run: self.run.clone(),
            matching: self.matching.clone(),
            sources: Vec::new(),
            matrices: Vec::new(),
            totals: self.totals.clone(),
            surgery: self.surgery.clone(),
        }
    }
}

/// The tensors of one matrix of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The base's: also the name of the matrix.
    pub base: TensorSource,
    /// The tensors by part: `W` for a stored matrix, `lora_A`, `lora_B`, ... for an adapter's.
    pub parts: Vec<TensorSource>,
    /// The scale of the change; null where it is stored in a tensor, or there is none.
    pub scale: Option<f64>,
    /// LoRA's alpha of this module, where the scale is made from it and it is stored beside the tensors; absent in older reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alpha: Option<f64>,
    /// Stored as `[in, out]`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub transposed: bool,
    /// Codes, or some rows or columns of a larger tensor: more than a name is needed to read it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub intricate: bool,
}

/// One tensor, by the file that holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct TensorSource {
    /// `W`, `lora_A`, `lora_B`, ...
    pub part: String,
    /// The file’s path.
    pub file: String,
    /// The tensor’s name in that file.
    pub tensor: String,
}

/// The kind of a fine-tune, by the method of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// All weights, stored whole.
    Full,
    /// Hu et al. 2021: s B A.
    Lora,
    /// Liu et al. 2024: direction by LoRA, magnitude apart.
    Dora,
    /// Zhang et al. 2023: s B diag(E) A.
    Adalora,
    /// Meng et al. 2024: LoRA that begins at the base’s strongest vectors.
    Pissa,
    /// Büyükakyüz 2024: LoRA that begins at a QR of the base.
    Olora,
    /// LyCORIS: a Hadamard product of two low-rank matrices.
    Loha,
    /// LyCORIS: a Kronecker product.
    Lokr,
    /// Kopiczko et al. 2024: shared random matrices, scaled by vectors.
    Vera,
    /// Liu et al. 2022: rows or columns scaled.
    Ia3,
    /// Huang et al. 2025: W0 times B A, entry by entry.
    Hira,
    /// Yuan et al. 2024: Householder reflections of the inputs.
    Hra,
    /// Qiu et al. 2023: an orthogonal matrix in blocks.
    Oft,
    /// The change itself, stored.
    Diff,
}

impl Kind {
    /// The name that its users know.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Full => "full",
            Kind::Lora => "LoRA",
            Kind::Dora => "DoRA",
            Kind::Adalora => "AdaLoRA",
            Kind::Pissa => "PiSSA",
            Kind::Olora => "OLoRA",
            Kind::Loha => "LoHa",
            Kind::Lokr => "LoKr",
            Kind::Vera => "VeRA",
            Kind::Ia3 => "IA³",
            Kind::Hira => "HiRA",
            Kind::Hra => "HRA",
            Kind::Oft => "OFT",
            Kind::Diff => "stored change",
        }
    }
}

/// One checkpoint of several of a training run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct RunStep {
    /// The folder of the run; empty where the checkpoints were dropped without one.
    pub run: String,
    /// The training step in the name of folder or file.
    pub step: u64,
}

/// The pairing of a fine-tune's names with the base's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Matching {
    /// The rules of the pairing in words, for example `strip 'base_model.model.'`.
    pub rules: Vec<String>,
    /// Modules of the fine-tune that have a partner in the base.
    pub matched: u32,
    /// Modules of the fine-tune.
    pub total: u32,
    /// Names of those without.
    pub unmatched: Vec<String>,
    /// Names of the base that the fine-tune does not have.
    pub only_in_base: Vec<String>,
}

/// One weight matrix of one fine-tune, taken as `[out, in]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "camelCase")]
pub struct Matrix {
    /// The tensor's name in the base.
    pub name: String,
    /// The number of its block, from 0; null outside of blocks.
    pub layer: Option<u32>,
    /// q, k, v, o, up, down, gate, qkv, ... ; null when no rule knows it.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Outputs.
    pub rows: u32,
    /// Inputs.
    pub cols: u32,
    /// Whether it was analyzed.
    pub status: Status,
    /// The mode of the computation, `exact` or `certified`; null where nothing was computed.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The reason why the matrix is not `analyzed`, or a caveat about its numbers.
    pub reason: Option<String>,
    /// Singular values of W0, descending: all in exact mode, the leading ones in certified.
    pub sigma_base: Vec<f32>,
    /// Singular values of W, likewise.
    pub sigma_tuned: Vec<f32>,
    /// What of W0's singular values certified mode does not know one by one; absent in exact mode, which knows all, and in older reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bulk: Option<Bulk>,
    /// Best matches of the columns of U; null where nothing was computed.
    pub left: Option<Match>,
    /// Best matches of the columns of V.
    pub right: Option<Match>,
    /// The count, by the settings of the report.
    pub intruders: Option<u32>,
    /// The change W - W0; null where nothing was computed.
    pub delta: Option<Delta>,
    /// The corner of the left side’s cosines, [`CORNER`] by [`CORNER`] at most.
    pub similarity: Option<Similarity>,
    /// |u_i . u_j| of the strongest left vectors of the run's checkpoint before (rows) and of this one (columns).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub follows: Option<Similarity>,
    /// max_j ||W v_j - sigma_j u_j|| / sigma_1 over both decompositions.
    pub residual: Option<f64>,
    /// The norm of what rounding W to bf16 would add to it, or has added: a bound but for chance. Exact mode has it; absent in older reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rounding: Option<f32>,
    /// False where the margin to epsilon is smaller than the error.
    pub certified: bool,
    /// Time that it took to compute, in seconds.
    pub seconds: f64,
}

/// The singular values of W0 behind the leading ones as a measure, by stochastic Lanczos quadrature (Ubaru, Chen, Saad 2017) from several random
/// starts: a mean over the probes estimates a sum over the values, and how they differ is its standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Bulk {
    /// The number of values of `sigma_base` that it leaves out, from the first on.
    pub leading: u32,
    /// Each stands for all the other values.
    pub probes: Vec<Probe>,
}

/// One random start's quadrature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Singular values.
    pub sigma: Vec<f32>,
    /// How many values each of them stands for.
    pub count: Vec<f32>,
}

/// The outcome of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It has numbers.
    Analyzed,
    /// The tuned matrix equals the base bit for bit: every vector is its own best match.
    Unchanged,
    /// Left out, for the `reason`.
    Skipped,
    /// Not computed, for the `reason`.
    Failed,
}

/// The best match of every tuned vector among all base vectors of one side.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// max over i of |u_j . u0_i|, in [0, 1].
    pub max_cos: Vec<f32>,
    /// Present where only a bound is known: the truth lies in `[max_cos, max_cos_upper]`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_cos_upper: Option<Vec<f32>>,
    /// The i of the best match, from 0.
    pub argmax: Vec<u32>,
    /// Present where the best match has near-tied neighbours in the base: the cosine between u_j and the space they span (the
    /// best match itself elsewhere). A rotated tie scores low against each vector and high against their space.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tied_cos: Option<Vec<f32>>,
    /// max over i of u_j . u0_i with the signs that the decompositions gave, in [-1, 1]. A singular vector has no sign: this is the paper's
    /// Fig. 4 exactly, and invents intruders at random. Present in exact mode.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signed_cos: Option<Vec<f32>>,
    /// What the first vectors are made of, over all base vectors. Exact mode has it; absent in older reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub makeup: Option<Makeup>,
    /// How far computed vectors may be off the true ones. Certified mode has it; absent in older reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub turns: Option<Turns>,
    /// |u0_i . u_j| of this side, where more is known than the matrix's `similarity`: every pre-trained vector (rows) against the first
    /// fine-tuned ones (columns), or the leading corner of the right side.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub vectors: Option<Similarity>,
}

/// Sums over the cosines of the first tuned vectors, [`LONGEST_WINDOW`] at most, with all base vectors of their side.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Makeup {
    /// 1 / sum of cos⁴: over how many base vectors it is spread; 1e10 where it meets none.
    pub spread: Vec<f32>,
    /// The largest sum of cos² over a block of tied base vectors, in [0, 1].
    pub block: Vec<f32>,
    /// The first base vector of that block, from 0.
    pub block_first: Vec<u32>,
    /// 1 - sum of cos², in [0, 1]; empty where the base vectors are a basis.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub outside: Vec<f32>,
}

impl Makeup {
    /// Leaves the first vectors.
    pub fn cut(&mut self, most: usize) {
        for list in [&mut self.spread, &mut self.block, &mut self.outside] {
            list.truncate(most);
        }
        self.block_first.truncate(most);
    }
}

/// Angles in radians, right angles where nothing is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Turns {
    /// Between each tuned vector of the map of cosines and the true one, at most.
    pub tuned: Vec<f32>,
    /// Between the span of the first i + 1 base vectors of that map and the true one, at most.
    pub base: Vec<f32>,
}

/// The change dW = W - W0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "camelCase")]
pub struct Delta {
    /// exp of the entropy of its normalised singular values (Roy and Vetterli 2007; section 3 of the paper).
    pub effective_rank: f64,
    /// ||dW||_F² / sigma_1².
    pub stable_rank: f64,
    /// ||dW||_F.
    pub frobenius: f64,
    /// All singular values; none where only an estimate was made.
    pub sigma: Vec<f32>,
    /// The relative standard error of `effective_rank`, where it is an estimate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effective_rank_error: Option<f64>,
    /// The floor of rounding, where the change sinks into the rounding of the weights as stored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub floor: Option<Floor>,
    /// Every other measure of a change that the program knew, by its id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub measures: BTreeMap<String, f64>,
    /// Their relative standard errors, where they are estimates.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub measure_errors: BTreeMap<String, f64>,
}

impl Delta {
    /// The number of a measure by its id, and its relative standard error where it is an estimate.
    pub fn measure(&self, id: &str) -> Option<(f64, Option<f64>)> {
        match id {
            "effective-rank" => Some((self.effective_rank, self.effective_rank_error)),
            "stable-rank" => Some((self.stable_rank, None)),
            "frobenius" => Some((self.frobenius, None)),
            _ => Some((*self.measures.get(id)?, self.measure_errors.get(id).copied())),
        }
    }

    /// The first three have fields of their own, as they were there before the others.
    pub fn set_measure(&mut self, id: &str, value: f64, error: Option<f64>) {
        match id {
            "effective-rank" => (self.effective_rank, self.effective_rank_error) = (value, error),
            "stable-rank" => self.stable_rank = value,
            "frobenius" => self.frobenius = value,
            _ => {
                self.measures.insert(id.to_owned(), value);
                self.measure_errors.extend(error.map(|error| (id.to_owned(), error)));
            }
        }
    }
}

/// Rounding to 16 bits, or to the 4 or 8 of a packed base, adds noise of full rank to a change: below `sigma` there is nothing but that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    /// The largest singular value that rounding alone would give.
    pub sigma: f32,
    /// The number of singular values above it.
    pub above: u32,
    /// The effective rank of those above.
    pub effective_rank: f64,
}

/// |u0_i . u_j| of the strongest vectors: rows pre-trained, columns fine-tuned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Similarity {
    /// Pre-trained vectors.
    pub rows: u32,
    /// Fine-tuned vectors.
    pub cols: u32,
    /// Row-major.
    pub values: Vec<f32>,
}

impl Similarity {
    /// All of a matrix of cosines, whatever their signs.
    pub fn of(rows: usize, cols: usize, at: impl Fn(usize, usize) -> f32) -> Similarity {
        let values = (0..rows)
            .flat_map(|i| (0..cols).map(move |j| (i, j)))
            .map(|(i, j)| at(i, j).abs().min(1.0))
            .collect();
        Similarity {
            rows: rows as u32,
            cols: cols as u32,
            values,
        }
    }

    /// The corner that is kept.
    pub fn corner(rows: usize, cols: usize, at: impl Fn(usize, usize) -> f32) -> Similarity {
        Similarity::of(rows.min(CORNER), cols.min(CORNER), at)
    }

    /// Row i, column j, from 0; no number beyond its values.
    pub fn at(&self, i: usize, j: usize) -> f32 {
        let place = i.checked_mul(self.cols as usize).and_then(|row| row.checked_add(j));
        place.and_then(|at| self.values.get(at)).copied().unwrap_or(f32::NAN)
    }
}

/// The totals over a model’s matrices under the settings of the report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Sum of the counts.
    pub intruders: u32,
    /// Matrices with an entry.
    pub matrices: u32,
    /// The number of them that are equal to the base.
    pub unchanged: u32,
    /// The number of them that are left out.
    pub skipped: u32,
    /// The number of them that are not computed.
    pub failed: u32,
    /// The mean over analyzed and unchanged matrices; null when there is none.
    pub mean_effective_rank: Option<f64>,
    /// The mean of sigma_1(dW) / sigma_1(W0) over matrices that were changed; null when there is none, and in reports of before 0.2.
    #[serde(default)]
    pub mean_change_ratio: Option<f64>,
}
