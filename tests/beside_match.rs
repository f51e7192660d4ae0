//! What stands beside a best match: spread, energies, shares, gaps: against numpy in float64, planted ties, and the bounds of certified mode
//! against exact mode.

use crate::common::{Visit, fixtures, matrix, reference};
use lorascope::metrics::Measured;
use lorascope::metrics::vector::{OF_VECTORS, Vector};
use lorascope::report::{Matrix, Mode, Settings, Side, Task};
use std::collections::HashMap;

fn of(matrix: &Matrix, settings: &Settings, j: usize, name: &str) -> Measured {
    let measure = OF_VECTORS.iter().find(|m| m.name == name).unwrap();
    Vector::of(matrix, settings, j).map_or(Measured::Nothing, |vector| (measure.of)(&vector))
}

fn settings(k: u32, side: Side) -> Settings {
    Settings {
        k,
        side,
        ..Settings::default()
    }
}

/// Every bound of certified mode holds the exact number; returns how many were held, and how many say anything.
#[track_caller]
pub fn bounds_hold(label: &str, truth: &Matrix, found: &Matrix, side: Side) -> (u32, u32) {
    if side == Side::Both {
        // Either may decide where both have nearly the same match.
        let [left, right] = [Side::Left, Side::Right].map(|side| bounds_hold(label, truth, found, side));
        return (left.0 + right.0, left.1 + right.1);
    }
    let (mut held, mut telling) = (0, 0);
    for k in [1, 4, 10, 16] {
        let settings = settings(k, side);
        for j in 0..10 {
            for measure in OF_VECTORS.iter().filter(|m| m.bounded) {
                let exact = of(truth, &settings, j, measure.name).value();
                let (low, high) = match of(found, &settings, j, measure.name) {
                    Measured::Between(low, high) => (low, high),
                    Measured::Exactly(x) => (x, x),
                    _ => continue,
                };
                assert!((0.0..=high).contains(&low), "{label} {j}: {low} to {high}");
                let Some(exact) = exact else { continue };
                // Exact mode is right to 1e-3, as its best matches are.
                let slack = if measure.name == "spread" { 2e-3 * exact } else { 2e-3 };
                assert!(
                    low - slack <= exact && exact <= high + slack,
                    "{label} {side:?} {j}, k = {k}, {}: {exact} is not in {low} to {high}",
                    measure.name
                );
                held += 1;
                telling += u32::from(match measure.name {
                    "spread" => high < 2.0 * low,
                    _ => high - low < 0.2,
                });
            }
        }
    }
    (held, telling)
}

/// `beside.json`: layer 0 of every model at k = 10, both sides, from `numpy.linalg.svd` of W0 and W in float64.
#[test]
fn the_numbers_beside_a_match_are_numpys() {
    let models = ["full", "lora_r1", "lora_r8", "lora_r64", "lora_r8_hot", "lora_r8_a8"];
    let folders: Vec<&str> = std::iter::once("base").chain(models).collect();
    let mut visit = Visit::open_folders(&fixtures().join("minilm-layer0"), &folders);
    visit.plan(&[]);
    let report = visit.compute(&Task {
        mode: Mode::Exact,
        k: 10,
        epsilon: 0.5,
        side: Side::Both,
    });
    let wanted = reference::read(&fixtures().join("minilm-expected/beside.json"));
    let (mut compared, mut farthest) = (0, HashMap::<&str, f64>::new());
    for model in &report.models {
        for m in &model.matrices {
            let row = &wanted[&model.label][&m.name];
            for (side, key) in [(Side::Left, "left"), (Side::Right, "right")] {
                let settings = settings(10, side);
                let names = [
                    ("spread", &row[key]["spread"]),
                    ("in leading span", &row[key]["leading"]),
                    ("in tied block", &row[key]["block"]),
                    ("outside span", &row[key]["outside"]),
                    ("gap to next sigma", &row["gap"]),
                ];
                for (name, list) in names {
                    for (j, expected) in reference::numbers(list).into_iter().enumerate() {
                        if row["separated"][j] != true {
                            continue;
                        }
                        let Some(found) = of(m, &settings, j, name).value() else {
                            panic!("{} {} {side:?} {j}: no {name}", model.label, m.name)
                        };
                        let off = (found - expected).abs() / if name == "spread" { expected } else { 1.0 };
                        let far = farthest.entry(name).or_default();
                        *far = far.max(off);
                        assert!(
                            off < 2e-5,
                            "{} {} {side:?} {j}: {name} is {found}, the reference has {expected}",
                            model.label,
                            m.name
                        );
                        compared += 1;
                    }
                }
            }
        }
    }
    println!("{compared} numbers, farthest {farthest:?}");
    assert!(compared > 2500, "{compared}");
}

/// Rotated ties: each vector resembles no one base vector, and all of it lies in one tied block.
#[test]
fn a_turned_tie_is_all_in_its_block() {
    for (case, tied) in [("tied_2", 2.0), ("tied_8", 8.0)] {
        // These have a base of their own.
        let files = ["base", "model"].map(|name| format!("{case}/{name}.safetensors"));
        let report = Visit::open(&fixtures().join("planted"), &files.each_ref().map(String::as_str)).run();
        let mut seen = 0;
        for m in &report.models[0].matrices {
            let name = &m.name;
            let scores = &m.left.as_ref().unwrap().max_cos;
            for j in (0..30).filter(|j| scores[*j] < 0.75) {
                let of = |name| of(m, &settings(10, Side::Left), j, name).value().unwrap();
                assert!(of("in tied block") > 0.99, "{case} {name} {j}: {}", of("in tied block"));
                assert!(of("spread") <= tied + 0.01, "{case} {name} {j}: {}", of("spread"));
                seen += 1;
            }
        }
        println!("{case}: {seen} turned");
        assert!(seen > 0, "{case}");
    }
}

#[test]
fn a_direction_outside_the_thin_base_is_outside() {
    let report = Visit::open_folders(&fixtures().join("planted"), &["base", "outside_1.5"]).run();
    let m = matrix(&report, "outside_1.5", "model.layers.0.mlp.up_proj.weight");
    let of = |name| of(m, &settings(10, Side::Left), 0, name).value();
    assert!(of("outside span").unwrap() > 0.95, "{:?}", of("outside span"));
    assert!(of("in leading span").unwrap() < 0.05);
}
