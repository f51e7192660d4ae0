//! The heat map on the empty page is a real result: one matrix of the sample. `UPDATE_GOLDENS=1` writes it anew.

use crate::common::{Visit, reference, sample};
use lorascope::report::{Report, Settings};
use lorascope::summary;

const MODEL: &str = "lora-r1";
const MATRIX: &str = "encoder.layer.5.attention.output.dense.weight";
/// The best match of a column that looks blank: half of what `epsilon` would still call an intruder.
const BLANK: f32 = 0.25;

#[test]
fn the_specimen_is_what_the_engine_computes() {
    let mut report = Visit::open_folders(&sample(), &["all-MiniLM-L6-v2", MODEL]).run();
    report.generator.build = "specimen".into();
    let model = &mut report.models[0];
    model.matrices.retain(|m| m.name == MATRIX);
    // One map is drawn of it, of the left side.
    model.sources.clear();
    for matrix in &mut model.matrices {
        matrix.right = None;
        if let Some(left) = &mut matrix.left {
            left.signed_cos = None;
        }
    }
    summary::apply(&mut report, &Settings::default());
    let path = sample().join("specimen.json");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, serde_json::to_string(&report).unwrap() + "\n").unwrap();
    }
    let stored: Report = serde_json::from_value(reference::read(&path)).unwrap();
    let (ours, theirs) = (&report.models[0].matrices[0], &stored.models[0].matrices[0]);
    assert_eq!(theirs.intruders, Some(1));
    // The page says of it that its column is blank.
    let best = &theirs.left.as_ref().unwrap().max_cos;
    assert!(
        best[0] < BLANK && best[1..24].iter().all(|cos| *cos > 1.0 - BLANK),
        "{best:?}"
    );
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
