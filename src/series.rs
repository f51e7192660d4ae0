//! How a model and a matrix type are called and coloured, in tables and figures alike.

use crate::report::{Kind, Model};
use std::collections::BTreeSet;

/// The look of one model: a colour token of the design and a dash where kind and rank repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// `full`, or `lora-1` ... `lora-7`: more rank, further from the paper.
    pub token: String,
    pub dashed: bool,
    /// "Full", "LoRA r = 8"; the model's own label where two would read the same.
    pub label: String,
}

const STEPS: usize = 7;

/// One entry a model. n ranks take steps spread evenly over the seven.
pub fn series(models: &[Model]) -> Vec<Series> {
    let ranks: Vec<u32> =
        models.iter().filter(|m| m.kind == Kind::Lora).filter_map(|m| m.rank).collect::<BTreeSet<_>>().into_iter().collect();
    let step = |rank: Option<u32>| {
        let at = rank.and_then(|r| ranks.iter().position(|x| *x == r)).unwrap_or(0);
        match ranks.len() {
            0 | 1 => STEPS / 2 + 1,
            n => 1 + (at * (STEPS - 1) + (n - 1) / 2) / (n - 1),
        }
    };
    let short = |m: &Model| match (m.kind, m.rank) {
        (Kind::Full, _) => "Full".to_owned(),
        (Kind::Lora, Some(r)) => format!("LoRA r = {r}"),
        (Kind::Lora, None) => "LoRA".to_owned(),
    };
    models
        .iter()
        .enumerate()
        .map(|(i, m)| Series {
            token: if m.kind == Kind::Full { "full".into() } else { format!("lora-{}", step(m.rank)) },
            dashed: models[..i].iter().any(|o| o.kind == m.kind && o.rank == m.rank),
            label: if models.iter().filter(|o| short(o) == short(m)).count() > 1 { m.label.clone() } else { short(m) },
        })
        .collect()
}

/// Types in the order of the network, with their names in words.
const TYPES: [(&str, &str); 15] = [
    ("q", "query"),
    ("q_a", "query, down"),
    ("q_b", "query, up"),
    ("k", "key"),
    ("v", "value"),
    ("kv_a", "key-value, down"),
    ("kv_b", "key-value, up"),
    ("qkv", "query-key-value"),
    ("linattn", "linear attention"),
    ("o", "attention output"),
    ("gate", "MLP gate"),
    ("up", "MLP up"),
    ("gate_up", "MLP gate and up"),
    ("linear1", "attention and MLP in"),
    ("down", "MLP down"),
];

/// The type in words; types without a name of their own and none keep what they are called.
pub fn type_label(kind: Option<&str>) -> &str {
    let Some(kind) = kind else { return "other" };
    TYPES.iter().find(|(k, _)| *k == kind).map_or(kind, |(_, label)| label)
}

/// The place of a type in the network, for sorting; unknown ones come last.
pub fn type_order(kind: Option<&str>) -> usize {
    kind.and_then(|k| TYPES.iter().position(|(t, _)| *t == k)).unwrap_or(TYPES.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Matching, Totals};

    fn model(kind: Kind, rank: Option<u32>, label: &str) -> Model {
        let (label, matching, totals) = (label.to_owned(), Matching::default(), Totals::default());
        Model { label, kind, rank, alpha: None, scale: None, files: vec![], matching, matrices: vec![], totals }
    }

    #[test]
    fn ranks_spread_over_the_steps_and_repeats_are_dashed() {
        let models = [
            model(Kind::Full, None, "ft"),
            model(Kind::Lora, Some(64), "c"),
            model(Kind::Lora, Some(1), "a"),
            model(Kind::Lora, Some(8), "b"),
            model(Kind::Lora, Some(8), "b2"),
        ];
        let s = series(&models);
        assert_eq!(s.iter().map(|s| s.token.as_str()).collect::<Vec<_>>(), ["full", "lora-7", "lora-1", "lora-4", "lora-4"]);
        assert_eq!(s.iter().map(|s| s.dashed).collect::<Vec<_>>(), [false, false, false, false, true]);
        assert_eq!(s.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["Full", "LoRA r = 64", "LoRA r = 1", "b", "b2"]);
        assert_eq!(series(&models[..2])[1].token, "lora-4");
    }
}
