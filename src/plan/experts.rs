//! Experts in one tensor `[E, out, in]`: each is a matrix of its own, and an adapter of the tensor is E adapters.

use super::adapter::Module;
use super::job::{Columns, TensorRef};
use super::matching::{Named, Shapes};
use crate::report::Kind;

/// More slices than any model has experts are no experts.
const MOST: u64 = 4096;

/// The matrices of a tensor: its experts, or the tensor itself.
pub fn slices(tensor: TensorRef) -> Vec<TensorRef> {
    let [experts, rows, cols] = tensor.shape[..] else { return vec![tensor] };
    let bytes = tensor.end - tensor.begin;
    let is_experts = tensor.dtype.is_readable() && tensor.name.split('.').any(|c| c == "experts") && (1..=MOST).contains(&experts);
    if !is_experts || bytes == 0 || !bytes.is_multiple_of(experts) {
        return vec![tensor];
    }
    let one = |e: u64| {
        let begin = tensor.begin + e * (bytes / experts);
        TensorRef { name: format!("{}[{e}]", tensor.name), shape: vec![rows, cols], begin, end: begin + bytes / experts, ..tensor.clone() }
    };
    (0..experts).map(one).collect()
}

/// True for the name of a slice. What stands before its first bracket is never one.
pub fn is_slice(name: &str) -> bool {
    name.ends_with(']') && name.contains('[') && name.contains("experts")
}

/// A module of all experts as one module an expert (PEFT's `target_parameters`); any other as it is.
///
/// `lora_A` is `[r E, in]`, expert after expert; `lora_B` is `[out, r E]`, rank after rank. The keys do not name the parameter: its shape in
/// the base does.
pub fn modules(module: &Module, base: &[Named]) -> Vec<Module> {
    if module.method.kind != Kind::Lora || module.name.rsplit('.').next() != Some("experts") {
        return vec![module.clone()];
    }
    let mut fitting: Vec<&str> =
        base.iter().filter(|n| Shapes::Either.fit(module.outline.shape, n.shape)).filter_map(|n| parameter(&n.name)).collect();
    fitting.sort_unstable();
    fitting.dedup();
    let ([parameter], Some(ranks)) = (&fitting[..], module.rank()) else { return vec![module.clone()] };
    let tail = format!("experts.{parameter}[");
    let places: Vec<&str> = base.iter().filter_map(|n| n.name.find(&tail).map(|at| &n.name[..at])).collect();
    let experts = places.iter().filter(|place| **place == places[0]).count() as u64;
    if experts == 0 || !ranks.is_multiple_of(experts) {
        return vec![module.clone()];
    }
    let rank = ranks / experts;
    let one = |e: u64| {
        let part = |(name, t): &(&'static str, TensorRef)| (*name, own(name, t, e, experts, rank));
        let mut own =
            Module { name: format!("{}.{parameter}[{e}]", module.name), parts: module.parts.iter().map(part).collect(), ..module.clone() };
        own.outline.rank = Some(rank);
        own
    };
    (0..experts).map(one).collect()
}

/// `...experts.gate_up_proj[3]` -> `gate_up_proj`
fn parameter(name: &str) -> Option<&str> {
    let (_, tail) = name.rsplit_once("experts.")?;
    is_slice(name).then(|| tail.split('[').next()).flatten()
}

fn own(part: &str, t: &TensorRef, expert: u64, experts: u64, rank: u64) -> TensorRef {
    match (part, &t.shape[..]) {
        ("lora_A", [_, inputs]) => {
            let bytes = (t.end - t.begin) / experts;
            TensorRef { shape: vec![rank, *inputs], begin: t.begin + expert * bytes, end: t.begin + (expert + 1) * bytes, ..t.clone() }
        }
        ("lora_B", [out, of]) => {
            TensorRef { shape: vec![*out, rank], columns: Some(Columns { first: expert, step: experts, of: *of }), ..t.clone() }
        }
        _ => t.clone(),
    }
}
