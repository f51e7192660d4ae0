//! The parser of tensor names: canonical form, layer, matrix type. The rules are data: `name_rules.json`.

pub(super) mod experts;
pub mod families;
pub(super) mod fused;
pub(super) mod kinds;
pub mod layouts;
pub mod leaf;
pub(super) mod orientation;
pub(super) mod renames;
pub(super) mod unet;

use regex::Regex;
use serde::Deserialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Components that wrappers put into names without meaning.
const WRAPPERS: [&str; 4] = [
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "base_layer",
];
/// Prefixes of saved wrappers, stripped as often as they occur.
const LEADS: [&str; 5] = [
    "module.",
    "_orig_mod.",
    "model_state_dict.",
    "state_dict.",
    "base_model.model.",
];
/// Types that are in blocks but are not linear layers of the kind the paper looks at; off by default.
const OFF_BY_DEFAULT: [&str; 4] = ["router", "mod", CONV, EXPERTS];
/// A slice of a tensor that holds all experts of a layer.
const EXPERTS: &str = "experts";
/// The kernel of a convolution, whatever its name says.
pub const CONV: &str = "conv";

/// A name freed of wrappers, and the prefixes that were stripped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical<'a> {
    /// Most names are as they should be: nothing is copied then.
    pub name: Cow<'a, str>,
    pub stripped: &'a str,
}

/// The canonical form of a tensor or module name.
pub fn canonical(name: &str) -> Canonical<'_> {
    #[cfg(test)]
    crate::steps::step();
    let mut rest = name;
    while let Some(shorter) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = shorter;
    }
    let stripped = name.strip_suffix(rest).unwrap_or_default();
    let is_plain = |c: &str| c != "modules_to_save" && !WRAPPERS.contains(&c);
    if !rest.contains("LayerNorm.") && rest.split('.').all(is_plain) {
        return Canonical {
            name: Cow::Borrowed(rest),
            stripped,
        };
    }
    let mut parts: Vec<&str> = Vec::new();
    let mut components = rest.split('.');
    while let Some(part) = components.next() {
        if part == "modules_to_save" {
            components.next(); // the adapter's name
        } else if !WRAPPERS.contains(&part) {
            parts.push(part);
        }
    }
    let mut name = parts.join(".");
    if name.contains("LayerNorm.") {
        name = name
            .replace("LayerNorm.gamma", "LayerNorm.weight")
            .replace("LayerNorm.beta", "LayerNorm.bias");
    }
    Canonical {
        name: Cow::Owned(name),
        stripped,
    }
}

/// The place of a tensor in the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub layer: Option<u32>,
    /// q, k, v, o, up, down, ...
    pub kind: Option<&'static str>,
    /// The name of the rule that excludes it: embedding, patch_embed, quant_aux, buffer.
    pub excluded: Option<&'static str>,
}

impl Place {
    /// The place with what the shape adds: a kernel larger than 1 x 1 is not a linear layer.
    pub fn of(self, shape: &[u64]) -> Place {
        let kernel = shape.iter().skip(2).any(|d| *d > 1);
        if kernel {
            Place {
                kind: Some(CONV),
                ..self
            }
        } else {
            self
        }
    }

    /// The type under which it is switched on and off.
    pub fn class(&self) -> &'static str {
        match (self.excluded, self.layer, self.kind) {
            (Some(_), ..) => "embedding",
            (_, None, _) => "outside",
            (.., Some(kind)) => kind,
            _ => "other",
        }
    }

    /// The default selection: inside a numbered block, not excluded, no router or modulation (paper, App. A: "all linear layers").
    pub fn is_selected(&self) -> bool {
        self.layer.is_some() && self.excluded.is_none() && !self.kind.is_some_and(|k| OFF_BY_DEFAULT.contains(&k))
    }
}

/// The name with another number for its layer.
pub fn with_layer(canonical: &str, layer: u32) -> Option<String> {
    let number = RULES.layer.captures(canonical)?.get(1)?.range();
    Some(format!(
        "{}{layer}{}",
        canonical.get(..number.start)?,
        canonical.get(number.end..)?
    ))
}

/// The stack of blocks that a name is in, by all that stands before the number: `model.layers` and 3 of `model.layers.3.mlp.up_proj.weight`.
pub fn stack(canonical: &str) -> Option<(&str, u32)> {
    let number = RULES.layer.captures(canonical)?.get(1)?;
    Some((
        canonical.get(..number.start().checked_sub(1)?)?,
        number.as_str().parse().ok()?,
    ))
}

thread_local! {
    /// Every name is judged many times while a plan is made, against fifty patterns.
    static KNOWN: RefCell<HashMap<String, Place>> = RefCell::default();
}

/// More names than this, and longer ones, are not remembered.
const MOST_KNOWN: usize = 1 << 17;
const LONGEST_KNOWN: usize = 256;

/// Judges a canonical tensor name.
pub fn place(canonical: &str) -> Place {
    #[cfg(test)]
    crate::steps::step();
    if let Some(known) = KNOWN.with_borrow(|known| known.get(canonical).cloned()) {
        return known;
    }
    let place = judge(canonical);
    if canonical.len() > LONGEST_KNOWN {
        return place;
    }
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(canonical.to_owned(), place.clone());
    });
    place
}

fn judge(canonical: &str) -> Place {
    let module = canonical.strip_suffix(".weight").unwrap_or(canonical);
    if is_slice(canonical) {
        return Place {
            kind: Some(EXPERTS),
            ..place(module.split('[').next().unwrap_or(module))
        };
    }
    let rules = &*RULES;
    let layer = rules.layer.captures(module).and_then(|c| c[1].parse().ok());
    // What a layer's number is says nothing about the type: of each type the first layer is judged.
    if let Some(first) = layer.filter(|n| *n > 0).and_then(|_| with_layer(canonical, 0)) {
        return Place { layer, ..place(&first) };
    }
    let find =
        |list: &'static [(String, Regex)]| list.iter().find(|(_, r)| r.is_match(module)).map(|(n, _)| n.as_str());
    Place {
        layer,
        kind: layer.and_then(|_| find(&rules.types)),
        excluded: find(&rules.exclude),
    }
}

/// True for the name of one expert's slice of a tensor. What stands before its first bracket is never one.
pub fn is_slice(name: &str) -> bool {
    name.ends_with(']')
        && name.contains('[')
        && ["experts", "switch_mlp", "input_linear", "output_linear"]
            .iter()
            .any(|h| name.contains(h))
}

/// The name without the number of the expert whose slice it is.
pub fn whole(name: &str) -> &str {
    let slice = name.rsplit_once('[').filter(|_| is_slice(name));
    slice.map_or(name, |(whole, _)| whole)
}

/// True for a name that is a weight by its ending; biases, buffers and scales are not.
pub fn is_weight(canonical: &str) -> bool {
    #[cfg(test)]
    crate::steps::step();
    let is_scale = || {
        ["_scale", "_scale_inv", "_scales"]
            .iter()
            .any(|end| whole(canonical).ends_with(end))
    };
    canonical.ends_with(".weight") || canonical.ends_with("in_proj_weight") || is_slice(canonical) && !is_scale()
}

struct Rules {
    layer: Regex,
    exclude: Vec<(String, Regex)>,
    types: Vec<(String, Regex)>,
}

#[derive(Deserialize)]
struct RulesFile {
    layer: String,
    exclude: Vec<(String, String)>,
    types: Vec<(String, String)>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let file: RulesFile =
        serde_json::from_str(include_str!("name_rules.json")).expect("name_rules.json is part of the source");
    let regex = |r: &str| Regex::new(r).expect("the rules compile: tested");
    let list = |l: Vec<(String, String)>| l.into_iter().map(|(n, r)| (n, regex(&r))).collect();
    Rules {
        layer: regex(&file.layer),
        exclude: list(file.exclude),
        types: list(file.types),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, layer: Option<u32>, kind: Option<&str>, selected: bool) {
        let p = place(&canonical(name).name);
        assert_eq!((p.layer, p.kind, p.is_selected()), (layer, kind, selected), "{name}");
    }

    #[test]
    fn places_of_common_families() {
        check("encoder.layer.3.attention.self.query.weight", Some(3), Some("q"), true);
        check(
            "encoder.layer.0.attention.output.dense.weight",
            Some(0),
            Some("o"),
            true,
        );
        check("encoder.layer.0.output.dense.weight", Some(0), Some("down"), true);
        check("model.layers.11.mlp.gate_proj.weight", Some(11), Some("gate"), true);
        check(
            "model.layers.1.block_sparse_moe.gate.weight",
            Some(1),
            Some("router"),
            false,
        );
        check("transformer.h.2.attn.c_attn.weight", Some(2), Some("qkv"), true);
        check(
            "decoder.block.1.layer.2.DenseReluDense.wo.weight",
            Some(1),
            Some("down"),
            true,
        );
        check("model.embed_tokens.weight", None, None, false);
        check("pooler.dense.weight", None, None, false);
        check(
            "model.layers.1.mlp.experts.down_proj[3]",
            Some(1),
            Some("experts"),
            false,
        );
        check("model.layers.1.mlp.experts]", Some(1), None, true);
    }

    #[test]
    fn wrappers_vanish() {
        let c = canonical("base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight");
        assert_eq!(
            (&*c.name, c.stripped),
            ("model.layers.0.self_attn.q_proj.weight", "base_model.model.")
        );
        assert_eq!(canonical("module._orig_mod.h.0.c.weight").name, "h.0.c.weight");
        assert_eq!(
            canonical("base_model.model.classifier.modules_to_save.default.dense.weight").name,
            "classifier.dense.weight"
        );
        assert_eq!(canonical("a.LayerNorm.gamma").name, "a.LayerNorm.weight");
    }
}
