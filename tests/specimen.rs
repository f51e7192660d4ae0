//! The heat map on the empty page is a real result: one matrix of the sample. `UPDATE_GOLDENS=1` writes it anew.

use crate::common::{Visit, reference, sample};
use lorascope::report::{Report, Settings};
use lorascope::summary;

const MODEL: &str = "lora-r8-alpha8";
const MATRIX: &str = "encoder.layer.0.attention.output.dense.weight";

#[test]
fn the_specimen_is_what_the_engine_computes() {
    let mut report = Visit::open_folders(&sample(), &["all-MiniLM-L6-v2", MODEL]).run();
    report.generator.build = "specimen".into();
    report.models[0].matrices.retain(|m| m.name == MATRIX);
    summary::apply(&mut report, &Settings::default());
    let path = sample().join("specimen.json");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, serde_json::to_string(&report).unwrap() + "\n").unwrap();
    }
    let stored: Report = serde_json::from_value(reference::read(&path)).unwrap();
    let (ours, theirs) = (&report.models[0].matrices[0], &stored.models[0].matrices[0]);
    assert_eq!(theirs.intruders, Some(1));
    assert_eq!(
        (stored.models.len(), &theirs.name, theirs.intruders),
        (1, &ours.name, ours.intruders)
    );
    let values = |m: &lorascope::report::Matrix| m.similarity.as_ref().unwrap().values.clone();
    for (a, b) in values(ours).iter().zip(values(theirs)) {
        assert!(
            (a - b).abs() < 1e-4,
            "{a} and {b}: run with UPDATE_GOLDENS=1 and look at the page"
        );
    }
}
