//! Matrix types: their names in words, and their order in the network.

use crate::print::middle;
use crate::report::Matrix;

/// Types in the order of the network, with their names in words.
const TYPES: [(&str, &str); 17] = [
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
    ("experts", "experts"),
    ("conv", "convolutions"),
];

/// The type in words; types without a name of their own and none keep what they are called.
pub fn type_label(kind: Option<&str>) -> &str {
    let Some(kind) = kind else { return "other" };
    TYPES.iter().find(|(k, _)| *k == kind).map_or(kind, |(_, label)| label)
}

/// "layer 3, attention output"; of a matrix without a layer its name.
pub fn place(matrix: &Matrix) -> String {
    match matrix.layer {
        Some(layer) => format!("layer {layer}, {}", middle(type_label(matrix.kind.as_deref()), 40)),
        None => middle(&matrix.name, 60),
    }
}

/// The type as a head of a narrow column; types whose own letters say it keep them.
pub fn type_short(kind: Option<&str>) -> &str {
    match kind {
        None => "other",
        Some("down") => "dn",
        Some("gate_up") => "gu",
        Some("linattn") => "lin",
        Some("linear1") => "in",
        Some("experts") => "exp",
        Some(kind) => kind,
    }
}

/// The place of a type in the network, for sorting; unknown ones come last.
pub fn type_order(kind: Option<&str>) -> usize {
    kind.and_then(|k| TYPES.iter().position(|(t, _)| *t == k))
        .unwrap_or(TYPES.len())
}
