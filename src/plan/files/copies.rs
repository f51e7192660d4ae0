//! Two copies of the weights in one file: as they were trained, and their running average (timm's `state_dict_ema`, DINO's teacher).

use super::Tensors;
use crate::plan::job::TensorRef;
use crate::plan::names::{canonical, place};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Words in the first component of a name by which a copy is an average of the other.
const AVERAGED: [&str; 8] = [
    "ema", "teacher", "momentum", "target", "averaged", "shadow", "swa", "average",
];

/// A copy that is not looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Copy {
    /// The first component of its names.
    pub lead: String,
    pub names: Vec<String>,
}

/// The copy that a name is in, and the rest of the name without wrappers.
fn split(name: &str) -> Option<(&str, String)> {
    let (lead, rest) = name.split_once('.')?;
    Some((lead, canonical(rest).name.into_owned()))
}

fn says(lead: &str, words: &[&str]) -> bool {
    lead.split(['_', '-']).any(|word| words.contains(&word))
}

/// The tensors without those of a second copy, and these. Of a student and a teacher the teacher is what its makers use; of anything else the
/// weights as they were trained are. A file that holds one copy keeps it, whatever it is called.
pub fn apart(tensors: Tensors) -> (Tensors, Vec<Copy>) {
    let leads: BTreeSet<&str> = tensors.iter().filter_map(|t| Some(split(&t.name)?.0)).collect();
    let has = |word: &str| leads.iter().any(|lead| says(lead, &[word]));
    let spare: &[&str] = if has("student") && has("teacher") {
        &["student"]
    } else {
        &AVERAGED
    };
    if !leads.iter().any(|lead| says(lead, spare)) {
        return (tensors, Vec::new());
    }
    let mut copies: BTreeMap<String, Vec<(String, Vec<u64>)>> = BTreeMap::new();
    let mut own: HashSet<(String, Vec<u64>)> = HashSet::new();
    for t in &tensors {
        let Some((lead, rest)) = split(&t.name) else { continue };
        let one = (rest, t.shape.clone());
        if says(lead, spare) {
            copies.entry(lead.to_owned()).or_default().push(one);
        } else {
            // With its first component too: a copy may be wrapped, and the network itself not.
            own.insert((canonical(&t.name).name.into_owned(), t.shape.clone()));
            own.insert(one);
        }
    }
    let is_copy = |tensors: &Vec<(String, Vec<u64>)>| {
        let matrices = || {
            tensors
                .iter()
                .filter(|(name, shape)| shape.len() >= 2 && place(name).layer.is_some())
        };
        let there = matrices().filter(|one| own.contains(one)).count();
        there > 0 && there.saturating_mul(10) >= matrices().count().saturating_mul(9)
    };
    copies.retain(|_, tensors| is_copy(tensors));
    let lead = |t: &TensorRef| {
        split(&t.name)
            .and_then(|(lead, _)| copies.get_key_value(lead))
            .map(|(lead, _)| lead.clone())
    };
    let mut kept = Tensors::new();
    let mut aside: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for t in tensors {
        match lead(&t) {
            Some(lead) => aside.entry(lead).or_default().push(t.name),
            None => kept.push(t),
        }
    }
    (
        kept,
        aside.into_iter().map(|(lead, names)| Copy { lead, names }).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Dtype;

    fn tensors(names: &[&str]) -> Tensors {
        names
            .iter()
            .map(|name| TensorRef::of(name, Dtype::F32, &[4, 4]))
            .collect()
    }

    #[test]
    fn an_average_is_a_copy_only_beside_what_it_averages() {
        let check = |names: &[&str], aside: &[&str]| {
            let copies = apart(tensors(names)).1;
            let found: Vec<String> = copies.into_iter().flat_map(|c| c.names).collect();
            assert_eq!(found, aside, "{names:?}");
        };
        let q = "blocks.0.attn.qkv.weight";
        let named = |first: &str| format!("{first}.{q}");
        check(
            &[&named("state_dict"), &named("state_dict_ema")],
            &[&named("state_dict_ema")],
        );
        let student = named("student.module.backbone");
        check(&[&student, &named("teacher.backbone")], &[&student]);
        check(&[&named("model"), &named("teacher")], &[&named("teacher")]);
        check(&[q, &named("ema")], &[&named("ema")]);
        check(&[&named("teacher")], &[]);
        // Two towers are not copies of each other, and neither is another network.
        check(&[&named("text_model"), &named("vision_model")], &[]);
        check(&[&named("model"), "target.layers.0.q.weight"], &[]);
    }
}
