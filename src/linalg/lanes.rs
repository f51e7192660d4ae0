//! Two f64 numbers side by side: one vector of wasm's SIMD, an array elsewhere.

#[cfg(target_feature = "simd128")]
use std::arch::wasm32::*;

#[derive(Debug, Clone, Copy)]
pub struct Pair(Inner);

#[cfg(target_feature = "simd128")]
type Inner = v128;
#[cfg(not(target_feature = "simd128"))]
type Inner = [f64; 2];

#[cfg(target_feature = "simd128")]
impl Pair {
    #[inline(always)]
    pub fn splat(x: f64) -> Pair {
        Pair(f64x2_splat(x))
    }

    #[inline(always)]
    pub fn load(from: &[f64; 2]) -> Pair {
        // SAFETY: `from` is one whole vector; wasm loads need no alignment.
        Pair(unsafe { v128_load(from.as_ptr().cast()) })
    }

    #[inline(always)]
    pub fn store(self, to: &mut [f64; 2]) {
        // SAFETY: `to` is one whole vector.
        unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
    }

    /// self + a b, rounded once where the build has relaxed SIMD.
    #[inline(always)]
    pub fn plus(self, a: Pair, b: Pair) -> Pair {
        Pair(super::kernel::fused::f64x2(a.0, b.0, self.0))
    }

    #[inline(always)]
    pub fn sum(self) -> f64 {
        f64x2_extract_lane::<0>(self.0) + f64x2_extract_lane::<1>(self.0)
    }
}

#[cfg(not(target_feature = "simd128"))]
impl Pair {
    #[inline(always)]
    pub fn splat(x: f64) -> Pair {
        Pair([x; 2])
    }

    #[inline(always)]
    pub fn load(from: &[f64; 2]) -> Pair {
        Pair(*from)
    }

    #[inline(always)]
    pub fn store(self, to: &mut [f64; 2]) {
        *to = self.0;
    }

    /// self + a b.
    #[inline(always)]
    pub fn plus(self, a: Pair, b: Pair) -> Pair {
        Pair([self.0[0] + a.0[0] * b.0[0], self.0[1] + a.0[1] * b.0[1]])
    }

    #[inline(always)]
    pub fn sum(self) -> f64 {
        self.0[0] + self.0[1]
    }
}

/// a . b over the shorter of them.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let ((a, a_rest), (b, b_rest)) = (a[..length].as_chunks::<8>(), b[..length].as_chunks::<8>());
    let mut sums = [Pair::splat(0.0); 4];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a.as_chunks::<2>().0).zip(b.as_chunks::<2>().0) {
            *sum = sum.plus(Pair::load(a), Pair::load(b));
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.map(Pair::sum).iter().sum::<f64>() + rest
}

/// y + factor x, over the shorter of them.
pub fn add_multiple(y: &mut [f64], x: &[f64], factor: f64) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}
