//! Microbenchmarks: products, the peak of the registers, effective rank.

use super::session::now;
use crate::linalg::Matrix as Dense;
use wasm_bindgen::prelude::*;

/// Seconds of the best of `repeats` products of two n x n f32 matrices, for the benchmark.
#[wasm_bindgen(js_name = benchGemm)]
pub fn bench_gemm(n: u32, repeats: u32) -> f64 {
    let n = n as usize;
    let value = |seed: usize| move |i: usize, j: usize| ((i * 31 + j * 17 + seed) % 1009) as f32 / 504.0 - 1.0;
    let (a, b) = (Dense::from_fn(n, n, value(1)), Dense::from_fn(n, n, value(2)));
    let best = |best: f64, _| {
        let begin = now();
        std::hint::black_box(crate::linalg::product::<f32>(&a, &b));
        best.min(now() - begin)
    };
    (0..repeats).fold(f64::INFINITY, best)
}

/// GFLOP/s of multiply-adds on numbers that stay in registers: what 128-bit vectors of one core could do at most.
#[cfg(target_feature = "simd128")]
#[wasm_bindgen(js_name = benchPeak)]
pub fn bench_peak() -> f64 {
    crate::linalg::register_flops(now) / 1e9
}

/// Seconds for the effective rank of a seeded change, as an analysis gets it above the size of exact mode: of an adapter of `rank`
/// from its factors, of a dense change (0) by an estimate.
#[wasm_bindgen(js_name = benchEffectiveRank)]
pub fn bench_effective_rank(rows: u32, cols: u32, rank: u32) -> Result<f64, JsError> {
    let random = |rows: u32, cols: u32, seed: u64| crate::linalg::random(rows as usize, cols as usize, seed);
    let (a, b) = if rank == 0 {
        (random(rows, cols, 1), None)
    } else {
        (random(rank, cols, 1), Some(random(rows, rank, 2)))
    };
    let begin = now();
    let effective_rank = match &b {
        Some(b) => crate::linalg::low_rank_singular_values(2.0, b, &a)
            .map(|sigma| crate::metrics::effective_rank::effective_rank(&sigma)),
        None => crate::linalg::estimate((&a).into()).map(|spectrum| spectrum.effective_rank(0.0).0),
    };
    std::hint::black_box(effective_rank.map_err(|_| JsError::new("The singular values did not converge."))?);
    Ok(now() - begin)
}
