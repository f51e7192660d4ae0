//! All cosines of a matrix, on demand; and best matches with the signs that the decompositions gave.

use crate::common::synthetic::{Spectrum, case, run};
use crate::common::{Visit, fixtures};
use lorascope::analyze::{Vectors, analyze, vectors};
use lorascope::report::{Match, Matrix, Mode, Side, Similarity, Status, Task};

const EXACT: Task = Task {
    mode: Mode::Exact,
    k: 10,
    epsilon: 0.5,
    side: Side::Left,
};

fn column(all: &Similarity, j: usize) -> impl Iterator<Item = f32> {
    (0..all.rows as usize).map(move |i| all.at(i, j))
}

#[track_caller]
fn check_side(all: &Similarity, side: &Match, corner: &Similarity, n: usize) {
    assert_eq!((all.rows as usize, all.cols as usize, all.values.len()), (n, n, n * n));
    let signed = side.signed_cos.as_ref().unwrap();
    assert_eq!(signed.len(), n);
    for (j, signed) in signed.iter().enumerate() {
        assert_eq!(column(all, j).fold(0.0, f32::max), side.max_cos[j]);
        assert_eq!(all.at(side.argmax[j] as usize, j), side.max_cos[j]);
        assert!(
            *signed <= side.max_cos[j] && column(all, j).any(|c| c == signed.abs()),
            "{j}: {signed}"
        );
    }
    assert_eq!((corner.rows as usize, corner.cols as usize), (n.min(32), n.min(32)));
    for (i, j) in (0..n.min(32)).flat_map(|i| (0..n.min(32)).map(move |j| (i, j))) {
        assert_eq!(corner.at(i, j), all.at(i, j));
    }
}

#[track_caller]
fn check(found: &Vectors, entry: &Matrix) {
    let n = entry.rows.min(entry.cols) as usize;
    let (left, right) = (entry.left.as_ref().unwrap(), entry.right.as_ref().unwrap());
    check_side(&found.left, left, entry.similarity.as_ref().unwrap(), n);
    check_side(&found.right, right, right.vectors.as_ref().unwrap(), n);
    assert_eq!(&found.matrix, entry);
}

#[test]
fn all_vectors_of_one_matrix_agree_with_its_entry() {
    for (rows, cols) in [(48, 48), (70, 40), (20, 60)] {
        for rank in [None, Some(4)] {
            let case = case(3, Spectrum::PowerLaw, rows, cols, rank);
            let entry = analyze(&case.job, &case.bytes, &EXACT, || 0.0).remove(0).1;
            check(&vectors(&case.job, &case.bytes, 0, || 0.0).unwrap(), &entry);
        }
    }
}

#[test]
fn one_model_asks_for_its_own_tensors_and_those_of_the_step_before() {
    let case = run(Spectrum::PowerLaw, 40, 50, &[0.2, 0.0, 0.4, 0.8]);
    let entries = analyze(&case.job, &case.bytes, &EXACT, || 0.0);
    for (model, needed) in [(0, vec![0, 1]), (2, vec![0, 2, 3]), (3, vec![0, 3, 4])] {
        let job = case.job.only(model).unwrap();
        let bytes: Vec<Vec<u8>> = needed.iter().map(|at: &usize| case.bytes[*at].clone()).collect();
        assert_eq!(job.tensors().len(), bytes.len());
        check(
            &vectors(&job, &bytes, model, || 0.0).unwrap(),
            &entries[model as usize].1,
        );
    }
    let reason = vectors(&case.job, &case.bytes, 1, || 0.0).unwrap_err();
    assert!(reason.contains("its own best match"), "{reason}");
    assert!(vectors(&case.job, &case.bytes, 9, || 0.0).is_err() && case.job.only(9).is_none());
}

#[test]
fn certified_mode_shows_the_corner_of_the_side_asked_for() {
    let case = case(3, Spectrum::PowerLaw, 96, 64, Some(4));
    for (side, asked) in [(Side::Left, false), (Side::Right, true), (Side::Both, true)] {
        let task = Task {
            mode: Mode::Certified,
            side,
            ..EXACT
        };
        let entry = analyze(&case.job, &case.bytes, &task, || 0.0).remove(0).1;
        assert_eq!(entry.right.is_some(), asked);
        assert!(entry.left.as_ref().is_none_or(|left| left.signed_cos.is_none()));
        if let Some(right) = &entry.right {
            let (corner, exact) = (
                right.vectors.as_ref().unwrap(),
                vectors(&case.job, &case.bytes, 0, || 0.0).unwrap().right,
            );
            assert!((0..10).all(|i| (0..10).all(|j| (corner.at(i, j) - exact.at(i, j)).abs() < 5e-3)));
        }
    }
}

/// W = -W0 turns one vector of every pair: what the left side does not lose, the right side does.
#[test]
fn a_negated_matrix_is_turned_on_one_side() {
    let report = Visit::open_folders(&fixtures().join("planted"), &["base", "negated"]).run();
    for m in &report.models[0].matrices {
        let [left, right] = [&m.left, &m.right].map(|side| side.as_ref().unwrap().signed_cos.as_ref().unwrap());
        for (l, r) in left.iter().zip(right) {
            assert!(l.max(*r) > 0.999 && l.min(*r) < 0.01, "{}: {l} and {r}", m.name);
        }
    }
}

#[test]
fn signs_are_mostly_kept_by_a_small_change() {
    let report = Visit::open_folders(&fixtures().join("minilm-layer0"), &["base", "full", "lora_r8"]).run();
    for model in &report.models {
        for m in model.matrices.iter().filter(|m| m.status == Status::Analyzed) {
            for side in [&m.left, &m.right].map(|side| side.as_ref().unwrap()) {
                let signed = side.signed_cos.as_ref().unwrap();
                assert!(signed.iter().zip(&side.max_cos).all(|(s, c)| s <= c));
                let equal = signed.iter().zip(&side.max_cos).filter(|(s, c)| s == c).count();
                assert!(
                    equal > 3 * signed.len() / 4,
                    "{} {}: {equal} of {}",
                    model.label,
                    m.name,
                    signed.len()
                );
            }
        }
    }
}
