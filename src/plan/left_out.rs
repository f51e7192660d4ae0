//! Skipped tensors of the base, with the reasons. Nothing is dropped silently.

use crate::plan::LeftOut;
use crate::plan::base::Base;
use crate::plan::files::Tensors;
use crate::plan::names::{CONV, canonical, is_weight, place};
use std::collections::{BTreeMap, BTreeSet};

/// Buffers, codes and scales; also matrices that a network keeps without a layer of their own (DBRX' experts).
const OTHERS: &str = "buffers, packed data, and parameters that are not called weights: not compared";

/// Groups the base's tensors that no job covers. `used` holds the names of those that are computed.
pub fn of_base(base: &Base, tensors: &Tensors, used: &BTreeSet<&str>) -> Vec<LeftOut> {
    let mut groups: BTreeMap<(u8, &'static str), Vec<String>> = BTreeMap::new();
    let known: BTreeSet<&str> = base.matrices.iter().map(|m| m.tensor.name.as_str()).collect();
    for t in tensors.iter().filter(|t| !used.contains(t.name.as_str())) {
        let name = canonical(&t.name).name;
        let p = place(&name).of(&t.shape);
        let off = p.is_selected() && !base.selection.includes(&name, &p);
        let reason = match t.shape.len() {
            _ if t.begin == t.end => (5, "empty tensors"),
            0 | 1 => (1, "norms and biases: one-dimensional, no singular vectors"),
            2.. if off => (0, "matrices switched off above"),
            2.. if !is_weight(&name) && p.layer.is_some() && p.excluded.is_none() => (4, OTHERS),
            _ if p.kind == Some(CONV) => (6, "kernels of convolutions: left out by default"),
            2.. if p.excluded.is_some() || p.layer.is_none() => {
                (2, "embeddings and heads: outside the numbered blocks")
            }
            2.. if !is_weight(&name) || !known.contains(t.name.as_str()) => (4, OTHERS),
            2.. if !p.is_selected() => (
                3,
                "routers, modulation layers and experts in one tensor: left out by default",
            ),
            2.. if !t.is_readable() => (4, "stored in a type that is not read as weights"),
            2.. => (0, "matrices that no fine-tune here changes"),
        };
        groups.entry(reason).or_default().push(t.name.clone());
    }
    groups
        .into_iter()
        .map(|((_, what), names)| LeftOut::new(what, names))
        .collect()
}
