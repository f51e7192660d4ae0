//! What is done to many numbers alike: reductions in eight lanes, which the compiler makes vectors of, where one sum after the other waits for the
//! last; and changes in place, shared out over the threads.

use rayon::prelude::*;

const LANES: usize = 8;
/// Terms that are summed in single precision before they go on in double.
const SHORT: usize = 64;
/// Numbers that one thread takes at once.
const PIECE: usize = 1 << 14;

/// The largest of some numbers and of `least`.
pub fn largest(all: &[f32], least: f32) -> f32 {
    let (eights, rest) = all.as_chunks::<LANES>();
    let mut most = [least; LANES];
    for eight in eights {
        for (most, x) in most.iter_mut().zip(eight) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    most.iter().chain(rest).copied().fold(least, f32::max)
}

/// The sum of f(x), short sums in single precision.
pub fn sum_of(all: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let short = |part: &[f32]| {
        let (eights, rest) = part.as_chunks::<LANES>();
        let mut sums = [0.0f32; LANES];
        for eight in eights {
            for (sum, x) in sums.iter_mut().zip(eight) {
                *sum += f(*x);
            }
        }
        let rest = rest.iter().map(|x| f64::from(f(*x))).sum::<f64>();
        sums.iter().map(|s| f64::from(*s)).sum::<f64>() + rest
    };
    all.chunks(SHORT).map(short).sum()
}

/// The sum of f(x) in double precision.
pub fn double_sum_of(all: &[f32], f: impl Fn(f64) -> f64) -> f64 {
    let (eights, rest) = all.as_chunks::<LANES>();
    let mut sums = [0.0f64; LANES];
    for eight in eights {
        for (sum, x) in sums.iter_mut().zip(eight) {
            *sum += f(f64::from(*x));
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|x| f(f64::from(*x))).sum::<f64>()
}

/// Changes some numbers at a time, on all threads.
pub fn in_pieces(all: &mut [f32], f: impl Fn(&mut [f32]) + Sync) {
    all.par_chunks_mut(PIECE).for_each(&f);
}

/// Changes two vectors of one length some numbers at a time, on all threads.
pub fn in_pieces_beside(all: &mut [f32], beside: &[f32], f: impl Fn(&mut [f32], &[f32]) + Sync) {
    let both = all.par_chunks_mut(PIECE).zip(beside.par_chunks(PIECE));
    both.for_each(|(own, beside)| f(own, beside));
}

/// Changes columns of a height, some at a time, on all threads.
pub fn in_columns(all: &mut [f32], height: usize, f: impl Fn(&mut [f32]) + Sync) {
    let height = height.max(1);
    let piece = (PIECE / height).max(1) * height;
    all.par_chunks_mut(piece)
        .for_each(|columns| columns.chunks_exact_mut(height).for_each(&f));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reductions_are_those_of_plain_loops() {
        for length in [0usize, 1, 7, 8, 63, 64, 65, 1000] {
            let all: Vec<f32> = (0..length).map(|i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0).collect();
            let plain: f64 = all.iter().map(|x| f64::from(x * x)).sum();
            assert!((sum_of(&all, |x| x * x) - plain).abs() < 1e-5 * plain.max(1.0));
            assert!((double_sum_of(&all, |x| x * x) - plain).abs() < 1e-6 * plain.max(1.0));
            let most = all.iter().copied().fold(-0.5, f32::max);
            assert_eq!(largest(&all, -0.5), most);
        }
        let mut all = vec![1.0f32; 40_000];
        in_columns(&mut all, 100, |column| column[99] = 2.0);
        assert!(
            all.iter()
                .enumerate()
                .all(|(i, x)| *x == if i % 100 == 99 { 2.0 } else { 1.0 })
        );
    }
}
