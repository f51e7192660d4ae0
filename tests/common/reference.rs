//! The numpy reference's JSON, and the comparison with it.

use lorascope::metrics::intruder::count;
use lorascope::report::{Matrix, Model};
use serde_json::Value;
use std::path::Path;

pub fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Compares every matrix of a model with the reference; returns how many were compared.
///
/// Counts must be equal; a difference is allowed only where the reference's score lies within 1e-4 of epsilon, and is printed.
pub fn check_model(model: &Model, expected: &Value) -> usize {
    for m in &model.matrices {
        let rows = expected["matrices"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|r| r["name"] == m.name)
            .unwrap_or_else(|| panic!("{} is not in the reference", m.name));
        check_matrix(&model.label, m, row);
    }
    model.matrices.len()
}

pub fn check_matrix(label: &str, m: &Matrix, row: &Value) {
    let at = format!("{label} {}", m.name);
    assert_eq!(
        [m.rows, m.cols].map(u64::from).as_slice(),
        numbers(&row["shape"]).iter().map(|x| *x as u64).collect::<Vec<_>>(),
        "{at}"
    );
    let (left, right) = (&m.left.as_ref().unwrap().max_cos, &m.right.as_ref().unwrap().max_cos);
    let (reference_left, reference_right) = (numbers(&row["max_abs_cos_left"]), numbers(&row["max_abs_cos_right"]));
    let allowed = |scores: &[f64], k: usize, epsilon: f64| scores.iter().take(k).any(|c| (c - epsilon).abs() < 1e-4);
    for (scores, reference, counts) in [
        (left, &reference_left, "count_k10"),
        (right, &reference_right, "count_k10_right"),
    ] {
        for (epsilon, expected) in row[counts].as_object().unwrap() {
            let (ours, epsilon) = (
                count(scores.iter().copied(), 10, epsilon.parse().unwrap()),
                epsilon.parse().unwrap(),
            );
            if u64::from(ours) != expected.as_u64().unwrap() {
                assert!(
                    allowed(reference, 10, epsilon),
                    "{at}: {counts} at {epsilon} is {ours}, the reference has {expected}"
                );
                println!("{at}: {counts} at {epsilon}: {ours} instead of {expected}, within 1e-4 of epsilon");
            }
        }
    }
    for (k, expected) in row["count_eps0.5"].as_object().unwrap() {
        let k: u32 = k.parse().unwrap_or(m.rows.min(m.cols));
        let ours = count(left.iter().copied(), k, 0.5);
        if u64::from(ours) != expected.as_u64().unwrap() {
            // The reference lists its first 50 scores; deeper ones may sit on the threshold too.
            let near = |c: &f32| (f64::from(*c) - 0.5).abs() < 1e-4;
            assert!(
                left.iter().take(k as usize).any(near),
                "{at}: {ours} at k = {k}, the reference has {expected}"
            );
            println!("{at}: {ours} at k = {k} instead of {expected}, within 1e-4 of epsilon");
        }
    }
    let sigma = numbers(&row["sigma_tuned"]);
    for (side, ours, reference) in [("left", left, &reference_left), ("right", right, &reference_right)] {
        for (j, expected) in reference.iter().enumerate().filter(|(j, _)| separated(&sigma, *j)) {
            assert!(
                (f64::from(ours[j]) - expected).abs() < 1e-3,
                "{at}: {side} score {j} is {}, the reference has {expected}",
                ours[j]
            );
        }
    }
    close(&m.sigma_tuned, &sigma, &format!("{at}: sigma"));
    close(
        &m.sigma_base,
        &numbers(&row["sigma_base"]),
        &format!("{at}: sigma of the base"),
    );
    let delta = m.delta.as_ref().unwrap();
    let relative = |ours: f64, expected: &Value, what: &str, tolerance: f64| {
        let expected = expected.as_f64().unwrap();
        assert!(
            (ours - expected).abs() <= tolerance * expected.abs().max(1e-12),
            "{at}: {what} is {ours}, the reference has {expected}"
        );
    };
    relative(
        delta.effective_rank,
        &row["effective_rank_change"],
        "effective rank",
        1e-3,
    );
    relative(delta.stable_rank, &row["stable_rank"]["change"], "stable rank", 1e-3);
    relative(delta.frobenius, &row["frobenius"]["change"], "Frobenius norm", 1e-4);
    assert!(m.residual.unwrap_or(0.0) < 1e-4, "{at}: residual {:?}", m.residual);
}

/// A singular value whose vectors are well defined: neighbours at least 0.1 % of sigma_1 away.
fn separated(sigma: &[f64], j: usize) -> bool {
    let gap = |a: usize, b: usize| match (sigma.get(a), sigma.get(b)) {
        (Some(x), Some(y)) => (x - y).abs() > 1e-3 * sigma[0],
        _ => false,
    };
    (j == 0 || gap(j - 1, j)) && gap(j, j + 1)
}

fn close(ours: &[f32], expected: &[f64], what: &str) {
    let largest = expected.first().copied().unwrap_or(0.0).max(1e-30);
    for (j, e) in expected.iter().enumerate() {
        assert!(
            (f64::from(ours[j]) - e).abs() < 2e-6 * largest,
            "{what} {j} is {}, the reference has {e}",
            ours[j]
        );
    }
}
