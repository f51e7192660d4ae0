//! Matrices with planted truth: every case of the fixture as its README says.

use crate::common::{Visit, fixtures, matrix, reference};
use lorascope::metrics::intruder::count;
use lorascope::report::{Report, Status};

const SQUARE: &str = "model.layers.0.self_attn.q_proj.weight";
const TALL: &str = "model.layers.0.mlp.up_proj.weight";

/// Runs one case; the tuned model is the only one.
fn run(case: &str) -> Report {
    let root = fixtures().join("planted");
    let mut visit = match root.join(case).join("base.safetensors").exists() {
        true => Visit::open(
            &root,
            &[
                &format!("{case}/base.safetensors"),
                &format!("{case}/model.safetensors"),
            ],
        ),
        false => Visit::open_folders(&root, &["base", case]),
    };
    let report = visit.run();
    assert_eq!(report.models.len(), 1, "{case}");
    report
}

/// Runs one case and compares it with the reference.
fn check(case: &str) -> Report {
    let report = run(case);
    reference::check_model(
        &report.models[0],
        &reference::read(&fixtures().join(format!("planted/expected/{case}.json"))),
    );
    report
}

fn scores(report: &Report, name: &str) -> Vec<f32> {
    matrix(report, &report.models[0].label, name)
        .left
        .as_ref()
        .unwrap()
        .max_cos
        .clone()
}

fn effective_rank(report: &Report, name: &str) -> f64 {
    matrix(report, &report.models[0].label, name)
        .delta
        .as_ref()
        .unwrap()
        .effective_rank
}

#[test]
fn the_count_is_not_monotone_in_lambda() {
    let counts = ["lambda_0.5", "lambda_0.9", "lambda_1.0", "lambda_1.1", "lambda_1.5"].map(|case| {
        let report = check(case);
        for name in [SQUARE, TALL] {
            assert!(
                (effective_rank(&report, name) - 1.0).abs() < 1e-3,
                "{case}: {}",
                effective_rank(&report, name)
            );
        }
        matrix(&report, case, SQUARE).intruders.unwrap()
    });
    assert_eq!(counts, [0, 1, 0, 1, 1]);
}

#[test]
fn the_planted_vector_comes_first_at_1_5() {
    let report = run("lambda_1.5");
    assert!((scores(&report, SQUARE)[0] - 0.18).abs() < 0.005);
    assert!((scores(&report, TALL)[0] - 0.15).abs() < 0.005);
}

#[test]
fn an_adapter_gives_the_numbers_of_the_merged_model() {
    let (adapter, merged) = (check("adapter_1.5"), run("lambda_1.5"));
    assert_eq!(adapter.models[0].scale, Some(2.0));
    for name in [SQUARE, TALL] {
        for (a, m) in scores(&adapter, name).iter().zip(scores(&merged, name)).take(50) {
            assert!((a - m).abs() < 1e-4);
        }
    }
}

#[test]
fn a_direction_outside_the_thin_base_is_an_intruder_even_at_0_1() {
    let report = check("outside_1.5");
    assert_eq!(count(scores(&report, TALL), 10, 0.1), 1);
    assert_eq!(count(scores(&check("outside_0.5"), TALL), 10, 0.5), 0);
}

#[test]
fn the_transpose_exchanges_left_and_right() {
    let (wide, tall) = (check("wide_1.5"), run("lambda_1.5"));
    let (wide, tall) = (&wide.models[0].matrices[0], matrix(&tall, "lambda_1.5", TALL));
    assert_eq!((wide.rows, wide.cols), (tall.cols, tall.rows));
    for (a, b) in [(&wide.left, &tall.right), (&wide.right, &tall.left)] {
        for (x, y) in a
            .as_ref()
            .unwrap()
            .max_cos
            .iter()
            .zip(&b.as_ref().unwrap().max_cos)
            .take(20)
        {
            assert!((x - y).abs() < 1e-4);
        }
    }
}

#[test]
fn identical_bytes_are_unchanged_with_scores_of_one() {
    let report = run("identical");
    for m in &report.models[0].matrices {
        assert_eq!(m.status, Status::Unchanged);
        assert_eq!((m.intruders, m.delta.as_ref().unwrap().effective_rank), (Some(0), 0.0));
        assert!(m.left.as_ref().unwrap().max_cos.iter().all(|c| *c == 1.0));
    }
    assert_eq!(report.models[0].totals.unchanged, 2);
}

#[test]
fn sign_and_scale_of_the_whole_matrix_make_no_intruder() {
    for case in ["negated", "doubled", "reordered"] {
        let report = check(case);
        for name in [SQUARE, TALL] {
            assert!(scores(&report, name).iter().all(|c| *c > 0.999), "{case} {name}");
        }
    }
    let doubled = run("doubled");
    assert!((effective_rank(&doubled, SQUARE) / 185.01 - 1.0).abs() < 1e-3);
    assert!((effective_rank(&doubled, TALL) / 96.63 - 1.0).abs() < 1e-3);
    let reordered = run("reordered");
    let order = &matrix(&reordered, "reordered", SQUARE).left.as_ref().unwrap().argmax;
    assert_eq!(
        order.iter().map(|i| 255 - i).collect::<Vec<_>>(),
        (0..256).collect::<Vec<_>>()
    );
}

#[test]
fn deep_windows_fill_with_noise() {
    let tiny = check("noise_tiny");
    assert_eq!(count(scores(&tiny, SQUARE), 256, 0.5), 0);
    let strong = check("noise_strong");
    assert_eq!(
        (
            count(scores(&strong, SQUARE), 10, 0.5),
            count(scores(&strong, SQUARE), 256, 0.5)
        ),
        (0, 213)
    );
    assert_eq!(
        (
            count(scores(&strong, TALL), 10, 0.5),
            count(scores(&strong, TALL), 128, 0.5)
        ),
        (0, 76)
    );
}

#[test]
fn tied_singular_values_fake_intruders() {
    for (case, score, intruders) in [("tied_2", 0.5f32.sqrt(), 0), ("tied_8", 0.125f32.sqrt(), 8)] {
        let report = check(case);
        let m = &report.models[0].matrices[0];
        let turned = m
            .left
            .as_ref()
            .unwrap()
            .max_cos
            .iter()
            .filter(|c| (**c - score).abs() < 1e-3)
            .count();
        assert!(turned >= 2, "{case}: {:?}", &m.left.as_ref().unwrap().max_cos[..8]);
        assert_eq!(m.intruders, Some(intruders), "{case}");
    }
}

#[test]
fn degenerate_bases_give_finite_numbers_and_the_right_rank() {
    for case in ["rank1_base", "zero_base", "scaled_identity", "zero_both"] {
        let report = run(case);
        let expected = reference::read(&fixtures().join(format!("planted/expected/{case}.json")));
        for m in &report.models[0].matrices {
            let row = expected["matrices"]
                .as_array()
                .unwrap()
                .iter()
                .find(|r| r["name"] == m.name)
                .unwrap();
            let rank = row["effective_rank_change"].as_f64().unwrap();
            let delta = m.delta.as_ref().unwrap();
            assert!(
                (delta.effective_rank - rank).abs() <= 1e-3 * rank,
                "{case}: {} instead of {rank}",
                delta.effective_rank
            );
            let scores = [&m.left, &m.right]
                .map(|s| s.as_ref().unwrap().max_cos.clone())
                .concat();
            assert!(scores.iter().all(|c| (0.0..=1.0).contains(c)), "{case}");
            for (ours, expected) in m.sigma_tuned.iter().zip(reference::numbers(&row["sigma_tuned"])) {
                assert!((f64::from(*ours) - expected).abs() < 1e-5, "{case}");
            }
            assert_eq!(
                m.status,
                if case == "zero_both" {
                    Status::Unchanged
                } else {
                    Status::Analyzed
                },
                "{case}: {:?}",
                m.reason
            );
        }
        let json = serde_json::to_string(&report).unwrap();
        assert!(!json.contains("NaN") && !json.contains("inf"), "{case}");
    }
}
