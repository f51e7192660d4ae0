//! Networks of different depth: blocks or experts that were put in or taken out, so that every later one has another number.

use super::matching::{Named, Shapes, pair};
use super::replication;
use super::ways::{self, Map};
use crate::plan::base::{Base, is_matrix, shape};
use crate::plan::files::FileEntry;
use crate::plan::files::problems::{count, warning};
use crate::plan::files::samples::Samples;
use crate::plan::files::sets::FileSet;
use crate::plan::job::TensorRef;
use crate::plan::names::{canonical, is_slice, place, stack};
use crate::plan::{Answers, Problem, Question, QuestionOption};
use std::collections::{BTreeMap, BTreeSet};

/// Containers whose blocks differ in kind: their numbers say where in the network they are.
const UNEQUAL: [&str; 7] = [
    "down_blocks",
    "up_blocks",
    "mid_block",
    "input_blocks",
    "output_blocks",
    "middle_block",
    "stages",
];
/// Stacks that may have another depth.
const MOST_STACKS: usize = 64;
/// The joint of a block that predicts one token more and stands behind the network's own (DeepSeek-V3, GLM-4.5): no block of its depth.
const NEXT_TOKEN: &str = ".eh_proj.";

/// A fine-tune's stacks of blocks that have another depth than the base's, and its blocks that have another number of experts.
#[derive(Default)]
pub struct Shift {
    stacks: Vec<Shifted>,
    experts: Option<Experts>,
}

struct Shifted {
    own: String,
    base: String,
    map: Map,
    /// The way in force.
    words: String,
    question: Question,
    title: String,
}

struct Experts {
    /// Stacks and numbers of the blocks.
    blocks: BTreeSet<(String, u32)>,
    question: Question,
    title: String,
    are_out: bool,
}

/// The numbers of blocks, by stack.
fn layers(named: &[Named]) -> BTreeMap<&str, BTreeSet<u32>> {
    let mut stacks: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let own = || named.iter().filter(|n| !replication::is_copy(&n.name));
    for (stack, layer) in own().filter_map(|n| stack(&n.name)) {
        stacks.entry(stack).or_default().insert(layer);
    }
    for (stack, layer) in own()
        .filter(|n| n.name.contains(NEXT_TOKEN))
        .filter_map(|n| stack(&n.name))
    {
        stacks.get_mut(stack).map(|layers| layers.remove(&layer));
    }
    stacks.retain(|stack, _| !UNEQUAL.contains(&stack.rsplit('.').next().unwrap_or_default()));
    stacks
}

/// Shards that are not here leave holes; a network counts from 0 without any.
fn counts_up(numbers: &BTreeSet<u32>) -> bool {
    numbers.iter().copied().eq(0..numbers.len() as u32)
}

/// Tuned stack -> base stack: as most of their names pair.
fn meeting<'a>(base: &'a [Named], tuned: &'a [Named]) -> BTreeMap<&'a str, &'a str> {
    let mut votes: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for (t, b) in pair(base, tuned, Shapes::Either).pairs {
        let stack = |list: &'a [Named], at: usize| list.get(at).and_then(|n| stack(&n.name));
        if let (Some((own, _)), Some((other, _))) = (stack(tuned, t), stack(base, b)) {
            let n = votes.entry((own, other)).or_default();
            *n = n.saturating_add(1);
        }
    }
    let mut met: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    for ((own, other), n) in votes {
        let best = met.entry(own).or_insert((n, other));
        *best = (*best).max((n, other));
    }
    met.into_iter().map(|(own, (_, other))| (own, other)).collect()
}

/// The number of an expert within its block.
fn expert(name: &str) -> Option<u32> {
    if is_slice(name) {
        return name.rsplit_once('[')?.1.trim_end_matches(']').parse().ok();
    }
    let (_, after) = name.split_once(".experts.")?;
    after.split('.').next()?.parse().ok()
}

/// The numbers of experts, by block.
fn experts(named: &[Named]) -> BTreeMap<(&str, u32), BTreeSet<u32>> {
    let mut blocks: BTreeMap<(&str, u32), BTreeSet<u32>> = BTreeMap::new();
    for n in named.iter().filter(|n| !replication::is_copy(&n.name)) {
        let Some(number) = expert(&n.name) else { continue };
        if let Some(block) = stack(&n.name) {
            blocks.entry(block).or_default().insert(number);
        }
    }
    blocks
}

/// The number of experts that the router of each block chooses from.
fn routed(named: &[Named]) -> BTreeMap<(&str, u32), u64> {
    let routers = named.iter().filter(|n| place(&n.name).kind == Some("router"));
    routers.filter_map(|n| Some((stack(&n.name)?, n.shape[0]))).collect()
}

impl Shift {
    /// Compares a fine-tune with its base. Nothing is known where shards of either are missing.
    pub fn of(base: &Base, base_set: &FileSet, set: &FileSet, entries: &[FileEntry], answers: &Answers) -> Shift {
        if !base_set.missing.is_empty() || !set.missing.is_empty() {
            return Shift::default();
        }
        let one = |t: &TensorRef| Named {
            name: canonical(&t.name).name.into_owned(),
            shape: shape(t),
        };
        let tuned: Vec<Named> = set.tensors.iter().filter(|t| is_matrix(t)).map(one).collect();
        // Trainers may save the blocks that they changed, and no others: a whole network has an embedding too.
        let is_whole = tuned.iter().any(|n| place(&n.name).excluded == Some("embedding"));
        let (theirs, ours) = (layers(&base.named), layers(&tuned));
        if theirs == ours && experts(&base.named) == experts(&tuned) {
            return Shift::default();
        }
        let met = meeting(&base.named, &tuned);
        let differing: Vec<(&str, &str, [u32; 2])> = ours
            .iter()
            .filter_map(|(own, layers)| {
                let name = met.get(own).copied().unwrap_or(own);
                let others = theirs.get(name)?;
                let sizes @ [b, t] = [others, layers].map(|l| l.len() as u32);
                (b != t && counts_up(layers) && counts_up(others) && (t > b || is_whole)).then_some((*own, name, sizes))
            })
            .collect();
        // Names of a thousand stacks are not a network's: they pair by their numbers as they are.
        let differing = if differing.len() > MOST_STACKS {
            Vec::new()
        } else {
            differing
        };
        let [base_samples, samples] = match differing.is_empty() {
            true => Default::default(),
            false => [base_set, set].map(|s| Samples::of(s, entries)),
        };
        let alone = ours.len() == 1;
        let stacks: Vec<Shifted> = differing
            .iter()
            .map(|(own, other, sizes @ [b, t])| {
                let (id, which) = match alone {
                    true => (format!("layers:{}", set.label), String::new()),
                    false => (format!("layers:{}:{own}", set.label), format!(" “{own}”")),
                };
                let likeness = |t: u32, b: u32| samples.likeness((own, t), &base_samples, (other, b));
                let layers = count(*t as usize, "layer", "layers");
                let title = format!("“{}” has {layers}{which}, the base {b}. How do they pair?", set.label);
                let (question, map, words) = ways::ask(id, title, *sizes, &likeness, answers);
                let title = format!("This fine-tune has {layers}{which}, the base {b}");
                Shifted {
                    own: (*own).to_owned(),
                    base: (*other).to_owned(),
                    map,
                    words,
                    question,
                    title,
                }
            })
            .collect();
        let mut shift = Shift { stacks, experts: None };
        let theirs = experts(&base.named);
        let [their_routers, routers] = [&base.named[..], &tuned[..]].map(routed);
        let differing: Vec<((&str, u32), [usize; 2])> = experts(&tuned)
            .into_iter()
            .filter_map(|((own, layer), numbers)| {
                let from = match shift.stacks.iter().find(|s| s.own == own) {
                    Some(s) => s.map.get(layer as usize).copied().flatten()?,
                    None => layer,
                };
                let at = (met.get(own).copied().unwrap_or(own), from);
                let others = theirs.get(&at)?;
                let sizes @ [b, t] = [others, &numbers].map(BTreeSet::len);
                // Of experts that were left unsaved the router still knows.
                let is_routed = [their_routers.get(&at), routers.get(&(own, layer))]
                    == [b, t].map(|n| n as u64).each_ref().map(Some);
                let differ = b != t && counts_up(&numbers) && counts_up(others) && (t > b || is_whole || is_routed);
                differ.then_some(((own, layer), sizes))
            })
            .collect();
        shift.experts = Experts::of(&differing, &set.label, answers);
        shift
    }

    /// The name under which a tuned matrix finds its base; none where the base has nothing for it.
    pub fn name(&self, name: &str) -> Option<String> {
        if self.is_expert_out(name) {
            return None;
        }
        let shifted = stack(name).and_then(|(own, layer)| Some((self.stacks.iter().find(|s| s.own == own)?, layer)));
        match shifted {
            None => Some(name.to_owned()),
            Some((stack, layer)) => {
                let from = stack.map.get(layer as usize).copied().flatten()?;
                Some(replication::name_of(name, layer, from))
            }
        }
    }

    /// True for an expert that is not compared, because experts of its block were taken out or put in.
    pub fn is_expert_out(&self, name: &str) -> bool {
        let out = self.experts.as_ref().filter(|e| e.are_out);
        out.is_some_and(|e| {
            expert(name).is_some()
                && stack(name).is_some_and(|(own, layer)| e.blocks.contains(&(own.to_owned(), layer)))
        })
    }

    /// Whether all blocks have the base's numbers.
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    /// Adds to the base the copies of its blocks that the fine-tune is compared with under other numbers.
    pub fn extend(&self, base: &mut Base) {
        for s in &self.stacks {
            let map = (0u32..).zip(&s.map).filter_map(|(layer, from)| Some((layer, (*from)?)));
            replication::extend_stack(base, &s.base, map);
        }
    }

    pub fn questions(&self) -> Vec<Question> {
        let stacks = self.stacks.iter().map(|s| &s.question);
        stacks
            .chain(self.experts.iter().map(|e| &e.question))
            .cloned()
            .collect()
    }

    /// The problems to tell, with the ways in force.
    pub fn problems(&self, file: &str) -> Vec<Problem> {
        let one = |title: &str, why: &str, way: &str| {
            let cause = format!("{why}. Now they are paired so: {way}.");
            let fix = "Answer the question as the model was made; its card says how.";
            warning("depth-differs", title.to_owned(), file, cause, fix)
        };
        let numbers = "Numbers of layers shift where blocks are put in or taken out";
        let stacks = self.stacks.iter().map(|s| one(&s.title, numbers, &s.words));
        let experts = "Experts are renumbered where some are taken out or put in, and nothing in the file says which became which";
        let of_experts = self.experts.iter().map(|e| one(&e.title, experts, e.words()));
        stacks.chain(of_experts).collect()
    }
}

impl Experts {
    /// The way in force.
    fn words(&self) -> &str {
        let option = self.question.options.iter().find(|o| o.value == self.question.value);
        option.map_or("", |o| o.label.as_str())
    }

    fn of(differing: &[((&str, u32), [usize; 2])], label: &str, answers: &Answers) -> Option<Experts> {
        let (_, [b, t]) = differing.first()?;
        let id = format!("experts:{label}");
        let are_out = answers.0.get(&id).is_none_or(|a| a != "numbers");
        let option = |value: &str, label: &str, note: &str| QuestionOption {
            value: value.into(),
            label: label.into(),
            note: note.into(),
        };
        let question = Question {
            id,
            title: format!("How do the {t} experts of “{label}” pair with the base’s {b}?"),
            detail: "Experts were taken out or put in, so equal numbers need not be equal experts. A wrong pairing shows every vector as an intruder."
                .into(),
            options: vec![
                option("out", "Not at all: they are left out", "default"),
                option("numbers", "By their numbers as they are", ""),
            ],
            value: if are_out { "out".into() } else { "numbers".into() },
            number: false,
        };
        Some(Experts {
            blocks: differing.iter().map(|((s, l), _)| ((*s).to_owned(), *l)).collect(),
            question,
            title: format!("This fine-tune has {t} experts in a block, the base {b}"),
            are_out,
        })
    }
}
