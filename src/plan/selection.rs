//! The selection of matrices: by default those of the paper, and whatever the reader switches on or off.

use crate::plan::base::{is_counted, is_matrix};
use crate::plan::job::TensorRef;
use crate::plan::names::{Place, is_weight};
use crate::plan::{Answers, PlanType};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The answer that lists the types switched on, with commas between.
pub const TYPES: &str = "types";
/// The answer that holds a pattern for names.
pub const PATTERN: &str = "pattern";

/// The answer that lists the blocks to look at: `0-3,7`.
pub const LAYERS: &str = "layers";

/// The blocks of a list such as `0-3,7`; none where it is not such a list.
pub fn layers(list: &str) -> Option<Vec<RangeInclusive<u32>>> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let one = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(first..=last)
    };
    list.split(',').map(one).collect()
}

/// Types switched on, blocks, and a pattern for names.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Every tensor of the model, vectors as matrices of one column.
    everything: bool,
    /// None: the default.
    on: Option<BTreeSet<String>>,
    /// None: all, and what lies outside of blocks.
    layers: Option<Vec<RangeInclusive<u32>>>,
    pattern: Option<Pattern>,
    /// The pattern as typed.
    pub text: String,
    /// The reason why the pattern is not followed.
    pub fault: Option<String>,
}

#[derive(Debug, Clone)]
struct Pattern {
    regex: Regex,
    /// Begins with `!`: names that fit are left out.
    not: bool,
}

impl Selection {
    /// All that a model is made of.
    pub fn everything() -> Selection {
        Selection {
            everything: true,
            ..Selection::default()
        }
    }

    pub fn is_of_everything(&self) -> bool {
        self.everything
    }

    /// Whether a tensor of that canonical name is looked at as a matrix at all.
    pub fn takes(&self, tensor: &TensorRef, name: &str) -> bool {
        match self.everything {
            true => is_counted(tensor) && !tensor.shape.is_empty(),
            false => is_matrix(tensor) && is_weight(name),
        }
    }

    pub fn of(answers: &Answers) -> Selection {
        let on = answers
            .0
            .get(TYPES)
            .map(|list| list.split(',').map(str::to_owned).collect());
        let text = answers.0.get(PATTERN).cloned().unwrap_or_default();
        let (not, wanted) = text
            .trim()
            .strip_prefix('!')
            .map_or((false, text.trim()), |rest| (true, rest.trim()));
        let compiled = RegexBuilder::new(wanted).size_limit(1 << 20).build();
        let fault = compiled
            .as_ref()
            .err()
            .map(|_| format!("“{wanted}” is not a valid regular expression; all names are taken."));
        let pattern = compiled
            .ok()
            .filter(|_| !wanted.is_empty())
            .map(|regex| Pattern { regex, not });
        Selection {
            everything: false,
            on,
            layers: answers.0.get(LAYERS).and_then(|list| layers(list)),
            pattern,
            text,
            fault,
        }
    }

    /// Judges a canonical name and its place.
    pub fn includes(&self, name: &str, place: &Place) -> bool {
        if self.everything {
            return true;
        }
        let by_type = self
            .on
            .as_ref()
            .map_or_else(|| place.is_selected(), |on| on.contains(place.class()));
        by_type && self.has(place) && self.fits(name)
    }

    fn has(&self, place: &Place) -> bool {
        let own =
            |all: &Vec<RangeInclusive<u32>>| place.layer.is_some_and(|n| all.iter().any(|some| some.contains(&n)));
        self.layers.as_ref().is_none_or(own)
    }

    fn fits(&self, name: &str) -> bool {
        self.pattern.as_ref().is_none_or(|p| p.regex.is_match(name) != p.not)
    }

    /// Every type there is among these, in their order, with how many matrices it has.
    pub fn types<'a>(&self, matrices: impl Iterator<Item = (&'a str, &'a Place)>) -> Vec<PlanType> {
        let mut types: Vec<PlanType> = Vec::new();
        for (name, place) in matrices {
            let kind = place.class();
            if !types.iter().any(|t| t.kind == kind) {
                let on = self
                    .on
                    .as_ref()
                    .map_or_else(|| place.is_selected(), |on| on.contains(kind));
                types.push(PlanType {
                    kind: kind.to_owned(),
                    label: label(kind).to_owned(),
                    count: 0,
                    on,
                });
            }
            if let Some(own) = types.iter_mut().find(|t| t.kind == kind) {
                own.count = own.count.saturating_add(u32::from(self.has(place) && self.fits(name)));
            }
        }
        types
    }
}

/// Classes that are not matrix types of the network.
fn label(kind: &str) -> &str {
    match kind {
        "embedding" => "embeddings",
        "outside" => "outside the blocks",
        kind => crate::series::type_label(Some(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::names::place;

    fn with(pairs: &[(&str, &str)]) -> Selection {
        Selection::of(&Answers(
            pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        ))
    }

    #[test]
    fn types_and_pattern_both_have_to_agree() {
        let q = "model.layers.3.self_attn.q_proj.weight";
        let head = "lm_head.weight";
        let includes = |s: &Selection, name: &str| s.includes(name, &place(name));
        assert!(includes(&with(&[]), q) && !includes(&with(&[]), head));
        assert!(!includes(&with(&[("types", "k,v")]), q) && includes(&with(&[("types", "q,outside,embedding")]), head));
        assert!(
            includes(&with(&[("pattern", r"layers\.3\.")]), q) && !includes(&with(&[("pattern", r"! layers\.3\.")]), q)
        );
        let some = with(&[("layers", "0-1, 3")]);
        assert!(
            includes(&some, q) && !includes(&some, "model.layers.2.self_attn.q_proj.weight") && !includes(&some, head)
        );
        assert!(["", "3-1", "a", "1,,2", "-1"].iter().all(|list| layers(list).is_none()));
        let broken = with(&[("pattern", "(")]);
        assert!(includes(&broken, q) && broken.fault.is_some());
    }
}
