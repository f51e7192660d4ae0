//! Concentration of one model's intruders, in words: the few types or layers that hold at least half of them.

use crate::metrics::intruder::intruders;
use crate::print::middle;
use crate::report::{Model, Settings};
use crate::series::type_label;
use std::collections::BTreeMap;

/// Types or layers by name, and how many intruders they hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    pub names: String,
    pub held: u32,
}

/// The number of intruders per matrix type of a model, most first.
pub(super) fn by_type<'a>(model: &'a Model, settings: &Settings) -> Vec<(u32, &'a str)> {
    // By what the files say first: it is named once a type, not once a matrix.
    let said = held_by(model.matrices.iter().map(|matrix| {
        let count = intruders(matrix, settings).unwrap_or(0);
        (count, matrix.kind.as_deref())
    }));
    let mut types = held_by(said.into_iter().map(|(count, kind)| (count, type_label(kind))));
    types.sort_by_key(|t| std::cmp::Reverse(t.0));
    types
}

/// The sums of counts, in the order in which their keys come first.
fn held_by<K: PartialEq>(counts: impl Iterator<Item = (u32, K)>) -> Vec<(u32, K)> {
    let mut held: Vec<(u32, K)> = Vec::new();
    for (count, key) in counts {
        match held.iter_mut().find(|h| h.1 == key) {
            Some(h) => h.0 += count,
            None => held.push((count, key)),
        }
    }
    held
}

/// The one or two of several types that hold at least half of the intruders: "value and attention-output".
pub(super) fn of_types(types: &[(u32, &str)]) -> Option<Held> {
    let total = types.iter().map(|t| t.0).sum::<u32>();
    // A type that no rule knows is called whatever its file says.
    let name = |kind: &str| middle(&kind.replace("attention output", "attention-output"), 40);
    match *types {
        [(first, kind), _, ..] if first > 1 && 2 * first >= total => Some(Held {
            names: name(kind),
            held: first,
        }),
        // Of equal ones none is named before the others.
        [(first, kind), (second, other), (third, _), ..] if second > third && 2 * (first + second) >= total => {
            Some(Held {
                names: format!("{} and {}", name(kind), name(other)),
                held: first + second,
            })
        }
        _ => None,
    }
}

/// The narrowest run of layers that holds at least half of the intruders, where it is at most a third of all: "layers 0 to 2".
pub(super) fn of_layers(model: &Model, settings: &Settings) -> Option<Held> {
    let mut layers: BTreeMap<u32, u32> = BTreeMap::new();
    let mut total = 0;
    for matrix in &model.matrices {
        let count = intruders(matrix, settings).unwrap_or(0);
        total += count;
        if let Some(layer) = matrix.layer {
            *layers.entry(layer).or_default() += count;
        }
    }
    let layers: Vec<(u32, u32)> = layers.into_iter().collect();
    if total < 2 {
        return None;
    }
    let (mut first, mut held) = (0, 0);
    let mut found: Option<(usize, usize, u32)> = None;
    for last in 0..layers.len() {
        held += layers[last].1;
        while first < last && 2 * (held - layers[first].1) >= total {
            held -= layers[first].1;
            first += 1;
        }
        let better = found.is_none_or(|(a, b, most)| (last - first, u32::MAX - held) < (b - a, u32::MAX - most));
        if 2 * held >= total && better {
            found = Some((first, last, held));
        }
    }
    let (first, last, held) = found.filter(|(first, last, _)| 3 * (last - first + 1) <= layers.len())?;
    let names = match (last - first, layers[first].0, layers[last].0) {
        (0, layer, _) => format!("layer {layer}"),
        (1, a, b) => format!("the neighbouring layers {a} and {b}"),
        (_, a, b) => format!("layers {a} to {b}"),
    };
    Some(Held { names, held })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Match;
    use crate::summary::tests::{matrix, report};

    /// A model whose layers hold so many intruders each.
    fn layers(counts: &[u32]) -> Option<Held> {
        let of = |(layer, count): (usize, &u32)| {
            let max_cos = (0..10).map(|j| if j < *count { 0.1 } else { 0.9 }).collect();
            let left = Match {
                max_cos,
                argmax: vec![0; 10],
                ..Match::default()
            };
            let mut m = matrix(&format!("w{layer}"), 10, left, Match::default());
            m.layer = Some(layer as u32);
            m
        };
        let report = report(counts.iter().enumerate().map(of).collect());
        of_layers(&report.models[0], &Settings::default())
    }

    #[test]
    fn layers_are_named_only_where_few_hold_half() {
        let held = |names: &str, held| {
            Some(Held {
                names: names.into(),
                held,
            })
        };
        assert_eq!(layers(&[0, 5, 0, 1, 0, 0]), held("layer 1", 5));
        assert_eq!(layers(&[3, 3, 0, 1, 2, 1]), held("the neighbouring layers 0 and 1", 6));
        assert_eq!(layers(&[1, 0, 3, 2, 3, 0, 1, 1, 1]), held("layers 2 to 4", 8));
        assert_eq!(layers(&[2, 2, 2, 2, 2, 2]), None, "spread evenly");
        assert_eq!(layers(&[4, 0]), None, "of two layers one is no small part");
        assert_eq!(
            (layers(&[]), layers(&[0, 0, 0]), layers(&[1, 0, 0])),
            (None, None, None)
        );
    }

    #[test]
    fn types_are_named_only_where_there_are_others() {
        let names = |types: &[(u32, &str)]| of_types(types).map(|h| (h.names, h.held));
        assert_eq!(names(&[(5, "value"), (2, "key")]), Some(("value".into(), 5)));
        assert_eq!(
            names(&[(2, "value"), (2, "attention output"), (1, "key"), (1, "query")]),
            Some(("value and attention-output".into(), 4))
        );
        let equal = [(4, "attention output"), (3, "value"), (3, "query"), (0, "key")];
        assert_eq!(names(&equal), None, "value is no less than query");
        assert_eq!(
            (names(&[(5, "value")]), names(&[(1, "value"), (0, "key")]), names(&[])),
            (None, None, None)
        );
    }
}
