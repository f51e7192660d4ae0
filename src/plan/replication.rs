//! `layer_replication`: a tuned model whose layers are copies of the base's, in another order or number.
//!
//! A copy is a matrix of its own with a name of its own, so that the others of the base and their fine-tunes are left alone.

use super::base::{Base, BaseMatrix};
use super::matching::Named;
use super::names::with_layer;

/// Adds to the base a copy of every matrix that stands for another layer; `map` gives the base's layer of each tuned layer.
pub fn extend(base: &mut Base, map: &[u32]) {
    for (layer, from) in (0u32..).zip(map).filter(|(layer, from)| layer != *from) {
        let copies: Vec<(BaseMatrix, Named)> = base
            .matrices
            .iter()
            .zip(&base.named)
            .filter(|(m, n)| m.place.layer == Some(*from) && !n.name.contains(MARK))
            .filter_map(|(m, n)| {
                let name = copy_name(&n.name, layer, *from)?;
                let mut copy = m.clone();
                copy.tensor.name = name.clone();
                copy.place.layer = Some(layer);
                Some((copy, Named { name, shape: n.shape }))
            })
            .filter(|(_, named)| !base.named.contains(named))
            .collect();
        for (matrix, named) in copies {
            base.matrices.push(matrix);
            base.named.push(named);
        }
    }
}

const MARK: &str = " (a copy of layer ";

/// The name under which a tuned matrix finds its base: its own, or that of the copy.
pub fn name(tuned: &str, map: &[u32]) -> String {
    let layer = super::names::place(tuned).layer;
    let from = layer.and_then(|l| map.get(l as usize).map(|from| (l, *from))).filter(|(l, from)| l != from);
    from.and_then(|(l, from)| copy_name(tuned, l, from)).unwrap_or_else(|| tuned.to_owned())
}

fn copy_name(name: &str, layer: u32, from: u32) -> Option<String> {
    Some(format!("{}{MARK}{from})", with_layer(name, layer)?))
}
