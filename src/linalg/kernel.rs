//! The register kernels: one tile of a product, from two packed panels.
//!
//! On wasm 8 x 4 tiles of f32 and 4 x 4 tiles of f64 keep eight accumulators in flight, enough to hide the latency of a
//! multiply-add, and still fit the sixteen registers of x86. More accumulators spill: measured in V8, 8 x 5 runs at half the speed.
//! With relaxed SIMD multiply and add are one instruction.

use super::view::{Values, View};
use std::ops::{Add, Range, Sub};

/// Columns of a tile, and its numbers at most.
pub const NR: usize = 4;
pub const TILE: usize = 32;

/// An element type with a kernel.
pub trait Scalar: nalgebra::Scalar + Add<Output = Self> + Sub<Output = Self> + Copy + Send + Sync + Default {
    /// Rows of a tile.
    const MR: usize;
    /// The largest relative error of one operation: half the distance from 1 to the next number.
    const ROUNDING: f64;

    fn of(x: f32) -> Self;
    fn of_f64(x: f64) -> Self;
    fn double(self) -> f64;
    fn values(all: &[Self]) -> Values<'_>;

    /// Packs rows of the left side of a product, which has panels of `MR` rows.
    fn pack(from: View, rows: Range<usize>, cols: Range<usize>, out: &mut [Self]);

    /// The product of an `MR` x k panel (`a`, k-major) and a k x `NR` panel (`b`, k-major), column-major.
    fn multiply(a: &[Self], b: &[Self], tile: &mut [Self]);
}

#[cfg(not(target_feature = "simd128"))]
macro_rules! portable {
    ($a:ident, $b:ident, $tile:ident, $mr:literal) => {{
        let mut sums = [[Default::default(); $mr]; NR];
        for (a, b) in $a.as_chunks::<$mr>().0.iter().zip($b.as_chunks::<NR>().0) {
            for (column, b) in sums.iter_mut().zip(b) {
                for (sum, a) in column.iter_mut().zip(a) {
                    *sum += a * b;
                }
            }
        }
        $tile.copy_from_slice(sums.as_flattened());
    }};
}

#[cfg(target_feature = "simd128")]
macro_rules! lanes {
    ($a:ident, $b:ident, $tile:ident, $mr:literal, $lanes:literal, $zero:ident($zero_value:expr), $splat:ident, $mul_add:ident) => {{
        use std::arch::wasm32::*;
        const VECTORS: usize = $mr / $lanes;
        let mut sums = [[$zero($zero_value); VECTORS]; NR];
        for (a, b) in $a.as_chunks::<$mr>().0.iter().zip($b.as_chunks::<NR>().0) {
            let mut column = [$zero($zero_value); VECTORS];
            for (i, v) in column.iter_mut().enumerate() {
                // SAFETY: `a` holds VECTORS whole vectors; wasm loads need no alignment.
                *v = unsafe { v128_load(a.as_ptr().add(i * $lanes).cast()) };
            }
            for (sums, b) in sums.iter_mut().zip(b) {
                let b = $splat(*b);
                for (sum, a) in sums.iter_mut().zip(column) {
                    *sum = $mul_add(a, b, *sum);
                }
            }
        }
        for (out, sum) in $tile.as_chunks_mut::<$lanes>().0.iter_mut().zip(sums.as_flattened()) {
            // SAFETY: `out` is one whole vector of the tile.
            unsafe { v128_store(out.as_mut_ptr().cast(), *sum) };
        }
    }};
}

/// The portable loop with its vectors named: LLVM puts them across the columns of the tile instead, and turns them round at every step,
/// at a tenth of the speed. Same order of sums, same numbers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse")]
fn sse(a: &[f32], b: &[f32], tile: &mut [f32]) {
    use std::arch::x86_64::*;
    let mut sums = [[_mm_setzero_ps(); 2]; NR];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<NR>().0) {
        // SAFETY: `a` holds two whole vectors; these loads need no alignment.
        let column = unsafe { [_mm_loadu_ps(a.as_ptr()), _mm_loadu_ps(a.as_ptr().add(4))] };
        for (sums, b) in sums.iter_mut().zip(b) {
            let b = _mm_set1_ps(*b);
            for (sum, a) in sums.iter_mut().zip(column) {
                *sum = _mm_add_ps(*sum, _mm_mul_ps(a, b));
            }
        }
    }
    for (out, sum) in tile.as_chunks_mut::<4>().0.iter_mut().zip(sums.as_flattened()) {
        // SAFETY: `out` is one whole vector of the tile.
        unsafe { _mm_storeu_ps(out.as_mut_ptr(), *sum) };
    }
}

/// a b + c, rounded once where the build has relaxed SIMD.
#[cfg(all(target_feature = "simd128", target_feature = "relaxed-simd"))]
pub mod fused {
    pub use std::arch::wasm32::{f32x4_relaxed_madd as f32x4, f64x2_relaxed_madd as f64x2};
}

#[cfg(all(target_feature = "simd128", not(target_feature = "relaxed-simd")))]
pub mod fused {
    use std::arch::wasm32::*;

    #[inline(always)]
    pub fn f32x4(a: v128, b: v128, c: v128) -> v128 {
        f32x4_add(c, f32x4_mul(a, b))
    }

    #[inline(always)]
    pub fn f64x2(a: v128, b: v128, c: v128) -> v128 {
        f64x2_add(c, f64x2_mul(a, b))
    }
}

impl Scalar for f32 {
    const MR: usize = 8;
    const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;

    fn pack(from: View, rows: Range<usize>, cols: Range<usize>, out: &mut [f32]) {
        from.pack::<f32, { f32::MR }>(rows, cols, out);
    }

    fn of(x: f32) -> f32 {
        x
    }

    fn of_f64(x: f64) -> f32 {
        x as f32
    }

    fn double(self) -> f64 {
        self.into()
    }

    fn values(all: &[f32]) -> Values<'_> {
        Values::F32(all)
    }

    #[cfg(target_feature = "simd128")]
    fn multiply(a: &[f32], b: &[f32], tile: &mut [f32]) {
        use fused::f32x4 as mul_add;
        lanes!(a, b, tile, 8, 4, f32x4_splat(0.0), f32x4_splat, mul_add)
    }

    #[cfg(target_arch = "x86_64")]
    fn multiply(a: &[f32], b: &[f32], tile: &mut [f32]) {
        // SAFETY: every x86-64 has SSE.
        unsafe { sse(a, b, tile) }
    }

    #[cfg(not(any(target_feature = "simd128", target_arch = "x86_64")))]
    fn multiply(a: &[f32], b: &[f32], tile: &mut [f32]) {
        portable!(a, b, tile, 8)
    }
}

impl Scalar for f64 {
    const MR: usize = 4;
    const ROUNDING: f64 = f64::EPSILON / 2.0;

    fn pack(from: View, rows: Range<usize>, cols: Range<usize>, out: &mut [f64]) {
        from.pack::<f64, { f64::MR }>(rows, cols, out);
    }

    fn of(x: f32) -> f64 {
        x.into()
    }

    fn of_f64(x: f64) -> f64 {
        x
    }

    fn double(self) -> f64 {
        self
    }

    fn values(all: &[f64]) -> Values<'_> {
        Values::F64(all)
    }

    #[cfg(target_feature = "simd128")]
    fn multiply(a: &[f64], b: &[f64], tile: &mut [f64]) {
        use fused::f64x2 as mul_add;
        lanes!(a, b, tile, 4, 2, f64x2_splat(0.0), f64x2_splat, mul_add)
    }

    #[cfg(not(target_feature = "simd128"))]
    fn multiply(a: &[f64], b: &[f64], tile: &mut [f64]) {
        portable!(a, b, tile, 4)
    }
}

/// Operations per second of the kernels' multiply-add on registers alone, with as many accumulators as a tile has.
#[cfg(target_feature = "simd128")]
pub fn register_flops(now: impl Fn() -> f64) -> f64 {
    const STEPS: u32 = 200_000;
    const BURSTS: u32 = 200;
    // Many calls: a browser compiles a function well only after it has been called a while, so the fastest round counts. A round
    // takes long for a clock that ticks in milliseconds.
    let round = || {
        let begin = now();
        (0..BURSTS).for_each(|_| burst(STEPS));
        now() - begin
    };
    let best = (0..8).map(|_| round()).fold(f64::INFINITY, f64::min);
    f64::from(STEPS) * f64::from(BURSTS) * ACCUMULATORS as f64 * 8.0 / best
}

/// Multiply-adds in flight, each on four numbers.
#[cfg(target_feature = "simd128")]
const ACCUMULATORS: usize = 10;

#[cfg(target_feature = "simd128")]
#[inline(never)]
fn burst(steps: u32) {
    use std::arch::wasm32::*;
    use std::hint::black_box;
    let (factor, term) = (f32x4_splat(black_box(0.999)), f32x4_splat(black_box(0.5)));
    let mut sums = [f32x4_splat(0.0); ACCUMULATORS];
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = fused::f32x4(*sum, factor, term);
        }
    }
    black_box(sums.map(|sum| f32x4_extract_lane::<0>(sum)));
}
