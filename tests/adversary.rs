//! Certified mode against everything that may mislead it: no interval misses the truth, whatever the spectrum and whatever was done to it.
//!
//! The truth is the whole decomposition in f64. A vector that is tied with others has no best match of its own: the certified side then
//! says an interval that holds every choice, or nothing at all (0 to 1).

use crate::beside_match::bounds_hold;
use crate::common::adversary::{Made, aligned, boosted_middle, made};
use lorascope::analyze::analyze;
use lorascope::metrics::intruder::{Intervals, Rule, undecided};
use lorascope::report::{Matrix, Mode, Side, Task};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Bounds beside best matches that were held against exact mode, and how many of them say anything.
static HELD: AtomicU32 = AtomicU32::new(0);
static TELLING: AtomicU32 = AtomicU32::new(0);

/// The most by which the two ways may differ, as numbers of 24 bits.
const ROUNDING: f32 = 2e-5;

fn run(made: &Made, mode: Mode, side: Side) -> Vec<Matrix> {
    let task = Task {
        mode,
        k: 10,
        epsilon: 0.3,
        side,
    };
    analyze(&made.case.job, &made.case.bytes, &task, || 0.0)
        .into_iter()
        .map(|(_, entry)| entry)
        .collect()
}

/// Both ways on one side; the certified entries.
fn check(made: &Made, side: Side, missed: &mut Vec<String>) -> Vec<Matrix> {
    let (truth, found) = (run(made, Mode::Exact, side), run(made, Mode::Certified, side));
    for (truth, found) in truth.iter().zip(&found) {
        if found.mode != Some(Mode::Certified) {
            // What could not be computed is said, never guessed.
            assert_eq!(
                (found.status, found.certified),
                (truth.status, truth.certified && found.mode.is_none()),
                "{}: {:?}",
                made.label,
                found.reason
            );
            continue;
        }
        let (held, telling) = bounds_hold(&made.label, truth, found, side);
        HELD.fetch_add(held, Relaxed);
        TELLING.fetch_add(telling, Relaxed);
        let rule = Rule::absolute(side);
        let (exact, bounds) = (Intervals::of(truth, rule).unwrap(), Intervals::of(found, rule).unwrap());
        for (j, ((low, high), (exact, _))) in bounds.iter().zip(exact.iter()).enumerate() {
            if low - ROUNDING > exact || exact > high + ROUNDING {
                missed.push(format!(
                    "{} {side:?}, vector {j}: {exact} is not in {low} to {high}",
                    made.label
                ));
            }
        }
    }
    found
}

#[derive(Default)]
struct Tally {
    cases: u32,
    settled: u32,
}

/// Two sides and up to three fine-tunes each. LORASCOPE_CASES=N runs N times as many, from LORASCOPE_FROM on.
const SEEDS: u64 = 300;

#[test]
fn no_interval_misses_whatever_the_base_and_the_update() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let cases = if cfg!(debug_assertions) {
        number("LORASCOPE_CASES", 1).max(1) * SEEDS
    } else {
        SEEDS
    };
    let first = number("LORASCOPE_FROM", 0);
    let (mut tallies, mut missed) = (BTreeMap::<&str, Tally>::new(), Vec::new());
    for seed in first..first + cases {
        let made = made(seed, &[60, 70, 80, 110]);
        for side in [Side::Left, Side::Right] {
            let found = check(&made, side, &mut missed);
            if !made.tied {
                let tally = tallies.entry(made.class).or_default();
                tally.cases += found.len() as u32;
                tally.settled += found
                    .iter()
                    .filter(|m| undecided(m, Rule::absolute(side), 10, 0.3) == 0)
                    .count() as u32;
            }
        }
    }
    assert!(missed.is_empty(), "{} miss:\n{}", missed.len(), missed.join("\n"));
    let told = tallies.values().filter(|t| t.cases > 0).count();
    for (class, Tally { cases, settled }) in &tallies {
        println!("{class}: {settled} of {cases} settled at 0.3 without the whole decomposition");
    }
    assert!(told >= 6);
    println!(
        "{} bounds beside best matches hold, {} of them are narrow",
        HELD.load(Relaxed),
        TELLING.load(Relaxed)
    );
    let (all, settled) = tallies
        .iter()
        .filter(|(class, _)| **class != "lost in f32")
        .fold((0, 0), |(a, s), (_, t)| (a + t.cases, s + t.settled));
    assert!(settled * 100 >= all * 97, "{settled} of {all} settled");
}

#[test]
fn larger_matrices_and_the_claims_that_were_false() {
    let mut missed = Vec::new();
    // (1 + i)^-0.7, and an update with cosine 0.8 along base vector 30: once claimed to be a new direction.
    let found = check(&aligned(600, 30), Side::Left, &mut missed);
    let left = found[0].left.as_ref().unwrap();
    assert!(
        left.max_cos[0] > 0.8 && left.max_cos_upper.as_ref().unwrap()[0] < 0.83 && left.argmax[0] == 30,
        "{:?}",
        &left.max_cos[..2]
    );
    assert_eq!(undecided(&found[0], Rule::absolute(Side::Left), 10, 0.3), 0);
    // 0.97^i with a cluster, a middle vector boosted: true 1.000, once claimed 0 to 0.0007.
    for side in [Side::Left, Side::Right] {
        check(&boosted_middle(), side, &mut missed);
    }
    for seed in 0..6 {
        check(&made(7_000_000 + seed, &[240, 330, 420]), Side::Both, &mut missed);
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
