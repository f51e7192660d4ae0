//! Seeded random vectors and matrices, the same for every reader. Each purpose has a stream of its own: a dial that changes one thing leaves
//! the others where they are.

use crate::linalg::{Matrix, SplitMix, random};

/// The state that starts the stream of one purpose of a seed.
pub fn stream(seed: u32, purpose: u32) -> u64 {
    SplitMix(u64::from(seed) << 32 | u64::from(purpose)).output()
}

/// Independent standard normal numbers.
pub fn gaussian(rows: usize, cols: usize, seed: u32, purpose: u32) -> Matrix {
    random(rows, cols, stream(seed, purpose))
}

/// A random direction, `[n, 1]`.
pub fn unit(n: usize, seed: u32, purpose: u32) -> Matrix {
    gaussian(n, 1, seed, purpose).normalize()
}

/// Orthonormal columns of any directions, `[rows, cols]` with `cols` <= `rows`: Q of a Gaussian matrix where R has a positive diagonal
/// (Mezzadri 2007), which rounding does not turn.
pub fn turned(rows: usize, cols: usize, seed: u32, purpose: u32) -> Matrix {
    let (mut q, r) = gaussian(rows, cols, seed, purpose).cast::<f64>().qr().unpack();
    for (mut column, diagonal) in q.column_iter_mut().zip(&r.diagonal()) {
        column *= diagonal.signum();
    }
    q.cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_orthonormal_and_purposes_differ() {
        for (rows, cols) in [(1, 1), (3, 3), (40, 7), (128, 128)] {
            let q = turned(rows, cols, 5, 1);
            assert!((q.transpose() * &q - Matrix::identity(cols, cols)).amax() < 1e-6);
            let r = q.transpose() * gaussian(rows, cols, 5, 1);
            assert!((0..cols).all(|j| r[(j, j)] > 0.0));
        }
        assert_eq!(gaussian(2, 2, 1, 1), gaussian(2, 2, 1, 1));
        assert_ne!(gaussian(2, 2, 1, 1), gaussian(2, 2, 1, 2));
        assert_ne!(gaussian(2, 2, 1, 1), gaussian(2, 2, 2, 1));
        assert!((unit(9, 0, 0).norm() - 1.0).abs() < 1e-6);
    }
}
