//! Checkpoints of one training run: the overlaps of each with the one before, and the keys under which results are found again.

use crate::common::synthetic::{Case, Spectrum, left_vectors, run};
use crate::common::{Visit, fixtures, reference};
use lorascope::analyze::analyze;
use lorascope::report::{Matrix, Mode, Settings, Side, Similarity, Status, Task};

fn compute(case: &Case, mode: Mode) -> Vec<Matrix> {
    let task = Task {
        mode,
        k: 10,
        epsilon: 0.5,
        side: Side::Left,
    };
    analyze(&case.job, &case.bytes, &task, || 0.0)
        .into_iter()
        .map(|(_, matrix)| matrix)
        .collect()
}

#[track_caller]
fn check_bounds(follows: &Similarity) {
    for j in 0..follows.cols as usize {
        let squares: f32 = (0..follows.rows as usize).map(|i| follows.at(i, j).powi(2)).sum();
        assert!(squares <= 1.0 + 1e-4, "column {j}: {squares}");
    }
}

#[test]
fn each_checkpoint_is_held_against_the_one_before_it() {
    for (rows, cols) in [(40, 40), (60, 30), (30, 60)] {
        let case = run(Spectrum::Close, rows, cols, &[0.3, 0.35, 1.5]);
        let exact = |i: usize| left_vectors(&case.bytes[i], rows, cols, 30);
        for mode in [Mode::Exact, Mode::Certified] {
            let found = compute(&case, mode);
            assert!(found[0].follows.is_none());
            for (own, entry) in found.iter().enumerate().skip(1) {
                let follows = entry.follows.as_ref().unwrap();
                check_bounds(follows);
                let (old, new) = (exact(own), exact(own + 1));
                for (i, j) in (0..10).flat_map(|i| (0..10).map(move |j| (i, j))) {
                    let cos: f64 = old[i].iter().zip(&new[j]).map(|(a, b)| a * b).sum();
                    let ours = f64::from(follows.at(i, j));
                    assert!(
                        (cos.abs() - ours).abs() < 5e-3,
                        "{rows} x {cols} {mode:?}, {own}: {i} {j} is {ours}, not {cos}"
                    );
                }
            }
            let diagonal = |own: usize, j: usize| found[own].follows.as_ref().unwrap().at(j, j);
            assert!(
                (0..10).all(|j| diagonal(1, j) > 0.9),
                "{rows} x {cols} {mode:?}: a small step turns little"
            );
            assert!(
                diagonal(2, 0) < 0.9,
                "what is planted at 1.5 comes first, and was elsewhere before"
            );
        }
    }
}

#[test]
fn an_unchanged_checkpoint_has_the_vectors_of_the_base() {
    let case = run(Spectrum::Close, 50, 40, &[0.0, 0.6, 0.0, 0.0]);
    for mode in [Mode::Exact, Mode::Certified] {
        let found = compute(&case, mode);
        assert_eq!(
            found
                .iter()
                .map(|m| m.status)
                .filter(|s| *s == Status::Unchanged)
                .count(),
            3
        );
        let similarity = found[1].similarity.as_ref().unwrap();
        assert_eq!(found[1].follows.as_ref(), Some(similarity));
        let back = found[2].follows.as_ref().unwrap();
        assert_eq!(
            (back.rows, back.cols, back.at(3, 1)),
            (similarity.cols, similarity.rows, similarity.at(1, 3))
        );
        let same = found[3].follows.as_ref().unwrap();
        assert!((0..32).all(|i| (0..32).all(|j| same.at(i, j) == if i == j { 1.0 } else { 0.0 })));
    }
}

#[test]
fn nothing_follows_a_checkpoint_that_failed() {
    let mut case = run(Spectrum::Close, 30, 30, &[0.3, 0.6, 0.9, 1.2]);
    case.bytes[2][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let found = compute(&case, Mode::Exact);
    assert_eq!(found[1].status, Status::Failed);
    assert_eq!(
        found.iter().map(|m| m.follows.is_some()).collect::<Vec<_>>(),
        [false, false, false, true]
    );
}

/// Layer 0's query of a real run, by its steps.
fn series(steps: &[u32]) -> Visit {
    let adapters = steps
        .iter()
        .map(|step| format!("minilm-series/lora_r8_hot/step-{step:05}"));
    let folders: Vec<String> = std::iter::once("minilm-layer0/base".to_owned())
        .chain(adapters)
        .collect();
    let mut visit = Visit::open_folders(&fixtures(), &folders.iter().map(String::as_str).collect::<Vec<_>>());
    visit.plan(&[]);
    visit
}

#[test]
fn a_real_run_is_followed_from_step_to_step() {
    let report = series(&[100, 300, 600, 1000, 1500, 2000, 3000, 4000]).compute(&(&Settings::default()).into());
    let expected = reference::read(&fixtures().join("minilm-series/expected.json"));
    assert_eq!(report.models.len(), 8);
    for (at, (model, expected)) in report
        .models
        .iter()
        .zip(expected["steps"].as_array().unwrap())
        .enumerate()
    {
        let own = &model.matrices[0];
        assert_eq!(
            (model.run.as_ref().unwrap().step, own.name.as_str()),
            (expected["step"].as_u64().unwrap(), expected["name"].as_str().unwrap())
        );
        for (ours, sigma) in own.sigma_tuned.iter().zip(reference::numbers(&expected["sigma_tuned"])) {
            assert!((f64::from(*ours) - sigma).abs() < 1e-5 * sigma);
        }
        assert_eq!(own.follows.is_some(), at > 0);
        let Some(follows) = &own.follows else { continue };
        assert_eq!((follows.rows, follows.cols), (32, 32));
        check_bounds(follows);
        // The learning rate falls to zero: the last steps turn nothing any more.
        if at >= 6 {
            assert!(
                (0..10).all(|j| follows.at(j, j) > 0.97),
                "step {}: {:?}",
                expected["step"],
                (0..10).map(|j| follows.at(j, j)).collect::<Vec<_>>()
            );
        }
    }
}

/// The key under which a result is found again: words, and the bytes of its tensors.
fn keys(visit: &Visit) -> Vec<(String, Vec<Vec<u8>>)> {
    let bytes = visit.bytes(&visit.session.ranges(0));
    let keys = visit.session.keys(0, &(&Settings::default()).into());
    keys.into_iter()
        .map(|(_, tensors, words)| (words, tensors.iter().map(|t| bytes[*t as usize].clone()).collect()))
        .collect()
}

#[test]
fn a_result_is_known_again_only_after_the_same_checkpoint() {
    let [early, late, alone, three] =
        [&[300, 1000][..], &[600, 1000], &[1000], &[100, 300, 1000]].map(|steps| keys(&series(steps)));
    assert_ne!(early[1], late[1], "the step before is another");
    assert_ne!(early[1], alone[0], "nothing is before");
    assert_eq!(early[1], three[2], "what was before the step before does not matter");
    assert_ne!(early[0], three[1]);
}
