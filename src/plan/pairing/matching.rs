//! Pairing names: exact first, then the prefix rule that pairs most tensors, again and again.
//!
//! One search covers checkpoints with and without `transformer.`, adapters of a bare model (PEFT #1579), text adapters on
//! vision-language bases (vLLM #34186), sentence-transformers' `0.auto_model.` and more. Shapes are always checked.

use crate::plan::names::stack;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Components that a rule may strip, and prefixes it may add.
const MAX_STRIP: usize = 4;
const MAX_RULES: usize = 4;
/// No network has more prefixes before one tail than blocks; of more, and of more rules in all, the first are tried.
const MOST_PREFIXES: usize = 32;
const MOST_SCORED: usize = 1 << 18;

/// A name to pair, canonical, with its shape `[out, in]` as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub shape: [u64; 2],
}

/// Strip the first prefix, add the second; both without the dot. Empty and empty: the same names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub strip: String,
    pub add: String,
    pub count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairing {
    /// Tuned index -> base index.
    pub pairs: BTreeMap<usize, usize>,
    /// Tuned index -> index into `rules`.
    pub by_rule: BTreeMap<usize, usize>,
    pub rules: Vec<Rule>,
    /// Two prefixes of the base that fit equally well under one name, where nothing tells which is meant; the first was taken.
    pub doubt: Option<[String; 2]>,
}

/// Tuned name -> base name, as somebody said.
pub type ByHand = BTreeMap<String, String>;
/// Stands in a rule's `strip` for pairs made by hand: no name has it.
pub const HAND: &str = "\u{0}";

impl Pairing {
    /// Takes in pairs made by hand, over those found; shapes have to fit all the same.
    pub fn by_hand(&mut self, base: &[Named], tuned: &[Named], shapes: Shapes, pairs: &ByHand) {
        let mut count = 0;
        if pairs.is_empty() {
            return;
        }
        // The first of equal names.
        let places = |list: &'_ [Named]| -> HashMap<String, usize> {
            list.iter()
                .enumerate()
                .rev()
                .map(|(i, n)| (n.name.clone(), i))
                .collect()
        };
        let (of_tuned, of_base) = (places(tuned), places(base));
        for (from, to) in pairs {
            let (Some(t), Some(b)) = (of_tuned.get(from).copied(), of_base.get(to).copied()) else {
                continue;
            };
            if !tuned
                .get(t)
                .zip(base.get(b))
                .is_some_and(|(t, b)| shapes.fit(t.shape, b.shape))
            {
                continue;
            }
            self.pairs.retain(|_, other| *other != b);
            self.pairs.insert(t, b);
            self.by_rule.insert(t, self.rules.len());
            count = u32::saturating_add(count, 1);
        }
        if count > 0 {
            self.by_rule.retain(|t, _| self.pairs.contains_key(t));
            self.rules.push(Rule {
                strip: HAND.to_owned(),
                add: String::new(),
                count,
            });
        }
    }
}

/// The comparison of shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shapes {
    Same,
    /// Either orientation: an adapter on a Conv1D base.
    Either,
    /// To find out which names would pair but for their shapes.
    Any,
}

impl Shapes {
    /// A dimension of 0 is not known and fits any.
    pub fn fit(self, a: [u64; 2], b: [u64; 2]) -> bool {
        #[cfg(test)]
        crate::steps::step();
        let same = |a: [u64; 2]| a.iter().zip(b).all(|(a, b)| *a == b || *a == 0);
        match self {
            Shapes::Same => same(a),
            Shapes::Either => {
                let [rows, cols] = a;
                same(a) || same([cols, rows])
            }
            Shapes::Any => true,
        }
    }
}

/// Pairs every tuned name with at most one base name.
pub fn pair(base: &[Named], tuned: &[Named], shapes: Shapes) -> Pairing {
    let mut search = Search::new(base, tuned, shapes);
    search.apply("", "");
    while search.result.rules.len() < MAX_RULES {
        let Some((strip, add)) = search.best_rule() else { break };
        search.note_doubt(&strip, &add);
        if !search.apply(&strip, &add) {
            break;
        }
    }
    search.result
}

/// The pairs that a rule would make.
struct Score {
    count: u32,
    /// The first tuned name that it fits, and the base name it leads to.
    first: (usize, usize),
}

struct Prefixes<'a> {
    /// Tail of a base name -> the prefixes before it.
    of_tail: HashMap<&'a str, Vec<&'a str>>,
    /// Those of either side that reach into a numbered block: no rule may take one block for another.
    inside_block: HashSet<&'a str>,
}

impl<'a> Prefixes<'a> {
    fn of(base: &'a [Named], tuned: &'a [Named]) -> Prefixes<'a> {
        let mut of_tail: HashMap<&str, Vec<&str>> = HashMap::new();
        for (prefix, tail) in base.iter().flat_map(|b| splits(&b.name)) {
            let own = of_tail.entry(tail).or_default();
            if own.len() < MOST_PREFIXES {
                own.push(prefix);
            }
        }
        let all: HashSet<&str> = base
            .iter()
            .chain(tuned)
            .flat_map(|n| splits(&n.name))
            .map(|(prefix, _)| prefix)
            .collect();
        Prefixes {
            of_tail,
            inside_block: all.into_iter().filter(|prefix| stack(prefix).is_some()).collect(),
        }
    }
}

struct Search<'a> {
    base: &'a [Named],
    tuned: &'a [Named],
    shapes: Shapes,
    by_name: HashMap<&'a str, usize>,
    /// Once something is left over.
    prefixes: Option<Prefixes<'a>>,
    used: HashSet<usize>,
    result: Pairing,
}

impl<'a> Search<'a> {
    fn new(base: &'a [Named], tuned: &'a [Named], shapes: Shapes) -> Self {
        let by_name = base.iter().enumerate().map(|(i, b)| (b.name.as_str(), i)).collect();
        Search {
            base,
            tuned,
            shapes,
            by_name,
            prefixes: None,
            used: HashSet::new(),
            result: Pairing::default(),
        }
    }

    fn unmatched(&self) -> impl Iterator<Item = (usize, &'a Named)> {
        self.tuned
            .iter()
            .enumerate()
            .filter(|(t, _)| !self.result.pairs.contains_key(t))
    }

    fn free(&self, name: &str, shape: [u64; 2]) -> Option<usize> {
        let b = *self.by_name.get(name)?;
        let fits = self.base.get(b).is_some_and(|n| self.shapes.fit(shape, n.shape));
        (fits && !self.used.contains(&b)).then_some(b)
    }

    /// The score of every rule.
    fn scores(&mut self) -> HashMap<(&'a str, &'a str), Score> {
        let prefixes = self.prefixes.take();
        let prefixes = prefixes.unwrap_or_else(|| Prefixes::of(self.base, self.tuned));
        let mut score: HashMap<(&str, &str), Score> = HashMap::new();
        let whole = |prefix: &&str| !prefixes.inside_block.contains(prefix);
        for (at, t) in self.unmatched() {
            for (strip, tail) in splits(&t.name).filter(|(strip, _)| whole(strip)) {
                for add in prefixes
                    .of_tail
                    .get(tail)
                    .into_iter()
                    .flatten()
                    .filter(|add| whole(add))
                {
                    if strip != *add
                        && (score.len() < MOST_SCORED || score.contains_key(&(strip, *add)))
                        && swap_allowed(strip, add, tail)
                        && tower_of_rule(strip, add) != Agreement::Against
                        && let Some(b) = self.free(&join(add, tail), t.shape)
                    {
                        let first = (at, b);
                        let own = score.entry((strip, add)).or_insert(Score { count: 0, first });
                        own.count = own.count.saturating_add(1);
                    }
                }
            }
        }
        self.prefixes = Some(prefixes);
        score
    }

    /// The rule that pairs most tensors; among equals the one that keeps the tower, then the shortest change, then the first by name.
    fn best_rule(&mut self) -> Option<(String, String)> {
        self.unmatched().next()?;
        let best = self.scores().into_iter().max_by_key(|((strip, add), score)| {
            let kept = tower_of_rule(strip, add);
            (
                score.count,
                kept,
                Reverse(strip.len().saturating_add(add.len())),
                Reverse((*strip, *add)),
            )
        });
        best.map(|((strip, add), _)| (strip.to_owned(), add.to_owned()))
    }

    /// Notes where another part of the base would do as well as the one that was chosen: another tower, or another stack of blocks.
    fn note_doubt(&mut self, strip: &str, add: &str) {
        if self.result.doubt.is_some() || add.is_empty() || tower_of_rule(strip, add) == Agreement::Kept {
            return;
        }
        let scores = self.scores();
        let Some(best) = scores.get(&(strip, add)) else { return };
        let other = scores
            .iter()
            .filter(|((_, other), score)| score.count == best.count && !other.is_empty() && score.first != best.first)
            .map(|((_, other), _)| *other)
            .min();
        self.result.doubt = other.map(|other| [add.to_owned(), other.to_owned()]);
    }

    /// Pairs all it can by the rule; false when it pairs nothing.
    fn apply(&mut self, strip: &str, add: &str) -> bool {
        let mut found = Vec::new();
        let mut allowed = false;
        for (t, named) in self.unmatched() {
            let tail = match strip {
                "" => Some(named.name.as_str()),
                _ => named.name.strip_prefix(strip).and_then(|rest| rest.strip_prefix('.')),
            };
            if let Some(tail) = tail
                && let Some(b) = self.free(&join(add, tail), named.shape)
            {
                found.push((t, b));
                allowed |= swap_allowed(strip, add, tail);
            }
        }
        if !allowed {
            return false;
        }
        let rule = self.result.rules.len();
        let mut count = 0;
        for (t, b) in found {
            if self.used.insert(b) {
                self.result.pairs.insert(t, b);
                self.result.by_rule.insert(t, rule);
                count = u32::saturating_add(count, 1);
            }
        }
        if count > 0 {
            self.result.rules.push(Rule {
                strip: strip.to_owned(),
                add: add.to_owned(),
                count,
            });
        }
        count > 0
    }
}

/// The name cut after 0 to 4 leading components: (prefix, tail).
fn splits(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let cuts = name.match_indices('.').map(|(i, _)| i).take(MAX_STRIP);
    let parts = cuts.filter_map(move |i| Some((name.get(..i)?, name.get(i.checked_add(1)?..)?)));
    std::iter::once(("", name)).chain(parts)
}

fn join(prefix: &str, tail: &str) -> String {
    if prefix.is_empty() {
        tail.to_owned()
    } else {
        format!("{prefix}.{tail}")
    }
}

/// The half of a model that a prefix says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tower {
    Text,
    Vision,
    Audio,
}

fn tower(prefix: &str) -> Option<Tower> {
    const WORDS: [(&str, Tower); 6] = [
        ("vision", Tower::Vision),
        ("visual", Tower::Vision),
        ("image", Tower::Vision),
        ("text", Tower::Text),
        ("language", Tower::Text),
        ("audio", Tower::Audio),
    ];
    prefix
        .split(['.', '_'])
        .find_map(|word| WORDS.iter().find(|(known, _)| word == *known).map(|(_, t)| *t))
}

/// Whether a rule leads from one tower to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    Against,
    Unsaid,
    Kept,
}

fn tower_of_rule(strip: &str, add: &str) -> Agreement {
    match (tower(strip), tower(add)) {
        (Some(one), Some(other)) if one == other => Agreement::Kept,
        (Some(_), Some(_)) => Agreement::Against,
        _ => Agreement::Unsaid,
    }
}

/// A rule that strips and adds has to be borne out by a name with a layer number in what stays, else `classifier.dense` pairs with
/// `lm_head.dense`.
fn swap_allowed(strip: &str, add: &str, tail: &str) -> bool {
    strip.is_empty()
        || add.is_empty()
        || tail
            .split('.')
            .rev()
            .skip(1)
            .any(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(prefix: &str, modules: &[&str], side: u64) -> Vec<Named> {
        (0..3)
            .flat_map(|i| {
                modules
                    .iter()
                    .map(move |m| named(&format!("{prefix}{i}.{m}.weight"), side))
            })
            .collect()
    }

    fn named(name: &str, side: u64) -> Named {
        Named {
            name: name.into(),
            shape: [side, side],
        }
    }

    const LM: [&str; 3] = ["self_attn.q_proj", "self_attn.k_proj", "mlp.up_proj"];

    #[track_caller]
    fn check(base: &[Named], tuned: &[Named], matched: usize, rules: &[(&str, &str)]) {
        let p = pair(base, tuned, Shapes::Either);
        assert_eq!(p.pairs.len(), matched);
        let found: Vec<_> = p.rules.iter().map(|r| (r.strip.as_str(), r.add.as_str())).collect();
        assert_eq!(found, rules);
    }

    #[test]
    fn a_missing_or_extra_prefix() {
        let hub = blocks("h.", &["attn.c_attn", "mlp.c_fc"], 8);
        let tuned = blocks("transformer.h.", &["attn.c_attn", "mlp.c_fc"], 8);
        check(&hub, &tuned, 6, &[("transformer", "")]);
        check(&tuned, &hub, 6, &[("", "transformer")]);
        check(
            &blocks("bert.encoder.layer.", &["q"], 8),
            &blocks("0.auto_model.encoder.layer.", &["q"], 8),
            3,
            &[("0.auto_model", "bert")],
        );
    }

    #[test]
    fn a_text_adapter_leaves_the_look_alikes_of_the_vision_tower_alone() {
        let mut base = blocks("model.vision_tower.encoder.layers.", &LM[..2], 8);
        base.extend(blocks("model.language_model.layers.", &LM, 8));
        check(
            &base,
            &blocks("model.layers.", &LM, 8),
            9,
            &[("model", "model.language_model")],
        );
    }

    #[test]
    fn a_new_head_is_not_paired_with_another_head() {
        let mut base = blocks("roberta.encoder.layer.", &["output.dense"], 8);
        let mut tuned = base.clone();
        base.push(named("lm_head.dense.weight", 8));
        tuned.push(named("classifier.dense.weight", 8));
        check(&base, &tuned, 3, &[("", "")]);
    }

    #[test]
    fn a_rule_keeps_blocks_and_takes_what_lies_beside_them() {
        let mut base = blocks("blocks.", &["attn1.to_out.0", "ffn.net.2"], 8);
        base.push(named("time_proj.weight", 8));
        let names = ["unet.blocks.1.ffn.0.weight", "unet.blocks.0.ffn.2.weight"];
        check(&base, &names.map(|n| named(n, 8)), 0, &[]);
        let mut tuned = blocks("unet.blocks.", &["ffn.net.2"], 8);
        tuned.push(named("unet.time_proj.weight", 8));
        let inside: Vec<Named> = base
            .iter()
            .map(|n| named(&format!("model.diffusion_model.{}", n.name), 8))
            .collect();
        check(&inside, &tuned, 4, &[("unet", "model.diffusion_model")]);
    }

    #[test]
    fn other_architectures_and_other_sizes_match_nothing() {
        check(
            &blocks("model.layers.", &LM, 8),
            &blocks("transformer.h.", &["attn.c_attn"], 8),
            0,
            &[],
        );
        check(
            &blocks("model.layers.", &LM, 8),
            &blocks("model.layers.", &LM, 16),
            0,
            &[],
        );
    }

    #[test]
    fn several_renames_at_once() {
        let mut old = blocks("language_model.model.layers.", &LM, 8);
        old.extend(blocks("vision_tower.vision_model.layers.", &LM[..1], 8));
        old.push(named("multi_modal_projector.linear_1.weight", 8));
        let mut new = blocks("model.language_model.layers.", &LM, 8);
        new.extend(blocks("model.vision_tower.vision_model.layers.", &LM[..1], 8));
        new.push(named("model.multi_modal_projector.linear_1.weight", 8));
        assert_eq!(pair(&old, &new, Shapes::Same).pairs.len(), new.len());
    }
}
