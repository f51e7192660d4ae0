//! Samples of blocks: the first bytes of one tensor of each, a fingerprint by which equal blocks of two checkpoints are found, whatever their
//! places in the network.

use super::safetensors::Tensor;
use std::collections::BTreeMap;

/// Bytes that tell one matrix from another: trained weights of two blocks are no more alike than random ones.
pub const BYTES: u64 = 1024;
/// No network that is read here has more blocks in one file.
const MOST: usize = 512;

/// The tensors to look into, one per block: the first by name of its matrices.
pub fn places(tensors: &[Tensor]) -> Vec<usize> {
    let mut first: BTreeMap<(&str, &str), (&str, usize)> = BTreeMap::new();
    let is_plain = |t: &Tensor| t.shape.len() == 2 && t.end > t.begin && !t.by_columns && t.dtype.is_readable();
    for (i, t) in tensors.iter().enumerate().filter(|(_, t)| is_plain(t)) {
        // Factors of an adapter are not blocks of a network.
        let Some((before, number, after)) =
            block(&t.name).filter(|b| b.2.ends_with(".weight") && !b.2.contains("lora"))
        else {
            continue;
        };
        let own = first.entry((before, number)).or_insert((after, i));
        if after < own.0 {
            *own = (after, i);
        }
    }
    first.into_values().map(|(_, i)| i).take(MOST).collect()
}

/// A name cut at its first number.
fn block(name: &str) -> Option<(&str, &str, &str)> {
    let mut begin = 0usize;
    for part in name.split('.') {
        let end = begin.saturating_add(part.len());
        if begin > 0 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) {
            let before = name.get(..begin)?.strip_suffix('.')?;
            return Some((before, part, name.get(end..)?.strip_prefix('.')?));
        }
        begin = end.saturating_add(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Dtype;

    #[test]
    fn one_matrix_a_block() {
        let tensor = |name: &str, shape: &[u64]| Tensor {
            name: name.into(),
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            begin: 0,
            end: 4 * shape.iter().product::<u64>(),
            by_columns: false,
        };
        let tensors = [
            tensor("model.embed_tokens.weight", &[9, 4]),
            tensor("model.layers.10.mlp.up_proj.weight", &[6, 4]),
            tensor("model.layers.10.mlp.experts.3.up_proj.weight", &[6, 4]),
            tensor("model.layers.1.norm.weight", &[4]),
            tensor("model.layers.1.mlp.up_proj.lora_A.weight", &[2, 4]),
            tensor("encoder.layers.1.up.weight", &[6, 4]),
        ];
        assert_eq!(places(&tensors), [5, 2]);
    }
}
