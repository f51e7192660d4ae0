//! A real experiment against the float64 reference: counts at every epsilon and k, scores, spectra, effective rank.

use crate::common::{Visit, fixtures, reference, sample};
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
