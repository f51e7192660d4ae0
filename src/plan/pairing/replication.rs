//! `layer_replication`: a tuned model whose layers are copies of the base's, in another order or number.
//!
//! A copy is a matrix of its own with a name of its own, so that the others of the base and their fine-tunes are left alone.

use super::matching::Named;
use crate::plan::base::Base;
use crate::plan::names::{stack, with_layer};
use std::collections::{HashMap, HashSet};

/// Adds to the base a copy of every matrix that stands for another layer; `map` gives each tuned layer and the base's layer of it.
pub fn extend(base: &mut Base, map: impl Iterator<Item = (u32, u32)>) {
    extend_where(base, |_| true, map);
}

/// The same for one stack of blocks of several.
pub fn extend_stack(base: &mut Base, own: &str, map: impl Iterator<Item = (u32, u32)>) {
    extend_where(base, |name| stack(name).is_some_and(|(s, _)| s == own), map);
}

/// True for the name of a copy.
pub fn is_copy(name: &str) -> bool {
    name.contains(MARK)
}

fn extend_where(base: &mut Base, is_meant: impl Fn(&str) -> bool, map: impl Iterator<Item = (u32, u32)>) {
    let mut known: HashSet<String> = base.named.iter().map(|n| n.name.clone()).collect();
    let mut of_layer: HashMap<u32, Vec<usize>> = HashMap::new();
    for (i, m) in base
        .matrices
        .iter()
        .zip(&base.named)
        .enumerate()
        .filter(|(_, (_, n))| !is_copy(&n.name) && is_meant(&n.name))
        .map(|(i, (m, _))| (i, m))
    {
        if let Some(layer) = m.place.layer {
            of_layer.entry(layer).or_default().push(i);
        }
    }
    let most = base.named.len().saturating_add(MOST_COPIES);
    for (layer, from) in map.filter(|(layer, from)| layer != from) {
        for i in of_layer.get(&from).into_iter().flatten() {
            if base.named.len() >= most {
                return;
            }
            let (Some(named), Some(own)) = (base.named.get(*i), base.matrices.get(*i)) else {
                continue;
            };
            let shape = named.shape;
            let Some(name) = copy_name(&named.name, layer, from).filter(|name| known.insert(name.clone())) else {
                continue;
            };
            let mut copy = own.clone();
            copy.tensor.name = name.clone();
            copy.place.layer = Some(layer);
            base.named.push(Named { name, shape });
            base.matrices.push(copy);
        }
    }
}

/// The largest mixture with each layer three times has as many; of more, the first.
const MOST_COPIES: usize = 1 << 17;
const MARK: &str = " (a copy of layer ";

/// The name under which a tuned matrix finds its base: its own, or that of the copy.
pub fn name(tuned: &str, map: &[u32]) -> String {
    let layer = crate::plan::names::place(tuned).layer;
    let from = layer
        .and_then(|l| map.get(l as usize).map(|from| (l, *from)))
        .filter(|(l, from)| l != from);
    from.and_then(|(l, from)| copy_name(tuned, l, from))
        .unwrap_or_else(|| tuned.to_owned())
}

/// The name under which a tuned matrix of one layer finds the base's of another.
pub fn name_of(tuned: &str, layer: u32, from: u32) -> String {
    if layer == from {
        tuned.to_owned()
    } else {
        copy_name(tuned, layer, from).unwrap_or_else(|| tuned.to_owned())
    }
}

fn copy_name(name: &str, layer: u32, from: u32) -> Option<String> {
    Some(format!("{}{MARK}{from})", with_layer(name, layer)?))
}
