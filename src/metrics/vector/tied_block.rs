//! The energy of a tuned vector inside one block of tied base vectors, the block that holds most of it. A small change turns tied vectors among
//! themselves and moves the best match; the energy in the block stays (Davis and Kahan 1970).

use super::known::{Bounds, Known};
use super::{Vector, VectorMeasure, spread};
use crate::metrics::tied::blocks;
use crate::metrics::{Measured, Unit};
use crate::report::{LONGEST_WINDOW, Makeup};
use std::ops::Range;

pub static TIED_BLOCK: VectorMeasure = VectorMeasure {
    name: "in tied block",
    short: "in one tied block",
    about: "The largest Σ cos² over a block of base vectors whose neighbours in σ differ by less than 0.1 %; a base vector without such neighbours \
            is a block of its own. Invariant under rotations of ties",
    source: "Davis and Kahan 1970",
    unit: Unit::Percent,
    bounded: true,
    tells: |vector| block_of(vector).is_some_and(|block| block.len() > 1),
    of: |vector| match &vector.known {
        Known::Itself => Measured::Exactly(1.0),
        Known::Whole(cosines) => match vector.matrix.sigma_base.len() == cosines.len() {
            true => largest(cosines, &blocks(&vector.matrix.sigma_base))
                .map(|(_, energy)| energy)
                .into(),
            false => Measured::Nothing,
        },
        Known::Summed(makeup, _) => {
            let kept = makeup.and_then(|makeup| makeup.block.get(vector.j));
            kept.map(|energy| f64::from(*energy)).into()
        }
        Known::Bounded(bounds) => bounded(vector, bounds),
    },
    random: |_| None,
    place: block_of,
};

/// The block of tied base vectors that holds most of the vector; none where that is not known for certain.
fn block_of(vector: &Vector) -> Option<Range<usize>> {
    let all = || blocks(&vector.matrix.sigma_base);
    match &vector.known {
        Known::Whole(cosines) if vector.matrix.sigma_base.len() == cosines.len() => {
            let all = all();
            largest(cosines, &all).and_then(|(at, _)| all.get(at).cloned())
        }
        Known::Summed(Some(makeup), _) => {
            let first = *makeup.block_first.get(vector.j)? as usize;
            all().into_iter().find(|block| block.contains(&first))
        }
        _ => None,
    }
}

/// The block with the largest energy, the first of equals, and that energy.
fn largest(cosines: &[f64], blocks: &[Range<usize>]) -> Option<(usize, f64)> {
    let energy = |block: &Range<usize>| {
        cosines
            .get(block.clone())
            .map(|own| own.iter().map(|c| c * c).sum::<f64>())
    };
    let all = blocks
        .iter()
        .enumerate()
        .filter_map(|(at, block)| Some((at, energy(block)?)));
    all.reduce(|most, next| if next.1 > most.1 { next } else { most })
        .map(|(at, energy)| (at, energy.min(1.0)))
}

fn bounded(vector: &Vector, bounds: &Bounds) -> Measured {
    let (before, _) = bounds.first(bounds.reach());
    // Below what is known there may be a block of any size.
    let rest = 1.0 - before;
    let known = vector.matrix.sigma_base.len();
    let (mut low, mut high) = (bounds.least.powi(2), rest);
    for block in blocks(&vector.matrix.sigma_base) {
        let (least, mut most) = bounds.between(block.start, block.end.min(bounds.reach()));
        // It may go on where the singular values are not known.
        if block.end > bounds.reach() || block.end == known {
            most += rest;
        }
        low = low.max(least);
        high = high.max(most);
    }
    let high = high.min(1.0);
    Measured::Between(low.min(high), high)
}

/// What the first tuned vectors are made of, from all their cosines with base vectors of these singular values: `rows` down, column after column.
pub fn makeup(cosines: &[f32], rows: usize, sigma: &[f32]) -> Makeup {
    let mut made = Makeup::default();
    if rows == 0 {
        return made;
    }
    let mut blocks = blocks(sigma);
    // Base vectors without a singular value are blocks of their own.
    blocks.extend((sigma.len()..rows).map(|i| i..i + 1));
    for column in cosines.chunks_exact(rows).take(LONGEST_WINDOW as usize) {
        let column: Vec<f64> = column.iter().map(|c| f64::from(*c)).collect();
        let (at, energy) = largest(&column, &blocks).unwrap_or((0, 0.0));
        let inside: f64 = column.iter().map(|c| c * c).sum();
        made.spread
            .push(spread::spread(column.iter().copied()).map_or(spread::NONE, |spread| spread as f32));
        made.block.push(energy as f32);
        made.block_first
            .push(blocks.get(at).map_or(0, |block| block.start as u32));
        made.outside.push((1.0 - inside).clamp(0.0, 1.0) as f32);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::super::tests::{exact, read};
    use super::*;
    use crate::report::Settings;

    #[test]
    fn a_block_holds_as_much_however_its_vectors_turn() {
        let sigma = [3.0, 2.0, 2.0, 2.0, 1.0];
        // Most of it lies in the block, and the best match elsewhere.
        let flat = [0.5f32, 0.48, 0.48, 0.48, 0.2];
        let length = 0.48f32 * 3f32.sqrt();
        let turned = [0.5f32, length, 0.0, 0.0, 0.2];
        let m = exact((5, 5), &[&flat, &turned], &sigma);
        let of = |j| read(&m, 3, j, "in tied block").value().unwrap();
        assert!((of(0) - f64::from(length * length)).abs() < 1e-6 && (of(0) - of(1)).abs() < 1e-6);
        let settings = Settings::default();
        assert_eq!(Vector::of(&m, &settings, 0).and_then(|v| block_of(&v)), Some(1..4));
        let alone = exact((5, 5), &[&flat], &[5.0, 4.0, 3.0, 2.0, 1.0]);
        assert!((read(&alone, 3, 0, "in tied block").value().unwrap() - 0.25).abs() < 1e-6);
        assert_eq!(Vector::of(&alone, &settings, 0).and_then(|v| block_of(&v)), Some(0..1));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(makeup(&[], 0, &[]), Makeup::default());
        let zero = makeup(&[0.0; 4], 4, &[0.0; 4]);
        assert_eq!((zero.spread[0], zero.outside[0]), (spread::NONE, 1.0));
    }
}
