//! Schemes of packed weights that are not read: each by the tensors that it leaves, and what its users can do. A new one is one entry.

use super::sets::FileSet;
use crate::plan::job::TensorRef;
use crate::plan::names::{canonical, is_weight, place};
use std::cell::LazyCell;
use std::collections::HashSet;

/// One scheme.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// After "stored as".
    pub name: &'static str,
    /// The suffix of a tensor of codes.
    ends: &'static [&'static str],
    /// The types of that tensor; empty where the name says enough.
    types: &'static [&'static str],
    /// The suffix of the tensor beside the codes, in place of theirs; empty where none is needed.
    beside: &'static str,
    /// The way to unpacked weights; empty where only the model before packing has them.
    pub way: &'static str,
}

const NO_BESIDE: &str = "";
const UNPACK: &str = "Or unpack it with transformers: AutoModelForCausalLM.from_pretrained(FOLDER), then model.dequantize() and model.save_pretrained(OTHER).";
const INTEGERS: &[&str] = &["I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"];
const FLOATS: &[&str] = &["F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0"];

/// The first that fits a tensor is its scheme.
pub static SCHEMES: [Scheme; 22] = [
    Scheme {
        name: "4-bit bitsandbytes weights",
        ends: &[".quant_state.bitsandbytes__nf4", ".quant_state.bitsandbytes__fp4"],
        types: &[],
        beside: NO_BESIDE,
        way: UNPACK,
    },
    Scheme {
        name: "8-bit bitsandbytes weights",
        ends: &[".SCB"],
        types: &[],
        beside: NO_BESIDE,
        way: UNPACK,
    },
    Scheme {
        name: "SVDQuant weights (Nunchaku)",
        ends: &[".qweight"],
        types: &[],
        beside: ".wscales",
        way: "",
    },
    Scheme {
        name: "GPTQ or AWQ weights",
        ends: &[".qweight"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "NVFP4 weights (compressed-tensors)",
        ends: &[".weight_packed"],
        types: &[],
        beside: ".weight_global_scale",
        way: "",
    },
    Scheme {
        name: "compressed-tensors weights",
        ends: &[".weight_packed"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "sparse weights (compressed-tensors)",
        ends: &[".compressed"],
        types: &[],
        beside: ".bitmask",
        way: "",
    },
    Scheme {
        name: "MXFP4 weights",
        ends: &["_blocks"],
        types: &["U8"],
        beside: NO_BESIDE,
        way: "Or save it unpacked with transformers: AutoModelForCausalLM.from_pretrained(MODEL, quantization_config=Mxfp4Config(dequantize=True)).save_pretrained(FOLDER).",
    },
    Scheme {
        name: "quantised MLX weights",
        ends: &[".weight"],
        types: &["U32"],
        beside: NO_BESIDE,
        way: "Or unpack it with mlx-lm: mlx_lm.convert --hf-path MODEL --dequantize.",
    },
    Scheme {
        name: "NVFP4 weights (ModelOpt, ComfyUI)",
        ends: &[".weight"],
        types: &["U8"],
        beside: ".weight_scale_2",
        way: "",
    },
    Scheme {
        name: "8-bit integers with scales (compressed-tensors, ModelOpt)",
        ends: &[".weight"],
        types: &["I8"],
        beside: ".weight_scale",
        way: "",
    },
    Scheme {
        name: "ternary weights (BitNet)",
        ends: &[".weight"],
        types: &["U8"],
        beside: ".weight_scale",
        way: "",
    },
    Scheme {
        name: "quanto weights",
        ends: &["._data._data", "._data"],
        types: &[],
        beside: "._scale",
        way: "",
    },
    Scheme {
        name: "HQQ weights",
        ends: &[".W_q"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "EXL2 weights (ExLlamaV2)",
        ends: &[".q_weight"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "EXL3 weights (ExLlamaV3)",
        ends: &[".trellis"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "torchao weights",
        ends: &["weight_qdata", "weight:qdata", "weight.qdata", "weight._qdata"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "AQLM weights",
        ends: &[".codes"],
        types: &[],
        beside: ".codebooks",
        way: "",
    },
    Scheme {
        name: "QuIP# weights",
        ends: &[".Qidxs"],
        types: &[],
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "VPTQ weights",
        ends: &[".indices"],
        types: &[],
        beside: ".centroids.weight",
        way: "",
    },
    // Read where their scales are here; without them the file is incomplete.
    Scheme {
        name: "8-bit floating-point weights",
        ends: &[".weight"],
        types: FLOATS,
        beside: NO_BESIDE,
        way: "",
    },
    Scheme {
        name: "whole numbers, codes of a scheme that is not known here",
        ends: &[".weight"],
        types: INTEGERS,
        beside: NO_BESIDE,
        way: "",
    },
];

impl Scheme {
    /// `is_here`: whether the set has a tensor of a name.
    fn fits(&self, tensor: &TensorRef, is_here: impl Fn(&str) -> bool) -> bool {
        let stem = || self.ends.iter().find_map(|end| tensor.name.strip_suffix(end));
        (self.types.is_empty() || self.types.contains(&tensor.dtype.name()))
            && stem().is_some_and(|stem| self.beside.is_empty() || is_here(&format!("{stem}{}", self.beside)))
    }
}

/// The tensors of a set that are not read because they are packed, each with the place of its scheme.
fn packed(set: &FileSet) -> Vec<(usize, &TensorRef)> {
    // Most sets have no tensor for which it is asked.
    let names = LazyCell::new(|| set.tensors.iter().map(|t| t.name.as_str()).collect::<HashSet<_>>());
    let one = |t: &TensorRef| SCHEMES.iter().position(|s| s.fits(t, |name| names.contains(name)));
    set.tensors
        .iter()
        .filter(|t| t.packing.is_none())
        .filter_map(|t| Some((one(t)?, t)))
        .collect()
}

/// The scheme by which weights are packed, with a tensor that shows it: of several tensors of one weight the one that says most.
pub fn of(set: &FileSet) -> Option<(&'static Scheme, &str)> {
    let (scheme, tensor) = packed(set).into_iter().min_by_key(|(scheme, _)| *scheme)?;
    Some((SCHEMES.get(scheme)?, &tensor.name))
}

/// Whether at least as many matrices of its blocks are plain weights as are packed: gpt-oss packs its experts only.
pub fn is_mostly_plain(set: &FileSet) -> bool {
    let packed = packed(set);
    let is_float = |at: usize| SCHEMES.get(at).is_some_and(|s| s.types == FLOATS);
    if packed.iter().any(|(scheme, _)| is_float(*scheme)) {
        return false;
    }
    let is_plain = |t: &&TensorRef| {
        let name = canonical(&t.name).name;
        t.shape.len() == 2 && t.is_readable() && is_weight(&name) && place(&name).is_selected()
    };
    set.tensors.iter().filter(is_plain).count() >= packed.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Dtype;

    fn tensor(name: &str, dtype: &str) -> TensorRef {
        let name = format!("model.layers.0.mlp.up_proj{name}");
        TensorRef::of(&name, Dtype::parse(dtype), &[8, 8])
    }

    /// Every entry is reached: none is shadowed by one before it.
    #[test]
    fn every_scheme_is_told_by_its_tensors() {
        for scheme in &SCHEMES {
            let end = scheme.ends[0];
            let dtype = scheme.types.first().copied().unwrap_or("I32");
            let codes = tensor(end, dtype);
            let beside = tensor(scheme.beside, "F32");
            let names = HashSet::from([codes.name.as_str(), beside.name.as_str()]);
            let found = SCHEMES.iter().find(|s| s.fits(&codes, |name| names.contains(name)));
            assert_eq!(found.map(|s| s.name), Some(scheme.name));
        }
    }

    #[test]
    fn plain_weights_are_not_packed() {
        for (name, dtype) in [
            (".weight", "BF16"),
            (".relative_position_index", "I64"),
            (".bias", "U8"),
        ] {
            let t = tensor(name, dtype);
            let names = HashSet::from([t.name.as_str()]);
            let fits = !t.is_readable() && SCHEMES.iter().any(|s| s.fits(&t, |name| names.contains(name)));
            assert!(!fits, "{name}");
        }
    }
}
