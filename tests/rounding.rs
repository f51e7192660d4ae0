//! Rounding to bf16 against the bars of best matches and the interval of counts: seeded small matrices, decomposed by nalgebra in float64.

use lorascope::linalg::SplitMix;
use lorascope::metrics::rounding::{bar, count, rounding_norm, turn};
use lorascope::report::{Matrix, Settings};
use nalgebra::DMatrix;
use serde_json::json;

const K: usize = 4;

/// The nearest number of bf16; of two as near the even one.
fn bf16(x: f64) -> f64 {
    let bits = (x as f32).to_bits();
    let up = 0x7fff + ((bits >> 16) & 1);
    f64::from(f32::from_bits((bits + up) & 0xffff_0000))
}

/// Values, descending, and the left vectors in that order.
fn decompose(w: &DMatrix<f64>) -> (Vec<f64>, DMatrix<f64>) {
    let svd = w.clone().svd(true, false);
    let u = svd.u.expect("asked for");
    let mut order: Vec<usize> = (0..svd.singular_values.len()).collect();
    order.sort_by(|a, b| svd.singular_values[*b].total_cmp(&svd.singular_values[*a]));
    let values = order.iter().map(|j| svd.singular_values[*j]).collect();
    (
        values,
        DMatrix::from_columns(&order.iter().map(|j| u.column(*j)).collect::<Vec<_>>()),
    )
}

fn matches(base: &DMatrix<f64>, tuned: &DMatrix<f64>) -> Vec<f32> {
    let cosines = base.transpose() * tuned;
    let best = cosines
        .column_iter()
        .map(|c| c.iter().fold(0.0f64, |m, x| m.max(x.abs())));
    best.map(|c| c.min(1.0) as f32).collect()
}

/// One case: the best matches before and after rounding, and the report's entry of what was stored.
fn case(seed: u64) -> (Vec<f32>, Matrix, Vec<f64>, f64) {
    let mut random = SplitMix(seed);
    let mut normal = || (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0;
    let (rows, cols) = [(10, 10), (12, 8), (8, 12)][seed as usize % 3];
    let w0 = DMatrix::from_fn(rows, cols, |_, _| bf16(normal()));
    let strength = [0.3, 2.0, 6.0][(seed / 3) as usize % 3];
    let (u, v) = (
        DMatrix::from_fn(rows, 1, |_, _| normal()).normalize(),
        DMatrix::from_fn(1, cols, |_, _| normal()).normalize(),
    );
    let w = &w0 + strength * u * v;
    let stored = w.map(bf16);
    let base = decompose(&w0).1;
    let before = matches(&base, &decompose(&w).1);
    let (values, vectors) = decompose(&stored);
    let after = matches(&base, &vectors);
    let error = rounding_norm(rows, cols, |i, j| stored[(i, j)] as f32);
    let sigma: Vec<f32> = values.iter().map(|s| *s as f32).collect();
    let entry = serde_json::from_value(json!({
        "name": "w", "layer": null, "type": null, "rows": rows, "cols": cols, "status": "analyzed", "mode": "exact", "reason": null,
        "sigmaBase": [], "sigmaTuned": sigma, "left": { "maxCos": after, "argmax": vec![0; after.len()] }, "right": null,
        "intruders": null, "delta": null, "similarity": null, "residual": null, "rounding": error as f32, "certified": true, "seconds": 0.0
    }))
    .unwrap();
    let n = rows.min(cols);
    let turns = (0..K).map(|j| turn(&sigma, j, n, rows == cols, error)).collect();
    (before, entry, turns, (stored - w).norm())
}

#[test]
fn rounding_moves_a_best_match_within_its_bar_and_the_interval_holds_the_count_before_it() {
    const CASES: u64 = 10_000;
    let (mut out, mut asked, mut open, mut wide, mut counts_out) = (0u32, 0u32, 0u32, 0u32, 0u32);
    let settings = Settings {
        k: K as u32,
        ..Settings::default()
    };
    for seed in 0..CASES {
        let (before, entry, turns, _) = case(seed);
        let after = &entry.left.as_ref().unwrap().max_cos;
        for j in 0..K {
            let (low, high) = bar((after[j], after[j]), turns[j]);
            let truth = f64::from(before[j]);
            asked += 1;
            out += u32::from(truth < low - 1e-6 || truth > high + 1e-6);
            open += u32::from(low == 0.0 && high == 1.0);
        }
        let (least, most) = count(&entry, &settings).unwrap();
        let truth = before.iter().take(K).filter(|c| **c < 0.5).count() as u32;
        counts_out += u32::from(!(least..=most).contains(&truth));
        wide += u32::from(least < most);
    }
    println!(
        "{out} of {asked} out of their bars, {open} bars say nothing; {counts_out} counts out, {wide} of {CASES} intervals wide"
    );
    assert!(f64::from(out) <= 0.001 * f64::from(asked), "{out} of {asked}");
    assert_eq!(counts_out, 0);
    // Bars that say nothing would hold everything.
    assert!(open * 10 < asked, "{open} of {asked} say nothing");
    assert!(u64::from(wide) * 2 < CASES, "{wide} intervals");
}

#[test]
fn the_norm_of_a_rounding_is_bounded_and_not_by_far() {
    let mut random = SplitMix(7);
    for (rows, cols) in [(24, 24), (64, 16), (40, 96)] {
        let w = DMatrix::from_fn(rows, cols, |_, _| random.uniform() - 0.5);
        let error = (w.map(bf16) - &w).svd(false, false).singular_values.max();
        let bound = rounding_norm(rows, cols, |i, j| w[(i, j)] as f32);
        assert!(
            bound >= error && bound < 2.0 * error,
            "{rows} × {cols}: {error} and {bound}"
        );
    }
}
