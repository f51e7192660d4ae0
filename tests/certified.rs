//! Certified mode against the whole SVD: it may leave a verdict open, it may never be wrong.

mod common;
use common::synthetic::{Spectrum, case};
use lorascope::analyze::analyze;
use lorascope::metrics::intruder::{intervals, undecided};
use lorascope::report::{Matrix, Mode, Side, Task};

fn run(case: &common::synthetic::Case, mode: Mode, side: Side) -> Matrix {
    let task = Task { mode, k: 10, epsilon: 0.3, side };
    let mut entries = analyze(&case.job, &case.bytes, &task, || 0.0);
    entries.pop().unwrap().1
}

/// Every interval holds the truth; returns how many verdicts there were at epsilon >= 0.3, and how many stayed open.
fn check(label: &str, case: &common::synthetic::Case, side: Side) -> (u32, u32) {
    let (truth, found) = (run(case, Mode::Exact, side), run(case, Mode::Certified, side));
    assert_eq!(found.mode, Some(Mode::Certified), "{label}: {:?}", found.reason);
    let (truth, bounds) = (intervals(&truth, side).unwrap(), intervals(&found, side).unwrap());
    for (j, ((low, high), (exact, _))) in bounds.iter().zip(&truth).enumerate() {
        assert!(low - 1e-3 <= *exact && *exact <= high + 1e-3, "{label} {side:?} {j}: {exact} is not in {low} to {high}");
    }
    let at = |epsilon| undecided(&found, side, 10, epsilon);
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
    assert!(f64::from(open) <= 0.01 * f64::from(all), "{open} of {all} verdicts open: {slips:#?}");
}

/// LORASCOPE_CASES=N runs N times as many.
fn seeds() -> u64 {
    std::env::var("LORASCOPE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}
