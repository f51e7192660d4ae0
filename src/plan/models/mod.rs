//! The fine-tunes: how each one's tensors pair with the base, and the recipe for every matrix.

mod adapter;
mod full;
mod joined;

pub use adapter::adapter;
pub use full::full;

use crate::checkpoint::ModelConfig;
use crate::plan::adapters::alpha::Decided;
use crate::plan::base::Base;
use crate::plan::files::components::{self, Component};
use crate::plan::job::Recipe;
use crate::plan::names::renames;
use crate::plan::pairing::matching::{ByHand, HAND, Named, Pairing, Shapes, pair};
use crate::plan::pairing::meet::{self, Target};
use crate::plan::pairing::mismatch::{self, Side};
use crate::plan::{Answers, LeftOut, Problem, Question};
use crate::report::Matching;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The paired part of one fine-tune.
#[derive(Debug, Clone, Default)]
pub struct Paired {
    /// Base matrix -> how the tuned one is made.
    pub recipes: Vec<(usize, Recipe)>,
    pub matching: Matching,
    pub notes: Vec<String>,
    pub problems: Vec<Problem>,
    pub questions: Vec<Question>,
    /// Tensors that belong to another model, or cannot be looked at.
    pub left_out: Vec<LeftOut>,
    /// The scales of what paired.
    pub decided: Vec<Decided>,
    /// The largest rank of what paired.
    pub rank: Option<u64>,
    /// What the model changes and is not read here.
    pub unread: Vec<String>,
    /// The model's own `config.json`.
    pub config: Option<Arc<Map<String, Value>>>,
}

/// Pairs of names: their own, and those that both sides are known by.
struct Met {
    pairing: Pairing,
    /// Tuned index -> what it pairs with under its neutral name.
    targets: BTreeMap<usize, Target>,
    /// The rules of the second kind, in words.
    words: Vec<String>,
    /// Two parts of the base that its names fit equally well.
    doubt: Option<[String; 2]>,
}

impl Met {
    fn has(&self, tuned: usize) -> bool {
        self.pairing.pairs.contains_key(&tuned) || self.targets.contains_key(&tuned)
    }

    fn matrices(&self) -> BTreeSet<usize> {
        let second = self.targets.values().flat_map(|t| t.pieces.iter().map(|p| p.matrix));
        self.pairing.pairs.values().copied().chain(second).collect()
    }
}

/// Pairs names with the base: as they are, then under the names that every library's become.
fn met(base: &Base, named: &[Named], shapes: Shapes, by_hand: &ByHand, config: Option<&ModelConfig>) -> Met {
    let mut pairing = pair(&base.named, named, shapes);
    pairing.by_hand(&base.named, named, shapes, by_hand);
    let left: Vec<usize> = (0..named.len()).filter(|t| !pairing.pairs.contains_key(t)).collect();
    let mut met = Met {
        doubt: pairing.doubt.clone(),
        pairing,
        targets: BTreeMap::new(),
        words: Vec::new(),
    };
    if left.is_empty() {
        return met;
    }
    let used: BTreeSet<usize> = met.pairing.pairs.values().copied().collect();
    let own: Vec<Named> = left
        .iter()
        .filter_map(|t| named.get(*t))
        .map(|n| Named {
            name: renames::neutral(&n.name),
            shape: n.shape,
        })
        .collect();
    let mut targets = meet::targets(base, &own, config);
    targets.retain(|t| !t.pieces.iter().any(|p| used.contains(&p.matrix)));
    let names: Vec<Named> = targets.iter().map(|t| t.named.clone()).collect();
    let second = pair(&names, &own, shapes);
    met.doubt = met.doubt.or(second.doubt);
    for (o, t) in second.pairs {
        let (Some(target), Some(tuned)) = (targets.get(t).cloned(), left.get(o).copied()) else {
            continue;
        };
        let word = match target.pieces[..] {
            [piece] if piece.lines.is_some() => "parts of a fused layer",
            [_] => "names of another version or library",
            _ => "a fused layer over its parts",
        };
        if !met.words.iter().any(|w| w == word) {
            met.words.push(word.to_owned());
        }
        met.targets.insert(tuned, target);
    }
    met
}

/// Pairs names with the base, and asks where two parts of it fit them equally well.
fn met_or_asked(
    model: &Side,
    base: &Base,
    named: &[Named],
    shapes: Shapes,
    answers: &Answers,
    config: Option<&ModelConfig>,
    paired: &mut Paired,
) -> Met {
    let by_hand = &answers.by_hand(model.label);
    let first = met(base, named, shapes, by_hand, config);
    let Some(parts) = &first.doubt else { return first };
    let (question, is_second) = mismatch::ask_part(model.label, parts, answers);
    let [first_part, second_part] = parts;
    let (taken, other) = match is_second {
        true => (second_part, first_part),
        false => (first_part, second_part),
    };
    paired
        .notes
        .push(format!("Paired with “{taken}”; “{other}” would fit as well."));
    paired.questions.push(question);
    if !is_second {
        return first;
    }
    let is_of_first = |name: &str| {
        name.strip_prefix(first_part.as_str())
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let own = first
        .pairing
        .pairs
        .values()
        .filter(|b| base.named.get(**b).is_some_and(|n| is_of_first(&n.name)))
        .copied();
    let renamed = first.targets.values().filter(|t| is_of_first(&t.named.name));
    let taken: Vec<usize> = own
        .chain(renamed.flat_map(|t| t.pieces.iter().map(|p| p.matrix)))
        .collect();
    met(&base.without(&taken), named, shapes, by_hand, config)
}

impl Paired {
    /// Takes in what another region of the base has.
    fn add(&mut self, other: Paired) {
        let (mine, theirs) = (&mut self.matching, other.matching);
        let first = mine.total == 0;
        mine.only_in_base = match first {
            true => theirs.only_in_base,
            false => {
                let theirs: HashSet<String> = theirs.only_in_base.into_iter().collect();
                let mine = std::mem::take(&mut mine.only_in_base);
                mine.into_iter().filter(|n| theirs.contains(n)).collect()
            }
        };
        mine.matched = mine.matched.saturating_add(theirs.matched);
        mine.total = mine.total.saturating_add(theirs.total);
        mine.unmatched.extend(theirs.unmatched);
        theirs.rules.into_iter().for_each(|rule| {
            if !mine.rules.contains(&rule) {
                mine.rules.push(rule)
            }
        });
        self.recipes.extend(other.recipes);
        other.notes.into_iter().for_each(|note| {
            if !self.notes.contains(&note) {
                self.notes.push(note)
            }
        });
        self.problems.extend(other.problems);
        for question in other.questions {
            if !self.questions.iter().any(|q| q.id == question.id) {
                self.questions.push(question);
            }
        }
        self.decided.extend(other.decided);
        self.rank = self.rank.max(other.rank);
    }
}

fn matching(met: &Met, named: &[Named], stripped: &[&str], base: &Base, counts: &impl Fn(&usize) -> bool) -> Matching {
    let left = named.iter().enumerate().filter(|(t, _)| counts(t) && !met.has(*t));
    let unmatched: Vec<String> = left.map(|(_, n)| n.name.clone()).collect();
    let matched = (0..named.len()).filter(|t| counts(t) && met.has(*t)).count();
    let used = met.matrices();
    let others = base.matrices.iter().enumerate();
    let only_in_base = others
        .filter(|(b, _)| base.is_selected(*b) && !used.contains(b))
        .map(|(_, m)| m.tensor.name.clone())
        .collect();
    Matching {
        rules: [rules(&met.pairing, stripped, counts), met.words.clone()].concat(),
        matched: matched as u32,
        total: matched.saturating_add(unmatched.len()) as u32,
        unmatched,
        only_in_base,
    }
}

/// The rules in words, those of wrappers included.
fn rules(pairing: &Pairing, stripped: &[&str], counts: &impl Fn(&usize) -> bool) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (t, rule) in pairing.by_rule.iter().filter(|(t, _)| counts(t)) {
        let (Some(rule), Some(lead)) = (pairing.rules.get(*rule), stripped.get(*t)) else {
            continue;
        };
        let strip = match (*lead, rule.strip.as_str()) {
            (lead, "") => lead.to_owned(),
            (lead, strip) => format!("{lead}{strip}."),
        };
        let text = match (strip.as_str(), rule.add.as_str()) {
            _ if rule.strip == HAND => "by hand".to_owned(),
            ("", "") => "same names".to_owned(),
            (strip, "") => format!("strip '{strip}'"),
            ("", add) => format!("add '{add}.'"),
            (strip, add) => format!("strip '{strip}', add '{add}.'"),
        };
        if !words.contains(&text) {
            words.push(text);
        }
    }
    words
}

/// The regions of a file with a whole pipeline in it, by its names.
pub fn regions<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<Component> {
    names.filter_map(components::of_name).collect()
}
