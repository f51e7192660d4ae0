//! The edited change as files: a PEFT adapter of rank r + q per module that is W_lambda, or the edited matrices themselves.
//!
//! An edit of q vectors adds q columns to the factors of a LoRA: B' = [s B, E], A' = [A; F^T]. PEFT scales by lora_alpha / r, so that
//! alpha = r in every module makes the scale 1. A change stored whole has no factors; its matrices are saved as their base stores them.

use super::patient::{Body, EditedChange, Patient};
use crate::checkpoint::Dtype;
use crate::linalg::Precise;
use crate::plan::job::{Job, Recipe};
use crate::report::surgery::{Arm, Cut};
use half::{bf16, f16};
use safetensors::tensor::{Dtype as Stored, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The bytes of edited matrices that make a file, at most: one matrix may be longer.
const SHARD: usize = 1 << 30;

/// What is asked of the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The vectors, the rule that chooses them, the seed.
    pub cut: Cut,
    pub arm: Arm,
    pub lambda: f64,
    pub precision: Precision,
    /// Cut back to the rank that each module had, as PEFT's own function does: what that loses is said per module.
    pub own_rank: bool,
    /// The vectors of single matrices, from 0, by the names of the matrices; all others follow the cut.
    #[serde(default)]
    pub chosen: BTreeMap<String, Vec<u32>>,
}

/// The type of an adapter's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    F32,
    Bf16,
}

/// A file to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Files that grow a matrix at a time.
pub struct Saver {
    wanted: Wanted,
    model: String,
    base: String,
    modules: BTreeMap<String, Module>,
    /// Edited matrices that wait for their file.
    whole: Vec<(String, Stored, Vec<usize>, Vec<u8>)>,
    shards: usize,
    /// Conv1D layers: PEFT wants to know.
    fan_in_fan_out: bool,
    lines: Vec<String>,
    left_out: Vec<String>,
}

/// One module of an adapter.
struct Module {
    outputs: usize,
    /// `[out, r]` and `[in, r]`, blocks that are added up.
    parts: Vec<(Precise, Precise)>,
}

impl Saver {
    /// `model` and `base`: their names for readers.
    pub fn new(wanted: Wanted, model: &str, base: &str) -> Saver {
        Saver {
            wanted,
            model: model.to_owned(),
            base: base.to_owned(),
            modules: BTreeMap::new(),
            whole: Vec::new(),
            shards: 0,
            fan_in_fan_out: false,
            lines: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Takes in one matrix; a file that is full comes back at once.
    pub fn add(&mut self, job: &Job, model: u32, patient: &Patient) -> Result<Option<SavedFile>, String> {
        let cut = self.cut_of(&job.base.name);
        let edited = patient.edited(&cut, self.wanted.arm, self.wanted.lambda)?;
        let numbers = patient.operate(&Cut {
            lambdas: vec![self.wanted.lambda],
            ..cut
        })?;
        let (before, after) = (&numbers.trained, numbers.at(self.wanted.arm, self.wanted.lambda));
        let mut words = String::new();
        let vectors: Vec<String> = edited.chosen.iter().map(u32::to_string).collect();
        let chosen = if vectors.is_empty() {
            "none".to_owned()
        } else {
            vectors.join(" ")
        };
        let (count, norm) = after.map_or((before.intruders, before.frobenius), |a| (a.intruders, a.frobenius));
        let _ = write!(
            words,
            "| {} | {chosen} | {} | {count} | {:.6} | {norm:.6} |",
            job.base.name, before.intruders, before.frobenius
        );
        let full = match edited.change {
            EditedChange::Factors { left, right } => {
                let (left, right, lost) = self.of_rank(
                    patient,
                    left,
                    right,
                    numbers.at(Arm::Trained, 1.0).map_or(0.0, |t| t.frobenius),
                )?;
                let _ = write!(
                    words,
                    " {} | {} |",
                    left.ncols(),
                    lost.map_or("none".to_owned(), |l| format!("{:.1} %", 100.0 * l))
                );
                self.join(job, model, left, right);
                None
            }
            EditedChange::Dense(_) if job.lines.is_some() => {
                self.left_out.push(format!(
                    "{} (a part of a fused layer that is stored whole)",
                    job.base.name
                ));
                return Ok(None);
            }
            EditedChange::Dense(w) => {
                let _ = write!(words, " whole | none |");
                self.store(job, &w)
            }
        };
        self.lines.push(words);
        Ok(full)
    }

    /// A matrix that could not be edited: named in the README.
    pub fn leave_out(&mut self, name: &str, reason: &str) {
        self.left_out.push(format!("{name} ({reason})"));
    }

    fn cut_of(&self, name: &str) -> Cut {
        let mut cut = self.wanted.cut.clone();
        if let Some(chosen) = self.wanted.chosen.get(name) {
            cut.chosen = Some(chosen.clone());
        }
        cut
    }

    /// Cut to the module's own rank where that is asked for, with the share of the edit that is lost: |X - X_r| / |X - D|.
    #[allow(clippy::type_complexity)]
    fn of_rank(
        &self,
        patient: &Patient,
        left: Precise,
        right: Precise,
        whole: f64,
    ) -> Result<(Precise, Precise, Option<f64>), String> {
        let Body::Factors { left: b, right: a } = &patient.change else {
            return Ok((left, right, None));
        };
        let rank = b.ncols();
        if !self.wanted.own_rank || left.ncols() <= rank {
            return Ok((left, right, None));
        }
        let edited = Body::Factors { left, right };
        let svd = edited
            .own()
            .map_err(|_| "The edited change did not converge.".to_owned())?;
        let kept = rank.min(svd.left.ncols());
        let lost = svd.sigma.iter().skip(kept).map(|s| s * s).sum::<f64>().sqrt();
        let Body::Factors { left, right } = &edited else {
            return Err("The edited change has no factors.".to_owned());
        };
        // |X - D|: both as factors beside each other.
        let moved = Body::Factors {
            left: super::small::side_by_side(left, &-b),
            right: super::small::side_by_side(right, a),
        };
        let edit = moved.norm().max(f64::MIN_POSITIVE * whole.max(1.0));
        // The root of sigma on either side: both factors of one size.
        let (mut left, mut right) = (
            svd.left.columns(0, kept).into_owned(),
            svd.right.columns(0, kept).into_owned(),
        );
        for (j, s) in svd.sigma.iter().take(kept).enumerate() {
            left.column_mut(j).scale_mut(s.sqrt());
            right.column_mut(j).scale_mut(s.sqrt());
        }
        Ok((left, right, Some(lost / edit)))
    }

    fn join(&mut self, job: &Job, model: u32, left: Precise, right: Precise) {
        self.fan_in_fan_out |= job.transposed;
        // The outputs of a part among those of its fused layer.
        let (outputs, left) = match job.lines {
            None => (left.nrows(), left),
            Some(lines) => {
                let outputs = job.base.shape.first().copied().unwrap_or(0) as usize;
                let mut all = Precise::zeros(outputs, left.ncols());
                for (row, own) in lines.rows().zip(left.row_iter()) {
                    if (row as usize) < outputs {
                        all.row_mut(row as usize).copy_from(&own);
                    }
                }
                (outputs, all)
            }
        };
        let module = self.modules.entry(module_name(job, model)).or_insert_with(|| Module {
            outputs,
            parts: Vec::new(),
        });
        if module.outputs == outputs {
            module.parts.push((left, right));
        }
    }

    /// As the base stores it.
    fn store(&mut self, job: &Job, w: &Precise) -> Option<SavedFile> {
        // Column by column in memory: a matrix stored as `[in, out]` lies there row by row.
        let by_rows = if job.transposed { w.clone() } else { w.transpose() };
        let shape = if job.transposed {
            [w.ncols(), w.nrows()]
        } else {
            [w.nrows(), w.ncols()]
        };
        let values = by_rows.as_slice();
        let (stored, bytes): (Stored, Vec<u8>) = match job.base.dtype {
            Dtype::F16 => (
                Stored::F16,
                values.iter().flat_map(|x| f16::from_f64(*x).to_le_bytes()).collect(),
            ),
            Dtype::BF16 => (
                Stored::BF16,
                values.iter().flat_map(|x| bf16::from_f64(*x).to_le_bytes()).collect(),
            ),
            _ => (
                Stored::F32,
                values.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect(),
            ),
        };
        let waiting: usize = self.whole.iter().map(|(.., bytes)| bytes.len()).sum();
        let full = (waiting > 0 && waiting + bytes.len() > SHARD).then(|| self.shard());
        self.whole.push((job.base.name.clone(), stored, shape.to_vec(), bytes));
        full.flatten()
    }

    fn shard(&mut self) -> Option<SavedFile> {
        let waiting = std::mem::take(&mut self.whole);
        if waiting.is_empty() {
            return None;
        }
        self.shards += 1;
        let views = waiting.iter().filter_map(|(name, stored, shape, bytes)| {
            Some((name.clone(), TensorView::new(*stored, shape.clone(), bytes).ok()?))
        });
        Some(SavedFile {
            name: format!("edited-{:05}.safetensors", self.shards),
            bytes: safetensors::serialize(views, None).ok()?,
        })
    }

    /// The rest of the files, but for the README.
    pub fn finish(&mut self) -> Vec<SavedFile> {
        let mut files: Vec<SavedFile> = self.shard().into_iter().collect();
        if !self.modules.is_empty() {
            files.extend(self.adapter().into_iter().flatten());
        }
        files
    }

    fn adapter(&self) -> Option<[SavedFile; 2]> {
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, module) in &self.modules {
            let rank: usize = module.parts.iter().map(|(left, _)| left.ncols()).sum();
            let inputs = module.parts.first().map_or(0, |(_, right)| right.nrows());
            let (mut b, mut a) = (Precise::zeros(module.outputs, rank), Precise::zeros(rank, inputs));
            let mut at = 0;
            for (left, right) in module.parts.iter().filter(|(_, right)| right.nrows() == inputs) {
                b.columns_mut(at, left.ncols()).copy_from(left);
                a.rows_mut(at, right.ncols()).copy_from(&right.transpose());
                at += left.ncols();
            }
            ranks.insert(name.strip_prefix(PREFIX).unwrap_or(name), rank);
            tensors.push((format!("{name}.lora_A.weight"), vec![rank, inputs], self.bytes(&a)));
            tensors.push((
                format!("{name}.lora_B.weight"),
                vec![module.outputs, rank],
                self.bytes(&b),
            ));
        }
        let stored = match self.wanted.precision {
            Precision::F32 => Stored::F32,
            Precision::Bf16 => Stored::BF16,
        };
        let views = tensors.iter().filter_map(|(name, shape, bytes)| {
            Some((name.clone(), TensorView::new(stored, shape.clone(), bytes).ok()?))
        });
        let weights = safetensors::serialize(views, Some([("format".to_owned(), "pt".to_owned())].into())).ok()?;
        let largest = ranks.values().copied().max().unwrap_or(1);
        // Whole names of modules: PEFT takes a pattern for the end of a name.
        let targets: Vec<&str> = ranks.keys().copied().collect();
        let config = json!({
            "peft_type": "LORA",
            "base_model_name_or_path": null,
            "task_type": null,
            "inference_mode": true,
            "r": largest,
            "lora_alpha": largest,
            "rank_pattern": ranks,
            "alpha_pattern": ranks,
            "target_modules": targets,
            "fan_in_fan_out": self.fan_in_fan_out,
            "bias": "none",
            "lora_dropout": 0.0,
            "use_rslora": false,
            "use_dora": false,
            "init_lora_weights": true,
            "modules_to_save": null,
        });
        Some([
            SavedFile {
                name: "adapter_model.safetensors".into(),
                bytes: weights,
            },
            SavedFile {
                name: "adapter_config.json".into(),
                bytes: serde_json::to_vec_pretty(&config).ok()?,
            },
        ])
    }

    /// By rows.
    fn bytes(&self, m: &Precise) -> Vec<u8> {
        let by_rows = m.transpose();
        let values = by_rows.as_slice().iter();
        match self.wanted.precision {
            Precision::F32 => values.flat_map(|x| (*x as f32).to_le_bytes()).collect(),
            Precision::Bf16 => values.flat_map(|x| bf16::from_f64(*x).to_le_bytes()).collect(),
        }
    }

    /// What was done, in words and numbers. `hashes`: of the files, SHA-256 by their names.
    pub fn readme(&self, hashes: &[(String, String)]) -> String {
        let Wanted { cut, arm, lambda, .. } = &self.wanted;
        let words = arm.words();
        let mut text = format!("# {} after surgery: {} at λ = {lambda}\n\n", self.model, words.name);
        let _ = writeln!(
            text,
            "Base: {}. Made by Lorascope {}.\n",
            self.base,
            env!("CARGO_PKG_VERSION")
        );
        let _ = writeln!(
            text,
            "**{}**: {}. {}.\n",
            words.name,
            words.formula,
            capital(words.about)
        );
        let _ = writeln!(
            text,
            "Vectors count from 0. Where nothing else was chosen they are the intruders: among the {} strongest {} singular vectors of W those whose best |cos| \
             with the base's is below {}.\n",
            cut.k,
            side(cut.side),
            cut.epsilon
        );
        if *arm == Arm::Random {
            let _ = writeln!(text, "Seed of the random directions: {}.\n", cut.seed);
        }
        if !self.modules.is_empty() {
            text.push_str(
                "`adapter_model.safetensors` is a PEFT LoRA with a rank of its own per module and scale 1: \
                 `PeftModel.from_pretrained(base, folder)`; merged, it is W0 plus the edited change.\n\n",
            );
        }
        if !self.modules.is_empty() && self.wanted.precision == Precision::Bf16 {
            text.push_str("Its numbers are rounded to bf16, 8 bits each: merged, W differs by that rounding.\n\n");
        }
        if self.wanted.own_rank {
            text.push_str("Counts and norms after are those of the arm itself; cutting back to the rank that a module had loses what the last column says.\n\n");
        }
        if self.shards > 0 {
            text.push_str(
                "`edited-*.safetensors` hold the edited matrices under their names in the base; everything else of the model is as it was: \
                 `model.load_state_dict(tensors, strict=False)` over the fine-tune.\n\n",
            );
        }
        text.push_str("| matrix | vectors | intruders before | after | ‖ΔW‖ before | after | rank | of the edit lost |\n|---|---|---|---|---|---|---|---|\n");
        self.lines.iter().for_each(|line| text.extend([line, "\n"]));
        if !self.left_out.is_empty() {
            text.push_str("\nNot edited:\n\n");
            self.left_out.iter().for_each(|line| text.extend(["- ", line, "\n"]));
        }
        text.push_str("\n| file | SHA-256 |\n|---|---|\n");
        for (name, hash) in hashes {
            let _ = writeln!(text, "| {name} | {hash} |");
        }
        text
    }
}

/// PEFT's own prefix of module names.
const PREFIX: &str = "base_model.model.";

/// The module as PEFT names it: as the adapter did where it is PEFT's, else by the base's tensor.
fn module_name(job: &Job, model: u32) -> String {
    let recipe = job.tuned.iter().find(|(m, _)| *m == model).map(|(_, recipe)| recipe);
    let own = match recipe {
        Some(Recipe::Adapted { parts, .. }) => parts.iter().find_map(|(_, t)| {
            let (module, _) = t.name.split_once(".lora_")?;
            module.strip_prefix(PREFIX)
        }),
        _ => None,
    };
    let module = own.unwrap_or_else(|| job.base.name.strip_suffix(".weight").unwrap_or(&job.base.name));
    format!("{PREFIX}{module}")
}

fn side(side: crate::report::Side) -> &'static str {
    match side {
        crate::report::Side::Left => "left",
        crate::report::Side::Right => "right",
        crate::report::Side::Both => "(left and right, the larger match counts)",
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
