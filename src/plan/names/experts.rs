//! Experts in one tensor `[E, out, in]`: each is a matrix of its own, and an adapter of the tensor is E adapters.

use super::leaf::is_adapter_tensor;
use crate::checkpoint::Dtype;
use crate::methods::method_of;
use crate::methods::{Outline, Shapes};
use crate::plan::adapters::adapter::Module;
use crate::plan::job::{Columns, TensorRef};
use crate::plan::pairing::matching::Named;
use crate::report::Kind;
use std::collections::{BTreeSet, HashMap};

/// More slices than any model has experts are not experts.
const MOST: u64 = 4096;
/// No expert has more parameters.
const MOST_PARAMETERS: usize = 32;
/// Modules that hold all experts of a block in tensors of three dimensions.
const HOLDERS: [&str; 4] = ["experts", "switch_mlp", "input_linear", "output_linear"];

/// Whether a tensor holds all experts of a block, by its name and dimensions.
pub fn is_of_experts(tensor: &TensorRef) -> bool {
    matches!(tensor.shape[..], [1..=MOST, _, _])
        && tensor.name.split('.').any(|c| HOLDERS.contains(&c))
        && !is_adapter_tensor(&tensor.name)
}

/// Whether it holds plain numbers, or 8-bit floats, which are read with their scales.
fn can_be_sliced(dtype: &Dtype) -> bool {
    dtype.is_readable() || dtype.name().starts_with("F8_E")
}

/// The matrices of a tensor: its experts, or the tensor itself.
pub fn slices(tensor: TensorRef) -> Vec<TensorRef> {
    let [experts, rows, cols] = tensor.shape[..] else {
        return vec![tensor];
    };
    let bytes = tensor.bytes();
    let is_experts = can_be_sliced(&tensor.dtype) && is_of_experts(&tensor);
    if !is_experts || bytes == 0 || !bytes.is_multiple_of(experts) {
        return vec![tensor];
    }
    let one = |e: u64| TensorRef {
        name: format!("{}[{e}]", tensor.name),
        shape: vec![rows, cols],
        ..part(&tensor, e, experts)
    };
    (0..experts).map(one).collect()
}

/// One of so many equal parts of a tensor's bytes.
fn part(t: &TensorRef, at: u64, of: u64) -> TensorRef {
    let bytes = t.bytes().checked_div(of).unwrap_or(0);
    let begin = t.begin.saturating_add(at.saturating_mul(bytes)).min(t.end);
    TensorRef {
        begin,
        end: begin.saturating_add(bytes).min(t.end),
        ..t.clone()
    }
}

/// The most matrices that a tensor may stand for besides itself, whatever it turns out to be: its own experts, or those of a block whose
/// ranks lie one after the other in a factor.
pub fn at_most(name: &str, shape: &[u64]) -> u64 {
    match shape {
        [experts, _, _] if *experts <= MOST && (is_adapter_tensor(name) || holder(name)) => *experts,
        [ranks, _] if is_adapter_tensor(name) && name.contains("experts") => *ranks,
        _ => 0,
    }
}

fn holder(name: &str) -> bool {
    name.split('.').any(|c| HOLDERS.contains(&c))
}

/// Whether an adapter's module is of all experts of a block (PEFT's `target_parameters`): the keys do not name the parameter.
pub fn holds_all(module: &Module) -> bool {
    module.method.kind == Kind::Lora && !module.joined && module.name.rsplit('.').next() == Some("experts")
}

/// A parameter of the base that all experts have.
struct Parameter {
    name: String,
    /// `[out, in]`
    shape: [u64; 2],
    experts: u64,
}

/// The parameters `experts.E.NAME` among neutral names, one block standing for all. Where gate and up are known as one, they are not two.
fn parameters(base: &[&Named]) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    let mut place: Option<&str> = None;
    for n in base {
        let Some((before, tail)) = n.name.rsplit_once(".experts.") else {
            continue;
        };
        let mut parts = tail.trim_end_matches(".weight").split('.');
        let (Some(expert), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if expert.parse::<u32>().is_err() || *place.get_or_insert(before) != before {
            continue;
        }
        let is_full = found.len() >= MOST_PARAMETERS;
        match found.iter_mut().find(|p| p.name == name && p.shape == n.shape) {
            Some(parameter) => parameter.experts = parameter.experts.saturating_add(1),
            None if is_full => {}
            None => found.push(Parameter {
                name: name.to_owned(),
                shape: n.shape,
                experts: 1,
            }),
        }
    }
    if found.iter().any(|p| p.name == "gate_up_proj") {
        found.retain(|p| !["gate_proj", "up_proj"].contains(&p.name.as_str()));
    }
    found
}

/// Whether any of these is a module of all experts, which needs to know the base.
pub fn any(modules: &[Module]) -> bool {
    modules.iter().any(|m| holds_all(m) || m.name.contains(".experts."))
}

/// Every module of all experts as one module per expert; the others as they are.
///
/// `lora_A` is `[r E, in]`, expert after expert; `lora_B` is `[out, r E]`, rank after rank. The parameter is known by its shape; where two have
/// the same, the inner of two nested modules is the first of the network. PEFT 0.17 and 0.18 exchanged inputs and outputs where experts are
/// stored as `[E, out, in]`: then no module fits but turned, and all of them are.
/// The configuration's `target_parameters` decide where shapes do not.
pub fn modules(modules: &[Module], base: &[&Named], exchanged: bool, listed: &[String]) -> Vec<Module> {
    let parameters = parameters(base);
    let listed: BTreeSet<&str> = listed.iter().filter_map(|l| l.rsplit('.').next()).collect();
    let fits = |m: &Module, p: &Parameter, turned: bool| {
        let [out, inputs] = m.outline.shape;
        let shape = if turned { [inputs, out] } else { [out, inputs] };
        shape == p.shape && m.rank().is_some_and(|r| r.is_multiple_of(p.experts))
    };
    let all: Vec<&Module> = modules.iter().filter(|m| holds_all(m)).collect();
    let any = |m: &Module, turned: bool| parameters.iter().any(|p| fits(m, p, turned));
    let straight = all.iter().all(|m| any(m, false));
    let turned = all.iter().all(|m| any(m, true)) && (!straight || exchanged);
    let inner = all.iter().map(|o| o.depth).max().unwrap_or(0);
    let mut depths: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    all.iter().for_each(|o| {
        depths.entry(&o.name).or_default().insert(o.depth);
    });
    let of = |m: &Module| -> Vec<Module> {
        if let Some((parameter, experts)) = named(m, &parameters) {
            return split(m, parameter, experts);
        }
        if !holds_all(m) {
            return vec![m.clone()];
        }
        let mut fitting: Vec<&Parameter> = parameters.iter().filter(|p| fits(m, p, turned)).collect();
        let is_listed = |p: &&Parameter| listed.contains(p.name.as_str());
        if fitting.iter().any(is_listed) {
            fitting.retain(|p| is_listed(p));
        }
        let chosen = match fitting[..] {
            [] => return vec![m.clone()],
            [one] => one,
            // Down is the last of a block.
            [first, ..] => {
                let is_down = |p: &&&Parameter| p.name.starts_with("down") || p.name.ends_with('2');
                let is_nested = depths.get(m.name.as_str()).is_some_and(|depths| depths.len() > 1);
                let outer = m.depth < inner || !is_nested;
                fitting.iter().find(|p| is_down(p) == outer).copied().unwrap_or(first)
            }
        };
        split(m, &chosen.name, chosen.experts)
    };
    modules.iter().flat_map(of).collect()
}

/// A module that names its parameter (`experts.gate_up_proj`) and holds all experts of it, in two dimensions or in three.
fn named(module: &Module, parameters: &[Parameter]) -> Option<(&'static str, u64)> {
    let (_, last) = module.name.rsplit_once(".experts.")?;
    let parameter = parameters.iter().find(|p| p.name == last)?;
    let rank = module.rank()?;
    let fits = module.method.kind == Kind::Lora
        && module.outline.shape == parameter.shape
        && rank.is_multiple_of(parameter.experts);
    (fits && parameter.experts > 1).then_some(("", parameter.experts))
}

fn split(module: &Module, parameter: &str, experts: u64) -> Vec<Module> {
    // A torch file may hold a transposed view, of which an expert is not a slice.
    if module.parts.iter().any(|(_, t)| t.by_columns) {
        return vec![module.clone()];
    }
    let rank = module.rank().and_then(|r| r.checked_div(experts)).unwrap_or(0);
    let stem = if parameter.is_empty() {
        module.name.clone()
    } else {
        format!("{}.{parameter}", module.name)
    };
    let one = |e: u64| {
        let part = |(name, t): &(&'static str, TensorRef)| (*name, own(name, t, e, experts, rank));
        let mut own = Module {
            name: format!("{stem}[{e}]"),
            parts: module.parts.iter().map(part).collect(),
            ..module.clone()
        };
        own.outline.rank = Some(rank);
        own
    };
    (0..experts).map(one).collect()
}

fn own(part: &str, t: &TensorRef, expert: u64, experts: u64, rank: u64) -> TensorRef {
    match (part, &t.shape[..]) {
        ("lora_A", [_, inputs]) => TensorRef {
            shape: vec![rank, *inputs],
            ..self::part(t, expert, experts)
        },
        ("lora_B", [out, of]) => TensorRef {
            shape: vec![*out, rank],
            columns: Some(Columns {
                first: expert,
                step: experts,
                of: *of,
            }),
            ..t.clone()
        },
        _ => t.clone(),
    }
}

/// Factors in three dimensions, `[E, r, in]` and `[E, out, r]` (mlx-lm's switch layers, trainers of fused experts), as the parts of each
/// expert; none where they are not that. One of the two may be the same for all experts, `[1, r, in]` or `[1, out, r]` (Tinker).
pub fn stacked(parts: &[(&'static str, TensorRef)]) -> Option<Vec<Vec<(&'static str, TensorRef)>>> {
    let three = |names: [&str; 2]| {
        parts
            .iter()
            .find(|(p, t)| names.contains(p) && t.shape.len() == 3)
            .map(|(_, t)| t)
    };
    let (a, b) = (three(["lora_A", "lora_a"])?, three(["lora_B", "lora_b"])?);
    let (&[of_a, rank, _], &[of_b, _, same]) = (&a.shape[..], &b.shape[..]) else {
        return None;
    };
    let experts = of_a.max(of_b);
    let are_all = |own: u64| own == experts || own == 1;
    if !are_all(of_a) || !are_all(of_b) || rank != same || !(2..=MOST).contains(&experts) {
        return None;
    }
    let slice = |t: &TensorRef, e: u64| {
        let own = t.shape.first().copied().unwrap_or(1);
        TensorRef {
            shape: t.shape.iter().skip(1).copied().collect(),
            ..part(t, if own == 1 { 0 } else { e }, own)
        }
    };
    let scalar: Vec<_> = parts.iter().filter(|(p, _)| *p == "alpha").cloned().collect();
    Some(
        (0..experts)
            .map(|e| [vec![("lora_A", slice(a, e)), ("lora_B", slice(b, e))], scalar.clone()].concat())
            .collect(),
    )
}

/// The method and outline of one expert's factors.
pub fn of_stacked(parts: &[(&'static str, TensorRef)]) -> Option<(&'static crate::methods::Method, Outline)> {
    let shapes = Shapes(parts.iter().map(|(part, t)| (*part, t.shape.clone())).collect());
    let method = method_of(&shapes, None)?;
    (method.outline)(&shapes).ok().map(|outline| (method, outline))
}
