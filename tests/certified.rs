//! Certified mode against the whole SVD: it may leave a verdict open, but never be wrong.

use crate::beside_match::bounds_hold;
use crate::common::synthetic::{Spectrum, case};
use crate::common::{self, Visit, fixtures, sample};
use lorascope::analyze::analyze;
use lorascope::metrics::intruder::{Intervals, Rule, undecided};
use lorascope::report::{Matrix, Mode, Side, Task};
use std::path::Path;

fn run(case: &common::synthetic::Case, mode: Mode, side: Side) -> Matrix {
    let task = Task {
        mode,
        k: 10,
        epsilon: 0.3,
        side,
    };
    let mut entries = analyze(&case.job, &case.bytes, &task, || 0.0);
    entries.pop().unwrap().1
}

/// Every interval holds the truth; returns how many verdicts there were at epsilon >= 0.3, and how many stayed open.
fn check(label: &str, case: &common::synthetic::Case, side: Side) -> (u32, u32) {
    let (truth, found) = (run(case, Mode::Exact, side), run(case, Mode::Certified, side));
    compare(label, &truth, &found, side)
}

#[track_caller]
fn compare(label: &str, truth: &Matrix, found: &Matrix, side: Side) -> (u32, u32) {
    assert_eq!(found.mode, Some(Mode::Certified), "{label}: {:?}", found.reason);
    bounds_hold(label, truth, found, side);
    let (truth, bounds) = (
        Intervals::of(truth, Rule::absolute(side)).unwrap(),
        Intervals::of(found, Rule::absolute(side)).unwrap(),
    );
    for (j, ((low, high), (exact, _))) in bounds.iter().zip(truth.iter()).enumerate() {
        assert!(
            low - 1e-3 <= exact && exact <= high + 1e-3,
            "{label} {side:?} {j}: {exact} is not in {low} to {high}"
        );
    }
    let at = |epsilon| undecided(found, Rule::absolute(side), 10, epsilon);
    (30, at(0.3) + at(0.5) + at(0.7))
}

#[test]
fn no_interval_misses_the_truth() {
    let (mut all, mut open, mut slips) = (0, 0, Vec::new());
    for seed in 0..seeds() {
        for spectrum in Spectrum::ALL {
            for (rows, cols) in [(96, 96), (160, 80), (80, 200), (240, 240)] {
                for rank in [None, Some(4), Some(16)] {
                    let case = case(seed, spectrum, rows, cols, rank);
                    for side in [Side::Left, Side::Right] {
                        let label = format!("seed {seed} {spectrum:?} {rows} x {cols} {rank:?}");
                        let (n, o) = check(&label, &case, side);
                        if spectrum.separated() {
                            all += n;
                            open += o;
                            if o > 0 {
                                slips.push(format!("{label} {side:?}: {o}"));
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{open} of {all} verdicts open: {slips:#?}");
    assert!(
        f64::from(open) <= 0.01 * f64::from(all),
        "{open} of {all} verdicts open: {slips:#?}"
    );
}

/// Everything below some folders, both ways.
#[track_caller]
fn both_ways(root: &Path, folders: &[&str]) -> (u32, u32) {
    let mut visit = Visit::open_folders(root, folders);
    visit.plan(&[]);
    let [mut all, mut open] = [0, 0];
    for side in [Side::Left, Side::Right] {
        let report = |mode| {
            visit.compute(&Task {
                mode,
                k: 10,
                epsilon: 0.3,
                side,
            })
        };
        for (truth, found) in report(Mode::Exact).models.iter().zip(&report(Mode::Certified).models) {
            for (truth, found) in truth
                .matrices
                .iter()
                .zip(&found.matrices)
                .filter(|(truth, _)| truth.mode == Some(Mode::Exact))
            {
                let (n, o) = compare(&format!("{folders:?} {}", truth.name), truth, found, side);
                all += n;
                open += o;
            }
        }
    }
    (all, open)
}

#[test]
fn real_models_and_files_of_real_libraries_too() {
    let (all, open) = both_ways(
        &sample(),
        &["all-MiniLM-L6-v2", "full", "lora-r1", "lora-r8-alpha8", "lora-r64"],
    );
    assert!(
        f64::from(open) <= 0.01 * f64::from(all),
        "{open} of {all} verdicts open"
    );
    both_ways(
        &fixtures().join("minilm-layer0"),
        &[
            "base",
            "full",
            "lora_r1",
            "lora_r8",
            "lora_r64",
            "lora_r8_hot",
            "lora_r8_a8",
        ],
    );
    for case in [
        "roberta_lora",
        "roberta_rslora",
        "roberta_patterns",
        "llama_lora",
        "llama_sharded_bf16",
        "qwen2_fp16",
        "gpt2_lora",
    ] {
        both_ways(&fixtures().join("zoo").join(case), &["base", "adapter"]);
    }
    for case in [
        "lambda_0.5",
        "lambda_0.9",
        "lambda_1.0",
        "lambda_1.1",
        "lambda_1.5",
        "adapter_1.5",
        "noise_strong",
        "noise_tiny",
    ] {
        both_ways(&fixtures().join("planted"), &["base", case]);
    }
}

/// LORASCOPE_CASES=N runs N times as many.
fn seeds() -> u64 {
    std::env::var("LORASCOPE_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1)
}
