//! Samples of blocks: the first bytes of one tensor of each, a fingerprint by which equal blocks of two checkpoints are found, whatever their
//! places in the network.

use super::safetensors::Tensor;
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes that tell one matrix from another: trained weights of two blocks are no more alike than random ones.
pub const BYTES: u64 = 1024;
/// Samples that lie this close are read at once: a read costs more than so many bytes.
pub const TOGETHER: u64 = 1 << 16;
/// No network that is read here has more blocks in one file.
const MOST: usize = 512;

/// The bytes to look into.
pub fn range(t: &Tensor) -> Range<u64> {
    t.begin..t.end.min(t.begin.saturating_add(BYTES))
}

/// The last of the samples that are `left`, in the order of the file, and those before it that are read at once: how many, and what to read.
pub fn next(tensors: &[Tensor], left: &[usize]) -> Option<(usize, Range<u64>)> {
    let mut ranges = left.iter().rev().map_while(|at| tensors.get(*at)).map(range);
    let mut all = ranges.next()?;
    let mut count = 1usize;
    for own in ranges {
        let end = all.end.max(own.end);
        if end.saturating_sub(own.start) > TOGETHER {
            break;
        }
        all = own.start..end;
        count = count.saturating_add(1);
    }
    Some((count, all))
}

/// The tensors to look into, one per block, in the order of the file: the first by name of its matrices.
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
    let mut places: Vec<usize> = first.into_values().map(|(_, i)| i).take(MOST).collect();
    places.sort_by_key(|i| tensors.get(*i).map(|t| t.begin));
    places
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

    fn tensor(name: &str, shape: &[u64]) -> Tensor {
        Tensor {
            name: name.into(),
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            begin: 0,
            end: 4 * shape.iter().product::<u64>(),
            by_columns: false,
        }
    }

    #[test]
    fn samples_that_are_near_are_read_at_once() {
        let at = |begin: u64, bytes: u64| Tensor {
            begin,
            end: begin + bytes,
            ..tensor("", &[])
        };
        let tensors = [at(8, 5000), at(2000, 4), at(8 + TOGETHER, 4), at(9 + 2 * TOGETHER, 4)];
        // Of the first no more than a sample is read; what is more than `TOGETHER` away is read apart.
        assert_eq!(
            next(&tensors, &[0, 1, 2, 3]),
            Some((1, 9 + 2 * TOGETHER..13 + 2 * TOGETHER))
        );
        assert_eq!(next(&tensors, &[0, 1, 2]), Some((2, 2000..12 + TOGETHER)));
        assert_eq!(next(&tensors, &[0]), Some((1, 8..8 + BYTES)));
        assert_eq!(next(&tensors, &[]), None);
    }

    #[test]
    fn one_matrix_a_block() {
        let tensors = [
            tensor("model.embed_tokens.weight", &[9, 4]),
            tensor("model.layers.10.mlp.up_proj.weight", &[6, 4]),
            tensor("model.layers.10.mlp.experts.3.up_proj.weight", &[6, 4]),
            tensor("model.layers.1.norm.weight", &[4]),
            tensor("model.layers.1.mlp.up_proj.lora_A.weight", &[2, 4]),
            tensor("encoder.layers.1.up.weight", &[6, 4]),
        ];
        // One after the other in the file.
        let tensors: Vec<Tensor> = (0u64..)
            .zip(tensors)
            .map(|(i, t)| Tensor {
                begin: 1000 * i,
                end: 1000 * i + t.end,
                ..t
            })
            .collect();
        assert_eq!(places(&tensors), [2, 5]);
    }
}
