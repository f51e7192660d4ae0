//! Names of modules that a writer has joined with underscores, found again among the base's.

use crate::plan::adapters::adapter::Module;
use crate::plan::base::Base;
use crate::plan::names::leaf::joined;
use crate::plan::names::renames;
use crate::plan::pairing::meet::{self};
use std::collections::HashMap;

/// Base names by what a writer that joins components makes of them. That cannot be undone (`to_out_0` may be `to.out_0`), so the base's
/// names are joined instead, under every name they are known by, with and without what stands before the blocks (`model.diffusion_model.`,
/// `conditioner.embedders.0.transformer.`).
pub(super) fn joined_names(modules: &[Module], base: &Base) -> HashMap<String, String> {
    if !modules.iter().any(|m| m.joined) {
        return HashMap::new();
    }
    let mut entries: Vec<(String, &str)> = Vec::new();
    let mut enter = |name: &str, whole| {
        let module = name.strip_suffix(".weight").unwrap_or(name);
        let starts = std::iter::once(0)
            .chain(module.match_indices('.').map(|(i, _)| i.saturating_add(1)))
            .take(5);
        let ends = starts.filter_map(|start| module.get(start..));
        entries.extend(ends.map(|end| (joined(end), whole)));
    };
    for n in &base.named {
        enter(&n.name, n.name.as_str());
        // torch.nn.MultiheadAttention: writers name the attention, or `in_proj`.
        if let Some(attention) = n.name.strip_suffix(".in_proj_weight") {
            enter(attention, &n.name);
            enter(&format!("{attention}.in_proj"), &n.name);
        }
    }
    let targets = meet::targets(base, &[], base.config.as_ref());
    targets.iter().for_each(|t| enter(&t.named.name, &t.named.name));
    // Another library's or version's name of a joined module can be brought to the base's only joined.
    let neutral: Vec<(String, &str)> = entries
        .iter()
        .map(|(name, whole)| (renames::neutral_joined(name), *whole))
        .collect();
    let mut names = HashMap::new();
    for (name, whole) in entries.into_iter().chain(neutral) {
        names.entry(name).or_insert_with(|| whole.to_owned());
    }
    names
}

/// The prefix of older names of a text encoder.
const TEXT_MODEL: &str = "text_model_";

pub(super) fn found_joined(names: &HashMap<String, String>, module: &Module) -> Option<String> {
    let name = module.name.as_str();
    let tries = [name, name.strip_prefix(TEXT_MODEL).unwrap_or(name)];
    let found = |name: &str| names.get(name).or_else(|| names.get(&renames::neutral_joined(name)));
    tries
        .into_iter()
        .filter(|_| module.joined)
        .find_map(|name| found(name).cloned())
}
