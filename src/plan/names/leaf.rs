//! The name of an adapter's tensor: the module, the part it is of that module, and the adapter's name where the writer left it in.
//!
//! PEFT, mlx-lm, kohya, LyCORIS, diffusers of three ages and ComfyUI spell the same parts differently; here they become one.

use super::canonical;
use crate::methods::METHODS;
use crate::methods::refused::{GLORA, REFUSED, Refused};
use crate::plan::files::components::{self, Component};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A tensor's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The module as written, wrappers included; without the prefix of a writer that joins its components by underscores.
    pub module: String,
    pub part: Part,
    /// Raw state dicts keep it in the keys (`lora_A.mnli.weight`).
    pub adapter: String,
    /// Written for image models: no configuration, and alpha = r unless a tensor says otherwise. A text encoder alone does not say so: networks
    /// for music and language have one too.
    pub image: bool,
    /// The module's components are joined by `_`, with this prefix before them.
    pub joined: Option<&'static str>,
    /// The model of a pipeline that it belongs to, where the name says so.
    pub component: Option<Component>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A part, as [`crate::methods`] spells it.
    Of(&'static str),
    /// A scalar.
    Alpha,
    /// A part of an embedding, a norm or a bias: not looked at.
    Ignored,
    /// A part of a method that is not merged.
    Refused(&'static Refused),
}

/// Names in embeddings, norms, biases and modulations; rows of an embedding that were trained one by one (PEFT's trainable tokens).
const IGNORED: [&str; 13] = [
    "lora_embedding_A",
    "lora_embedding_B",
    "hira_embedding_A",
    "hira_embedding_B",
    "vera_embedding_A",
    "vera_embedding_B",
    "token_adapter",
    "diff_b",
    "diff_m",
    "w_norm",
    "b_norm",
    "set_weight",
    "reshape_weight",
];

/// None for a tensor that no adapter method knows.
pub fn leaf(name: &str) -> Option<Leaf> {
    #[cfg(test)]
    crate::steps::step();
    let joined = components::JOINED
        .into_iter()
        .find(|(prefix, _)| name.starts_with(prefix));
    let rest = joined.map_or(Some(name), |(prefix, _)| name.strip_prefix(prefix))?;
    // Most names have no part of an adapter: none is taken apart before it is found.
    let mut back = rest.rsplit('.').peekable();
    let (mut behind, mut last) = (0usize, true);
    let (part, taken, old) = loop {
        let c = back.next()?;
        if let Some((part, taken)) = part(c, back.peek().copied(), last, joined.is_some()) {
            break (
                part,
                taken,
                taken > 0 || c.starts_with("lora_down") || c.starts_with("lora_up"),
            );
        }
        (behind, last) = (behind.saturating_add(1), false);
    };
    let components: Vec<&str> = rest.split('.').collect();
    let at = components.len().checked_sub(behind.saturating_add(1))?;
    let side = at
        .checked_sub(1)
        .filter(|_| taken > 0)
        .and_then(|side| components.get(side));
    let module = module(components.get(..at.saturating_sub(taken))?, side.copied());
    if module.is_empty() {
        return None;
    }
    let adapter: Vec<&str> = components
        .iter()
        .skip(at.saturating_add(1))
        .copied()
        .filter(|c| *c != "weight")
        .collect();
    let part = if adapter.last() == Some(&"bias") {
        Part::Ignored
    } else {
        part
    };
    let component = match joined {
        Some((_, component)) => component,
        None => components::of_name(&canonical(&module).name),
    };
    let image = joined.is_some()
        || old
        || part == Part::Alpha
        || components
            .first()
            .is_some_and(|c| ["unet", "diffusion_model"].contains(c));
    Some(Leaf {
        module,
        part,
        adapter: adapter.join("."),
        image,
        joined: joined.map(|(prefix, _)| prefix),
        component,
    })
}

/// Components that have one meaning wherever they stand: looked up for every component of every name.
static NAMED: LazyLock<HashMap<&str, Part>> = LazyLock::new(|| {
    let read = METHODS
        .iter()
        .flat_map(|m| m.parts())
        .map(|part| (part, Part::Of(part)));
    let refused = REFUSED
        .iter()
        .flat_map(|r| r.parts.iter().map(move |part| (*part, Part::Refused(r))));
    let ignored = IGNORED.map(|part| (part, Part::Ignored));
    read.chain(refused).chain(ignored).collect()
});

/// The part that a component names, and how many components before it belong to it.
fn part(c: &str, before: Option<&str>, last: bool, joined: bool) -> Option<(Part, usize)> {
    let own = |part| Some((part, 0));
    match c {
        "lora_down" => own(Part::Of("lora_A")),
        "lora_up" => own(Part::Of("lora_B")),
        // torchtune's factors are PEFT's under small names, `lora_a.weight`; mlx-lm's have no `weight` and are turned.
        "lora_a" if !last => own(Part::Of("lora_A")),
        "lora_b" if !last => own(Part::Of("lora_B")),
        "magnitude" if last => own(Part::Of("lora_magnitude_vector")),
        // `...lora.down`, `...lora_linear_layer.down`, `...processor.to_q_lora.down`
        "down" | "up"
            if before.is_some_and(|b| {
                b == "lora" || b == "lora_linear_layer" || xlabs(b).is_some() || b.ends_with("_lora")
            }) =>
        {
            Some((Part::Of(if c == "down" { "lora_A" } else { "lora_B" }), 1))
        }
        "alpha" if last => own(Part::Alpha),
        // LyCORIS' names for GLoRA say nothing anywhere else.
        "a1" | "a2" | "b1" | "b2" if joined => own(Part::Refused(&GLORA)),
        // Names that are parts of an adapter at the end only, and `diff` where the writer is known.
        "m" if !last => None,
        "diff" if !last || !joined && before.is_none() => None,
        _ => own(*NAMED.get(c)?),
    }
}

/// The module's components joined; `side` is the one between it and `down` or `up`.
fn module(components: &[&str], side: Option<&str>) -> String {
    let mut components = components.to_vec();
    if let Some(target) = side.and_then(xlabs) {
        if components.last() == Some(&"processor") {
            components.pop();
        }
        components.push(target);
    } else if let Some(target) = side.and_then(|s| s.strip_suffix("_lora")) {
        // Old diffusers: `attn1.processor.to_out_lora.down` is of `attn1.to_out.0`.
        if components.last() == Some(&"processor") {
            components.pop();
        }
        components.push(if target == "to_out" { "to_out.0" } else { target });
    }
    components.join(".")
}

/// XLabs' names of FLUX' layers.
fn xlabs(side: &str) -> Option<&'static str> {
    match side {
        "qkv_lora1" => Some("img_attn.qkv"),
        "proj_lora1" => Some("img_attn.proj"),
        "qkv_lora2" => Some("txt_attn.qkv"),
        "proj_lora2" => Some("txt_attn.proj"),
        _ => None,
    }
}

/// True for a tensor that only adapters have. Words that models use too do not count.
pub fn is_adapter_tensor(name: &str) -> bool {
    leaf(name).is_some_and(|leaf| match leaf.part {
        Part::Of("m") | Part::Alpha => false,
        Part::Of("lora_magnitude_vector") => !name.ends_with(".magnitude"),
        Part::Of("diff") => leaf.joined.is_some(),
        _ => true,
    })
}

/// A module's name as writers that join components would write it.
pub fn joined(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, module: &str, part: &'static str, adapter: &str) {
        let leaf = leaf(name).unwrap_or_else(|| panic!("{name} is of no adapter"));
        assert_eq!(
            (leaf.module.as_str(), leaf.part, leaf.adapter.as_str()),
            (module, Part::Of(part), adapter),
            "{name}"
        );
    }

    #[test]
    fn every_writer_spells_the_same_parts() {
        check(
            "base_model.model.h.0.q_proj.lora_A.weight",
            "base_model.model.h.0.q_proj",
            "lora_A",
            "",
        );
        check(
            "base_model.model.h.0.q_proj.lora_B.mnli.weight",
            "base_model.model.h.0.q_proj",
            "lora_B",
            "mnli",
        );
        check(
            "h.0.q_proj.lora_magnitude_vector",
            "h.0.q_proj",
            "lora_magnitude_vector",
            "",
        );
        check(
            "h.0.q_proj.lora_magnitude_vector.default.weight",
            "h.0.q_proj",
            "lora_magnitude_vector",
            "default",
        );
        check(
            "model.layers.0.self_attn.q_proj.lora_a",
            "model.layers.0.self_attn.q_proj",
            "lora_a",
            "",
        );
        check(
            "lora_unet_down_blocks_0_proj_in.lora_down.weight",
            "down_blocks_0_proj_in",
            "lora_A",
            "",
        );
        check(
            "unet.up.0.attn1.to_q.lora.up.weight",
            "unet.up.0.attn1.to_q",
            "lora_B",
            "",
        );
        check("up.0.to_q.lora_linear_layer.down.weight", "up.0.to_q", "lora_A", "");
        check(
            "up.0.attn1.processor.to_out_lora.down.weight",
            "up.0.attn1.to_out.0",
            "lora_A",
            "",
        );
        check(
            "diffusion_model.blocks.0.q.lora_B",
            "diffusion_model.blocks.0.q",
            "lora_B",
            "",
        );
        check(
            "layers.0.attn.q_proj.lora_a.weight",
            "layers.0.attn.q_proj",
            "lora_A",
            "",
        );
        check(
            "double_blocks.0.processor.qkv_lora1.down.weight",
            "double_blocks.0.img_attn.qkv",
            "lora_A",
            "",
        );
        check("lycoris_blocks_0_q.hada_w1_a", "blocks_0_q", "hada_w1_a", "");
        assert_eq!(leaf("lora_te_x.alpha").unwrap().part, Part::Alpha);
        assert_eq!(leaf("h.0.q_proj.lora_B.bias").unwrap().part, Part::Ignored);
    }

    #[test]
    fn models_have_no_parts_of_adapters() {
        for name in [
            "h.0.mlp.down.weight",
            "layers.0.gamma.alpha",
            "model.layers.0.m",
            "decoder.up.weight",
            "lora_A.weight",
            "m",
            "alpha",
            "conv.magnitude",
        ] {
            assert!(!is_adapter_tensor(name), "{name}");
        }
    }
}
