//! What a product reads: a matrix somewhere in memory, in its own type and order, widened while it is packed.

use super::kernel::Scalar;
use std::ops::Range;

/// Rows x columns of values that can be packed into panels.
pub trait Source<T>: Sync {
    fn rows(&self) -> usize;
    fn cols(&self) -> usize;

    /// Writes `rows` x `cols` as panels of `height` rows, each panel column after column; short panels are filled up with zeros.
    fn pack(&self, rows: Range<usize>, cols: Range<usize>, height: usize, out: &mut [T]);
}

/// An element as it lies in memory.
pub trait Element: Copy + Send + Sync {
    fn value(self) -> f32;
}

/// How a strided view reads a `T` from an element.
pub trait Widen<T> {
    fn widen(self) -> T;
}

impl<E: Element, T: Scalar> Widen<T> for E {
    fn widen(self) -> T {
        T::of(self.value())
    }
}

/// An f64 that is used as it is: the only element that f32 cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(transparent)]
pub struct Double(pub f64);

impl Widen<f64> for Double {
    fn widen(self) -> f64 {
        self.0
    }
}

impl Element for f32 {
    fn value(self) -> f32 {
        self
    }
}

/// Little-endian bytes of one element, as files hold them: without alignment.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct F32Bytes(pub [u8; 4]);
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct F16Bytes(pub [u8; 2]);
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Bf16Bytes(pub [u8; 2]);
