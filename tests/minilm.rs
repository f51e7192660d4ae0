//! A real experiment against the float64 reference: counts at every epsilon and k, scores, spectra, effective rank.

use crate::common::{Visit, fixtures, reference, sample};
use lorascope::metrics::intruder::intruders;
use lorascope::metrics::measure;
use lorascope::report::Settings;
use std::collections::HashMap;
use std::path::PathBuf;

mod expected {
    pub const EXPERIMENT: [&str; 6] = ["full", "lora_r1", "lora_r8", "lora_r64", "lora_r8_hot", "lora_r8_a8"];
    pub const SAMPLE: [&str; 4] = ["full", "lora-r1", "lora-r8-alpha8", "lora-r64"];
}

#[track_caller]
fn check(root: PathBuf, base: &str, models: &[&str], answers: &str, matrices: usize) {
    let folders: Vec<&str> = std::iter::once(base).chain(models.iter().copied()).collect();
    let report = Visit::open_folders(&root, &folders).run();
    assert_eq!(report.base.label, base);
    assert_eq!(report.models.len(), models.len());
    for model in &report.models {
        assert_eq!(model.matching.matched as usize, matrices, "{}", model.label);
        let expected = reference::read(&fixtures().join(answers).join(format!("{}.json", model.label)));
        assert_eq!(reference::check_model(model, &expected), matrices);
    }
}

#[test]
fn layer_0_of_every_model_as_trained() {
    check(
        fixtures().join("minilm-layer0"),
        "base",
        &expected::EXPERIMENT,
        "minilm-expected",
        6,
    );
}

/// `threshold.json`: numpy in float64, by the formula of the measure's file, at k = 10: the intruders and the margin of every matrix of layer 0.
#[test]
fn margins_to_the_threshold_and_no_intruder_below_it() {
    let root = fixtures().join("minilm-layer0");
    let folders: Vec<&str> = std::iter::once("base").chain(expected::EXPERIMENT).collect();
    let report = Visit::open_folders(&root, &folders).run();
    let wanted = std::fs::read_to_string(fixtures().join("minilm-expected/threshold.json")).unwrap();
    let wanted: HashMap<String, HashMap<String, (u32, f64)>> = serde_json::from_str(&wanted).unwrap();
    let (settings, margin) = (Settings::default(), measure("threshold-margin").unwrap());
    let mut crossed = 0;
    for model in &report.models {
        for matrix in &model.matrices {
            let (count, expected) = wanted[&model.label][&matrix.name];
            let found = margin.read(matrix, &settings).value().unwrap();
            assert!(
                (found / expected - 1.0).abs() < 1e-4,
                "{} {}: {found}, not {expected}",
                model.label,
                matrix.name
            );
            assert_eq!(intruders(matrix, &settings), Some(count));
            assert!(count == 0 || found > 1.0, "{} {}", model.label, matrix.name);
            crossed += u32::from(found > 1.0);
        }
    }
    assert_eq!(
        crossed,
        wanted
            .values()
            .flat_map(HashMap::values)
            .filter(|(_, m)| *m > 1.0)
            .count() as u32
    );
}

#[test]
fn the_sample_in_float16() {
    check(sample(), "all-MiniLM-L6-v2", &expected::SAMPLE, "sample-expected", 24);
}

/// The whole experiment is too large for the repository: set LORASCOPE_FIXTURES to the folder that holds `minilm/`.
#[test]
fn the_whole_experiment_where_it_is_at_hand() {
    match std::env::var_os("LORASCOPE_FIXTURES") {
        Some(folder) => check(
            PathBuf::from(folder).join("minilm"),
            "base",
            &expected::EXPERIMENT,
            "minilm-expected",
            36,
        ),
        None => println!("skipped: LORASCOPE_FIXTURES is not set"),
    }
}
