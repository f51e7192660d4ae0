//! Low-rank files of libraries whose names are not read: known by their shapes, never taken for a model.

use super::Tensors;
use crate::plan::names::canonical;
use crate::plan::names::layouts;
use crate::plan::names::leaf::{Leaf, Part, leaf};
use std::collections::BTreeMap;

/// The signature of such a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    /// Its two ends of names: `linear_in` and `linear_out`.
    pub ends: [String; 2],
    pub pairs: usize,
    /// A pair's names.
    pub example: [String; 2],
    pub rank: u64,
    /// The library that spells them so, and how its files become others'.
    pub writer: Option<Writer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    pub name: &'static str,
    pub way: &'static str,
}

/// A library by how it ends the names of its two factors.
#[derive(Debug, PartialEq, Eq)]
pub struct Spelling {
    pub name: &'static str,
    ends: [&'static str; 2],
    pub way: &'static str,
}

pub static SPELLINGS: [Spelling; 5] = [
    Spelling {
        name: "AdapterHub (bottleneck layers)",
        ends: ["adapter_down", "adapter_up"],
        way: "Its layers compute beside the matrices, with a nonlinearity between them: no matrix changes, so there is nothing to compare. A LoRA of the same library (adapters: LoRAConfig) can be merged and compared.",
    },
    Spelling {
        name: "Megatron-Bridge or NeMo",
        ends: ["linear_in", "linear_out"],
        way: "Export it in PEFT’s form with Megatron-Bridge (AutoBridge.from_hf_pretrained(MODEL).export_adapter_ckpt(CHECKPOINT, OUTPUT)), and drop adapter_model.safetensors with adapter_config.json.",
    },
    Spelling {
        name: "NeMo",
        ends: ["lora_a_module", "lora_b_module"],
        way: "Merge it with NeMo (scripts/nlp_language_modeling/merge_lora_weights/merge.py) and convert the merged model to Hugging Face form.",
    },
    Spelling {
        name: "lora-diffusion (cloneofsimo)",
        ends: ["lora_down", "lora_up"],
        way: "Convert it with diffusers: load_lora_weights, then save_lora_weights.",
    },
    Spelling {
        name: "Keras",
        ends: ["lora_kernel_a", "lora_kernel_b"],
        way: "Load it into the model in Keras and save that model: Keras adds the factors to the kernels when it saves. Export it to safetensors (KerasHub: export_to_transformers) and drop that as a full fine-tune.",
    },
];

/// A library whose factors have the usual names and another form.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    pub name: &'static str,
    /// Parts of names, one of which every module has; empty where any name will do.
    within: &'static [&'static str],
    /// Whether its factors are those of several outputs of a fused layer, one after the other.
    grouped: bool,
    pub way: &'static str,
}

/// The first that fits a file is its form.
pub static FORMS: [Form; 3] = [
    Form {
        name: "AdapterHub (LoRA)",
        within: &[".loras."],
        grouped: false,
        way: "Merge it with the library that trained it (adapters: model.merge_adapter(\"NAME\"), then model.save_pretrained(FOLDER)) and drop the merged model as a full fine-tune.",
    },
    Form {
        name: "LitGPT",
        within: &[".attn.qkv", ".attn.attn", ".attn.linear"],
        grouped: true,
        way: "Merge it with LitGPT (litgpt merge_lora FOLDER), convert the result (litgpt convert_from_litgpt FOLDER OUTPUT) and drop model.pth of that as a full fine-tune.",
    },
    Form {
        name: "loralib (Microsoft LoRA)",
        within: &[],
        grouped: true,
        way: "Load it into its model and call model.eval(): loralib then adds the factors to the weights. Save model.state_dict() and drop that as a full fine-tune.",
    },
];

/// The least ratio of both sides to a rank: a network's hidden layer is four times as wide as what it takes in, which is not a low rank.
const LOW: u64 = 6;
/// The same under names that only adapters have.
const LOW_BY_NAME: u64 = 2;
/// The share of the matrices that must pair.
const MOST: f64 = 0.7;

/// Two matrices of one stem, `[r, in]` and `[out, r]` (or both turned), over and over, and little else.
pub fn of(tensors: &Tensors) -> Option<Foreign> {
    // A factor is thin. Most models are known by that alone, without a look at their names.
    let sides = tensors.iter().filter_map(|t| match t.shape[..] {
        [rows, cols] if rows > 0 && cols > 0 => Some((rows.min(cols), rows.max(cols))),
        _ => None,
    });
    let (thin, others): (Vec<_>, Vec<_>) = sides.partition(|(short, long)| short.saturating_mul(LOW_BY_NAME) <= *long);
    let all = thin.len().saturating_add(others.len());
    if thin.len() as f64 <= MOST * all as f64 {
        return None;
    }
    let matrices: Vec<(String, [u64; 2])> = tensors
        .iter()
        .filter_map(|t| match t.shape[..] {
            [rows, cols] if rows > 0 && cols > 0 => Some((canonical(&t.name).name.into_owned(), [rows, cols])),
            _ => None,
        })
        .collect();
    // By the stem before the last one or two components that differ: the end that most pairs share is the spelling.
    let mut by_ends: BTreeMap<[String; 2], Vec<(String, String, u64)>> = BTreeMap::new();
    for depth in [0, 1] {
        type Part<'a> = (String, &'a String, [u64; 2]);
        let mut by_stem: BTreeMap<String, Vec<Part>> = BTreeMap::new();
        for (name, shape) in &matrices {
            // `adapter_down.0` is the first layer of a sequence.
            let module = name.trim_end_matches(".weight").trim_end_matches(".0");
            let cut = module.rmatch_indices('.').nth(depth).map(|(at, _)| at);
            if let Some((stem, rest)) = cut.and_then(|at| module.split_at_checked(at)) {
                by_stem.entry(stem.to_owned()).or_default().push((
                    rest.strip_prefix('.').unwrap_or(rest).to_owned(),
                    name,
                    *shape,
                ));
            }
        }
        for group in by_stem.values() {
            let [a, b] = &group[..] else { continue };
            let ends = [a.0.clone(), b.0.clone()];
            let low = if spelling(&ends).is_some() { LOW_BY_NAME } else { LOW };
            if let Some(rank) = low_rank(a.2, b.2, low) {
                by_ends.entry(ends).or_default().push((a.1.clone(), b.1.clone(), rank));
            }
        }
    }
    let (ends, pairs) = by_ends.into_iter().max_by_key(|(_, pairs)| pairs.len())?;
    let (first, second, rank) = pairs.first()?.clone();
    if 2.0 * pairs.len() as f64 <= MOST * matrices.len() as f64 {
        return None;
    }
    Some(Foreign {
        pairs: pairs.len(),
        example: [first, second],
        rank,
        writer: spelling(&ends).map(|s| Writer {
            name: s.name,
            way: s.way,
        }),
        ends,
    })
}

/// An adapter under names that are known, in a form that is not: what would be merged from it would be wrong.
pub fn of_adapter(tensors: &Tensors) -> Option<Foreign> {
    type Factor<'a> = (&'a str, [u64; 2]);
    let mut modules: BTreeMap<String, [Option<Factor>; 2]> = BTreeMap::new();
    for t in tensors {
        let side = |l: &Leaf| match l.part {
            Part::Of("lora_A") => Some(0),
            Part::Of("lora_B") => Some(1),
            _ => None,
        };
        // PEFT's factors are layers with a weight; these are parameters of the layer itself.
        if let (Some(leaf), [rows, cols], false) = (leaf(&t.name), &t.shape[..], t.name.ends_with(".weight"))
            && let Some(side) = side(&leaf)
        {
            let [a, b] = modules.entry(leaf.module).or_default();
            *if side == 0 { a } else { b } = Some((&t.name, [*rows, *cols]));
        }
    }
    let pairs: Vec<(&str, [Factor; 2])> = modules
        .iter()
        .filter_map(|(module, [a, b])| Some((module.as_str(), [(*a)?, (*b)?])))
        .collect();
    let fits = |form: &Form, (module, [a, b]): &(&str, [Factor; 2])| {
        let is_within = form.within.is_empty() || form.within.iter().any(|w| format!("{module}.").contains(w));
        is_within && (!form.grouped || is_grouped(a.1, b.1))
    };
    let (form, (_, [a, b])) = FORMS
        .iter()
        .find_map(|form| pairs.iter().find(|pair| fits(form, pair)).map(|pair| (form, pair)))?;
    Some(Foreign {
        ends: ["lora_A", "lora_B"].map(str::to_owned),
        pairs: pairs.len(),
        example: [a.0, b.0].map(str::to_owned),
        rank: b.1[1],
        writer: Some(Writer {
            name: form.name,
            way: form.way,
        }),
    })
}

/// `lora_A` has the rows of two or three outputs of a fused layer, `[n r, in]`; `lora_B` the columns of one, `[all their outputs, r]`. Experts
/// are many more.
fn is_grouped([a, _]: [u64; 2], [_, r]: [u64; 2]) -> bool {
    r > 0 && [2, 3].iter().any(|n| r.checked_mul(*n) == Some(a))
}

fn spelling(ends: &[String; 2]) -> Option<&'static Spelling> {
    SPELLINGS.iter().find(|s| {
        s.ends
            .iter()
            .all(|end| ends.iter().any(|own| own.rsplit('.').next() == Some(*end)))
    })
}

/// The side that both share, where it is short.
fn low_rank([a, b]: [u64; 2], [c, d]: [u64; 2], low: u64) -> Option<u64> {
    // [r, in] and [out, r]; [out, r] and [r, in]; mlx's and JAX's [in, r] and [r, out].
    let found = [(a == d, a, b, c), (b == c, b, a, d)]
        .into_iter()
        .filter(|(same, ..)| *same);
    found
        .filter(|(_, r, one, other)| r.saturating_mul(low) <= *one && r.saturating_mul(low) <= *other)
        .map(|(_, r, ..)| r)
        .min()
}

impl Foreign {
    /// The step that helps, in its writer's own words.
    pub fn way(&self, names: &[&str]) -> String {
        let by_layout = || {
            layouts::of(names.iter().copied())
                .map(|l| l.way)
                .filter(|way| !way.is_empty())
        };
        let way = self.writer.map(|w| w.way).or_else(by_layout);
        way.unwrap_or("Convert it to PEFT’s names (every factor under base_model.model.MODULE.lora_A.weight and .lora_B.weight, with adapter_config.json), or merge it with the library that wrote it and drop the merged model.").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Dtype;
    use crate::plan::job::TensorRef;

    #[test]
    fn every_spelling_is_known_by_its_ends() {
        for spelling in &SPELLINGS {
            let one = |layer: u32, end: &str, shape: [u64; 2]| {
                TensorRef::of(&format!("decoder.{layer}.mixer.{end}.weight"), Dtype::F32, &shape)
            };
            let [a, b] = spelling.ends;
            let tensors: Tensors = (0..3).flat_map(|i| [one(i, a, [4, 32]), one(i, b, [32, 4])]).collect();
            let found = of(&tensors).unwrap_or_else(|| panic!("{}", spelling.name));
            assert_eq!(found.writer.map(|w| w.name), Some(spelling.name));
        }
    }

    #[test]
    fn grouped_factors_are_those_of_two_or_three_outputs() {
        assert!(is_grouped([8, 32], [64, 4]) && is_grouped([12, 32], [128, 4]));
        // One output, another rank, the experts of a block.
        for (a, b) in [([4, 32], [64, 4]), ([6, 32], [64, 4]), ([64, 32], [64, 4])] {
            assert!(!is_grouped(a, b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn factors_share_a_short_side() {
        assert_eq!(low_rank([4, 32], [64, 4], LOW), Some(4));
        assert_eq!(low_rank([32, 4], [4, 64], LOW), Some(4));
        // The two layers of a network's MLP are not factors.
        assert_eq!(low_rank([128, 32], [32, 128], LOW), None);
        assert_eq!(low_rank([16, 32], [32, 16], LOW_BY_NAME), Some(16));
    }
}
