//! Networks of different depth: blocks that were put in or taken out, so that every later block has another number.

use super::files::Tensors;
use super::matching::Named;
use super::names::{canonical, place};
use super::{Answers, Question, QuestionOption};
use std::collections::{BTreeMap, BTreeSet};

/// For every tuned layer the base's layer that it is compared with; none for a block that the base has not.
pub type Map = Vec<Option<u32>>;

/// The layers of a network by what stands before their numbers; the deepest stack first.
fn stacks<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, BTreeSet<u32>> {
    let mut stacks: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for name in names {
        if let Some(layer) = place(name).layer {
            let number = format!(".{layer}.");
            let before = name.find(&number).map_or("", |at| &name[..at]);
            // `model.layers` and `layers` are one stack: only the last word counts.
            let stack = before.rsplit('.').next().unwrap_or_default();
            stacks.entry(stack.to_owned()).or_default().insert(layer);
        }
    }
    stacks
}

/// Containers of equal blocks one after the other; the numbers of a UNet's are another thing.
const STACKS: [&str; 9] = [
    "layers",
    "layer",
    "h",
    "blocks",
    "block",
    "resblocks",
    "double_blocks",
    "transformer_blocks",
    "single_transformer_blocks",
];

/// How deep base and fine-tune are, where one stack of both differs.
pub fn differing(base: &[Named], tuned: &Tensors) -> Option<(u32, u32)> {
    let names: Vec<String> = tuned.iter().map(|t| canonical(&t.name).name).collect();
    let (own, others) = (
        stacks(base.iter().map(|n| n.name.as_str())),
        stacks(names.iter().map(String::as_str)),
    );
    // Trainers may save the blocks that they changed, and no others: a whole network has an embedding too.
    let is_whole = tuned
        .iter()
        .zip(&names)
        .any(|(t, name)| t.shape.len() == 2 && place(name).excluded == Some("embedding"));
    own.iter()
        .filter(|(stack, _)| STACKS.contains(&stack.as_str()))
        .find_map(|(stack, layers)| {
            let other = others.get(stack)?;
            // Shards that are not here leave holes; a network counts from 0 without any.
            let counts_up = |layers: &BTreeSet<u32>| layers.iter().copied().eq(0..layers.len() as u32);
            let [b, t] = [layers, other].map(|l| l.len() as u32);
            (b != t && counts_up(layers) && counts_up(other) && (t > b || is_whole)).then_some((b, t))
        })
}

/// Block expansion (LLaMA-Pro): a new block after every group of the old ones.
fn expanded(base: u32, tuned: u32) -> Option<Map> {
    let added = tuned.checked_sub(base).filter(|n| *n > 0)?;
    if !base.is_multiple_of(added) {
        return None;
    }
    let group = base / added;
    Some(
        (0..tuned)
            .map(|t| (t % (group + 1) < group).then_some(t / (group + 1) * group + t % (group + 1)))
            .collect(),
    )
}

/// Depth up-scaling (SOLAR): the first blocks, then the last ones again from an earlier number on.
fn stacked(base: u32, tuned: u32) -> Option<Map> {
    let added = tuned.checked_sub(base).filter(|n| *n > 0 && tuned.is_multiple_of(2))?;
    let first = tuned / 2;
    (first < base).then(|| {
        (0..tuned)
            .map(|t| Some(if t < first { t } else { t - added }))
            .collect()
    })
}

/// Blocks added behind, or taken away from there.
fn numbered(base: u32, tuned: u32) -> Map {
    (0..tuned).map(|t| (t < base).then_some(t)).collect()
}

/// Pruning: what is left of the blocks, where the last ones were kept and a run before them was taken out.
fn pruned(base: u32, tuned: u32) -> Option<Map> {
    let removed = base.checked_sub(tuned).filter(|n| *n > 0 && tuned > 1)?;
    Some(
        (0..tuned)
            .map(|t| Some(if t + 1 < tuned { t } else { t + removed }))
            .collect(),
    )
}

/// The ways to pair, the likeliest first.
fn ways(base: u32, tuned: u32) -> Vec<(&'static str, String, Map)> {
    let mut ways = Vec::new();
    if let Some(map) = expanded(base, tuned) {
        let group = base / (tuned - base);
        ways.push((
            "expanded",
            format!("A new block after every {group} (block expansion, LLaMA-Pro)"),
            map,
        ));
    }
    if let Some(map) = stacked(base, tuned) {
        let words = format!(
            "Blocks 0 to {} and then {} to {} (depth up-scaling, SOLAR)",
            tuned / 2 - 1,
            base - tuned / 2,
            base - 1
        );
        ways.push(("stacked", words, map));
    }
    ways.push(("numbers", "By their numbers as they are".into(), numbered(base, tuned)));
    if let Some(map) = pruned(base, tuned) {
        ways.push((
            "pruned",
            format!("The last block kept, {} before it taken out", base - tuned),
            map,
        ));
    }
    ways
}

/// The question how the blocks pair, and the way in force.
pub fn ask(label: &str, base: u32, tuned: u32, answers: &Answers) -> (Question, Map) {
    let id = format!("layers:{label}");
    let ways = ways(base, tuned);
    let chosen = ways
        .iter()
        .position(|(value, ..)| answers.0.get(&id).is_some_and(|a| a == value))
        .unwrap_or(0);
    let option = |(i, (value, words, _)): (usize, &(&str, String, Map))| QuestionOption {
        value: (*value).into(),
        label: words.clone(),
        note: if i == 0 { "default".into() } else { String::new() },
    };
    let question = Question {
        title: format!("How do the {tuned} layers of “{label}” pair with the base’s {base}?"),
        detail:
            "Blocks were put in or taken out, so equal numbers need not be equal blocks. A wrong pairing shows every vector as an intruder."
                .into(),
        options: ways.iter().enumerate().map(option).collect(),
        value: ways[chosen].0.into(),
        number: false,
        id,
    };
    (question, ways[chosen].2.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ways_to_another_depth() {
        assert_eq!(
            expanded(4, 6),
            Some(vec![Some(0), Some(1), None, Some(2), Some(3), None])
        );
        assert_eq!(expanded(32, 40).unwrap()[4..6], [None, Some(4)]);
        let solar = stacked(32, 48).unwrap();
        assert_eq!((solar[23], solar[24], solar[47]), (Some(23), Some(8), Some(31)));
        assert_eq!(pruned(4, 3), Some(vec![Some(0), Some(1), Some(3)]));
        assert_eq!(ways(32, 24)[0].0, "numbers");
    }
}
