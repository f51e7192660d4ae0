//! Pairing across layouts: fused layers against separate ones, experts in one tensor against one tensor each, and names that changed between
//! versions of a library.
//!
//! Both sides are brought to the same names ([`neutral`]); then a target is a run of outputs of one base matrix, or of several. The direction
//! does not matter.

use super::matching::Named;
use crate::checkpoint::ModelConfig;
use crate::plan::base::Base;
use crate::plan::job::{Lines, Recipe, TensorRef};
use crate::plan::names::families::{Equal, FUSED, GateUp};
use crate::plan::names::fused::heads;
use crate::plan::names::renames::neutral;
use std::collections::{BTreeMap, HashMap};

/// A name that the base answers to besides its own: which outputs of which of its matrices, one after the other.
#[derive(Debug, Clone)]
pub struct Target {
    pub named: Named,
    pub pieces: Vec<Piece>,
}

/// Some outputs of a base matrix.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    pub matrix: usize,
    /// None: all of them.
    pub lines: Option<Lines>,
    pub outputs: u64,
}

/// Every other name of a base. `tuned`: what is to be paired, whose shapes tell how the rows of a fused layer are divided.
pub fn targets(base: &Base, tuned: &[Named], config: Option<&ModelConfig>) -> Vec<Target> {
    let mut all: Vec<Target> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let outputs = |[rows, _]: [u64; 2]| rows;
    let inputs = |[_, cols]: [u64; 2]| cols;
    for (matrix, named) in base.named.iter().enumerate() {
        let name = neutral(&named.name);
        if places.contains_key(&name) {
            continue;
        }
        places.insert(name.clone(), all.len());
        let piece = Piece {
            matrix,
            lines: None,
            outputs: outputs(named.shape),
        };
        all.push(Target {
            named: Named {
                name,
                shape: named.shape,
            },
            pieces: vec![piece],
        });
    }
    let own = all.len();
    let sizes = Sizes::of(tuned);
    for at in 0..own {
        let Some((whole, first_piece)) = all.get(at).and_then(|t| Some((t.clone(), *t.pieces.first()?))) else {
            continue;
        };
        let module = whole.named.name.strip_suffix(".weight").unwrap_or_default().to_owned();
        for (fused, parts, equal) in FUSED {
            let Some(stem) = module.strip_suffix(fused).filter(|stem| stem.ends_with('.')) else {
                continue;
            };
            let name = |part: &str| format!("{stem}{part}.weight");
            if parts.iter().any(|part| places.contains_key(&name(part))) {
                continue;
            }
            let matrix = first_piece.matrix;
            let alternating = fused == "gate_up_proj" && base.gate_up(matrix) == GateUp::Alternating;
            let Some(lengths) = lengths(
                outputs(whole.named.shape),
                parts,
                equal,
                |part| sizes.rows(&name(part)),
                config,
            ) else {
                continue;
            };
            let mut first = 0u64;
            for (i, (part, length)) in (0u64..).zip(parts.iter().zip(lengths)) {
                let count = parts.len() as u64;
                let lines = match alternating {
                    true => Lines {
                        first: i,
                        block: 1,
                        stride: count,
                        count: length,
                    },
                    false => Lines::run(first, length),
                };
                first = first.saturating_add(length);
                let named = Named {
                    name: name(part),
                    shape: [length, inputs(whole.named.shape)],
                };
                all.push(Target {
                    named,
                    pieces: vec![Piece {
                        matrix,
                        lines: Some(lines),
                        outputs: length,
                    }],
                });
            }
        }
        // And the reverse: the first part stands for all, where all are here.
        for (fused, parts, _) in FUSED {
            let Some(stem) = parts
                .first()
                .and_then(|part| module.strip_suffix(part))
                .filter(|stem| stem.ends_with('.'))
            else {
                continue;
            };
            let found: Option<Vec<&Target>> = parts
                .iter()
                .map(|part| all.get(*places.get(&format!("{stem}{part}.weight"))?))
                .collect();
            let name = format!("{stem}{fused}.weight");
            let Some(found) = found.filter(|_| !places.contains_key(&name)) else {
                continue;
            };
            if found.iter().any(|t| inputs(t.named.shape) != inputs(whole.named.shape)) {
                continue;
            }
            let rows = found
                .iter()
                .map(|t| outputs(t.named.shape))
                .fold(0, u64::saturating_add);
            let shape = [rows, inputs(whole.named.shape)];
            let pieces = found.iter().filter_map(|t| t.pieces.first().copied()).collect();
            all.push(Target {
                named: Named { name, shape },
                pieces,
            });
        }
    }
    all
}

/// Rows of tuned matrices by the end of their names, from the number of the layer on: prefixes may differ.
struct Sizes(HashMap<String, u64>);

impl Sizes {
    fn of(tuned: &[Named]) -> Sizes {
        let one = |n: &Named| {
            let [rows, _] = n.shape;
            (tail(&neutral(&n.name)), rows)
        };
        Sizes(tuned.iter().map(one).collect())
    }

    fn rows(&self, name: &str) -> Option<u64> {
        self.0.get(&tail(name)).copied()
    }
}

fn tail(name: &str) -> String {
    let number = |c: &str| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit());
    let components: Vec<&str> = name.split('.').collect();
    let at = components.iter().position(|c| number(c)).unwrap_or(0);
    components.get(at..).unwrap_or_default().join(".")
}

/// The rows of each part of a fused layer: from what is to be paired, from the configuration's heads, or by halves.
fn lengths(
    rows: u64,
    parts: &[&str],
    equal: Equal,
    known: impl Fn(&str) -> Option<u64>,
    config: Option<&ModelConfig>,
) -> Option<Vec<u64>> {
    let each = rows
        .checked_div(parts.len() as u64)
        .filter(|_| rows.is_multiple_of(parts.len() as u64));
    let own: Vec<Option<u64>> = parts.iter().map(|part| known(part)).collect();
    // Two parts are equal, and what is known of one holds for the other.
    let found = match (equal, &own[..]) {
        (Equal::All, _) => return each.map(|each| vec![each; parts.len()]),
        (_, [Some(one), Some(two), Some(three)]) => Some(vec![*one, *two, *three]),
        (Equal::KeysAndValues, [other, a, b]) => {
            two_and_one(rows, a.or(*b), *other).map(|(two, one)| vec![one, two, two])
        }
        (Equal::FirstTwo, [a, b, other]) => two_and_one(rows, a.or(*b), *other).map(|(two, one)| vec![two, two, one]),
        _ => None,
    };
    let heads = || (equal == Equal::KeysAndValues).then(|| heads(rows, config)).flatten();
    // Three equal parts, where nothing else is known: attention without grouped queries.
    let thirds = || each.filter(|_| config.is_none()).map(|each| vec![each; parts.len()]);
    let sum = |all: &Vec<u64>| all.iter().copied().fold(0, u64::saturating_add);
    found.filter(|all| sum(all) == rows).or_else(heads).or_else(thirds)
}

/// The rows of either of two equal parts and of a third, where one of the two sizes is known or both are.
fn two_and_one(rows: u64, two: Option<u64>, one: Option<u64>) -> Option<(u64, u64)> {
    match (two, one) {
        (Some(two), None) => {
            let one = rows.checked_sub(two.checked_mul(2)?).filter(|n| *n > 0)?;
            Some((two, one))
        }
        (None, Some(one)) => {
            let both = rows.checked_sub(one).filter(|n| *n > 0 && n.is_multiple_of(2))?;
            Some((both.checked_div(2)?, one))
        }
        (two, one) => Some((two?, one?)),
    }
}

/// The recipe of a target, by base matrix, from the recipe of the whole; none where the method cannot be taken apart.
pub fn recipes(target: &Target, whole: &Recipe) -> Option<Vec<(usize, Option<Lines>, Recipe)>> {
    if let [piece] = target.pieces[..] {
        return Some(vec![(piece.matrix, piece.lines, whole.clone())]);
    }
    let mut first = 0u64;
    let mut all = Vec::new();
    for piece in &target.pieces {
        let lines = Lines::run(first, piece.outputs);
        first = first.saturating_add(piece.outputs);
        all.push((piece.matrix, piece.lines, outputs(whole, lines)?));
    }
    Some(all)
}

/// The recipe of some of its outputs.
fn outputs(recipe: &Recipe, lines: Lines) -> Option<Recipe> {
    let of = |t: &TensorRef| TensorRef {
        rows: Some(lines),
        ..t.clone()
    };
    match recipe {
        Recipe::Replace(t) if t.rows.is_none() => Some(Recipe::Replace(of(t))),
        Recipe::Adapted {
            method,
            parts,
            scale,
            alpha,
            turned: false,
        } => {
            // Parts that have a row for every output.
            const BY_OUTPUT: [&str; 3] = ["lora_B", "lora_magnitude_vector", "diff"];
            const SHARED: [&str; 2] = ["lora_A", "alpha"];
            // What PiSSA and OLoRA take out of the base is the whole's leading part, not that of each of its parts.
            let known = !method.is_only_said()
                && parts
                    .iter()
                    .all(|(part, _)| BY_OUTPUT.contains(part) || SHARED.contains(part));
            let cut = |(part, t): &(&'static str, TensorRef)| {
                (*part, if BY_OUTPUT.contains(part) { of(t) } else { t.clone() })
            };
            known.then(|| Recipe::Adapted {
                method,
                parts: parts.iter().map(cut).collect(),
                scale: *scale,
                alpha: *alpha,
                turned: false,
            })
        }
        _ => None,
    }
}

/// Recipes of parts put together by base matrix.
pub fn gathered(parts: Vec<(usize, Option<Lines>, Recipe)>) -> Vec<(usize, Recipe)> {
    let mut by_matrix: BTreeMap<usize, Vec<(Option<Lines>, Recipe)>> = BTreeMap::new();
    for (matrix, lines, recipe) in parts {
        by_matrix.entry(matrix).or_default().push((lines, recipe));
    }
    let one = |(matrix, mut parts): (usize, Vec<(Option<Lines>, Recipe)>)| {
        if let Some(whole) = parts.iter().position(|(lines, _)| lines.is_none()) {
            return (matrix, parts.swap_remove(whole).1);
        }
        parts.sort_by_key(|(lines, _)| lines.map(|l| l.first));
        (
            matrix,
            Recipe::Joined(
                parts
                    .into_iter()
                    .filter_map(|(lines, recipe)| Some((lines?, recipe)))
                    .collect(),
            ),
        )
    };
    by_matrix.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fused_layer_is_divided_by_what_is_known() {
        let parts = ["q_proj", "k_proj", "v_proj"];
        let known =
            |list: &'static [(&str, u64)]| move |part: &str| list.iter().find(|(p, _)| *p == part).map(|(_, n)| *n);
        let divide = |list| {
            lengths(
                64,
                &parts,
                Equal::KeysAndValues,
                known(list),
                Some(&ModelConfig::default()),
            )
        };
        assert_eq!(divide(&[("q_proj", 32), ("v_proj", 16)]), Some(vec![32, 16, 16]));
        assert_eq!(divide(&[("q_proj", 32)]), Some(vec![32, 16, 16]));
        assert_eq!(divide(&[("k_proj", 16)]), Some(vec![32, 16, 16]));
        assert_eq!(divide(&[]), None);
        assert_eq!(divide(&[("q_proj", 30), ("k_proj", 16), ("v_proj", 16)]), None);
        let heads = ModelConfig {
            heads: Some(4),
            key_heads: Some(2),
            ..ModelConfig::default()
        };
        assert_eq!(
            lengths(64, &parts, Equal::KeysAndValues, |_| None, Some(&heads)),
            Some(vec![32, 16, 16])
        );
        assert_eq!(
            lengths(64, &["gate_proj", "up_proj"], Equal::All, |_| None, None),
            Some(vec![32, 32])
        );
    }
}
