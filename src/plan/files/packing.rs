//! Packed weights put together: the tensors that hold one weight's codes and scales become one tensor of the weight's own shape.

use super::Tensors;
use crate::checkpoint::Dtype;
use crate::checkpoint::packed::{QUANT_STATE, QuantState};
use crate::plan::job::{Packing, Scheme, TensorRef};
use crate::plan::names::{is_slice, whole};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The block of FP8 checkpoints whose scales do not say otherwise (DeepSeek).
const FP8_BLOCK: u64 = 128;

/// Suffixes of tensors that hold scales, and of marks that there are some.
const SCALES: [&str; 10] = [
    "weight_scale",
    "weight_scale_inv",
    "proj_scale",
    "proj_scale_inv",
    "scale_weight",
    "scale_input",
    "input_scale",
    "activation_scale",
    "scaled_fp8",
    "comfy_quant",
];

/// Every weight whose parts are all here, as one; what is incomplete stays as it is. `states` by the name of the weight.
///
/// 8-bit floats without any scale are a plain cast of the 16-bit model, as tools around ComfyUI save it: they are what they say. Where a scale
/// is `expected`, or other weights of the file have theirs, one is missing, and the weight stays unread.
pub fn combine(tensors: Tensors, states: &BTreeMap<String, QuantState>, expected: bool) -> Tensors {
    let is_scale = |t: &TensorRef| SCALES.iter().any(|end| whole(&t.name).ends_with(end));
    let is_eight = |t: &TensorRef| t.dtype.name().starts_with("F8_E");
    if states.is_empty() && !tensors.iter().any(is_eight) {
        return tensors;
    }
    let is_cast = !expected && !tensors.iter().any(is_scale);
    let by_name: HashMap<&str, &TensorRef> = tensors.iter().map(|t| (t.name.as_str(), t)).collect();
    // Weight -> the tensors that say how it is packed.
    let mut described: HashMap<&str, Vec<String>> = HashMap::new();
    for t in &tensors {
        if let Some((weight, _)) = t.name.split_once(QUANT_STATE) {
            described.entry(weight).or_default().push(t.name.clone());
        }
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut read: HashMap<String, TensorRef> = HashMap::new();
    let is_expert = |t: &TensorRef| is_slice(&t.name) && is_eight(t);
    for t in tensors.iter().filter(|t| t.name.ends_with(".weight") || is_expert(t)) {
        let with = |end: &str| by_name.get(beside(&t.name, end).as_str()).map(|t| (*t).clone());
        let found = match states.get(&t.name) {
            Some(state) => four_bit(t, state, with),
            None if is_eight(t) => {
                // ComfyUI's scaled FP8 names the scale beside the weight, not after it.
                let stem = t.name.trim_end_matches(".weight");
                eight_bit(t, with, |end| {
                    by_name.get(format!("{stem}{end}").as_str()).map(|t| (*t).clone())
                })
                .or_else(|| cast(t).filter(|_| is_cast))
            }
            None => None,
        };
        if let Some(found) = found {
            taken.extend(found.packing.iter().flat_map(|p| &p.with).map(|t| t.name.clone()));
            if states.contains_key(&t.name) {
                taken.extend(described.get(t.name.as_str()).into_iter().flatten().cloned());
            }
            read.insert(t.name.clone(), found);
        }
    }
    tensors
        .into_iter()
        .filter(|t| !taken.contains(&t.name))
        .map(|t| read.get(&t.name).cloned().unwrap_or(t))
        .collect()
}

/// The name of what belongs to a weight; of one expert's slice, the same expert's.
fn beside(weight: &str, end: &str) -> String {
    let own = whole(weight);
    format!("{own}{end}{}", &weight[own.len()..])
}

fn four_bit(t: &TensorRef, state: &QuantState, with: impl Fn(&str) -> Option<TensorRef>) -> Option<TensorRef> {
    let mut parts = vec![with(".quant_map")?, with(".absmax")?];
    if state.nested.is_some() {
        parts.extend([with(".nested_quant_map")?, with(".nested_absmax")?]);
    }
    let scheme = Scheme::FourBit {
        block: state.block,
        nested: state.nested,
    };
    let packing = Some(Box::new(Packing { scheme, with: parts }));
    Some(TensorRef {
        dtype: Dtype::Other("NF4", 4),
        shape: state.shape.clone(),
        packing,
        ..t.clone()
    })
}

fn eight_bit(
    t: &TensorRef,
    with: impl Fn(&str) -> Option<TensorRef>,
    comfy: impl Fn(&str) -> Option<TensorRef>,
) -> Option<TensorRef> {
    let [rows, cols] = t.shape[..] else { return None };
    let scale = with("_scale_inv")
        .or_else(|| with("_scale"))
        .or_else(|| comfy(".scale_weight"))
        .or_else(|| comfy(".weight_scale"))?;
    let block = match scale.shape[..] {
        [] | [1] | [1, 1] => [rows, cols],
        [n] | [n, 1] if n == rows => [1, cols],
        [down, across] => [side(rows, down)?, side(cols, across)?],
        _ => return None,
    };
    let packing = Some(Box::new(Packing {
        scheme: Scheme::EightBit { block },
        with: vec![scale],
    }));
    Some(TensorRef { packing, ..t.clone() })
}

/// A weight of 8-bit floats as they stand.
fn cast(t: &TensorRef) -> Option<TensorRef> {
    let is_known = ["F8_E4M3", "F8_E5M2"].contains(&t.dtype.name());
    let packing = Some(Box::new(Packing {
        scheme: Scheme::Cast,
        with: Vec::new(),
    }));
    is_known.then(|| TensorRef { packing, ..t.clone() })
}

/// The side of a block of which `blocks` cover `length`.
fn side(length: u64, blocks: u64) -> Option<u64> {
    if blocks == 0 || length == 0 {
        return None;
    }
    let even = length.div_ceil(blocks);
    [FP8_BLOCK, even.next_power_of_two(), even]
        .into_iter()
        .find(|b| length.div_ceil(*b) == blocks)
}
