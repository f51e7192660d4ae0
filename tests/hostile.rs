//! Every malformed or odd file: the stated answer, with a stable code that names the file.

use crate::common::{Visit, fixtures, reference};
use lorascope::plan::Severity;

/// The manifest's words for the wanted answer -> our stable code. `Ok` answers give no error about the file.
fn code(expected: &str) -> Option<&'static str> {
    let exact = [
        ("Overlap", "overlap"),
        ("TrailingBytes", "trailing-bytes"),
        ("Truncated", "truncated"),
        ("HeaderTooLarge", "header-too-large"),
        ("EmptyFile", "empty-file"),
        ("HeaderNotUtf8", "header-not-utf8"),
        ("HeaderNotJson", "header-not-json"),
        ("SizeMismatch", "size-mismatch"),
        ("ShapeOverflow", "shape-overflow"),
        ("DuplicateKey", "duplicate-key"),
        ("HeaderField", "header-field"),
        ("BadOffsets", "bad-offsets"),
        ("Hole", "hole"),
        ("Warn: metadata", "metadata-not-strings"),
        ("Ok with 1 tensor of unknown dtype", "unknown-dtype"),
        // An empty state dict, and one that ends after its magic number: both are read now.
        ("FileType pytorch zip", "no-tensors"),
        ("FileType pytorch legacy", "torch-invalid"),
        ("FileType", "file-type"),
        ("Adapter: no LoRA", "adapter-no-lora"),
        ("Adapter: lora_A without", "adapter-half"),
        ("Adapter: rank", "adapter-rank"),
        ("Adapter: empty LoRA", "adapter-empty-tensors"),
        ("Index: both shards", "missing-shard"),
        ("Index: a shard must", "index-path"),
        ("Index:", "index-invalid"),
        ("Adapter config:", "adapter-config-invalid"),
        ("Ok; r and lora_alpha take the defaults", "config-defaults"),
        ("Ok as a config; IA3", "config-without-weights"),
        ("Refused by name", "method-without-weights"),
        ("Warning: the rank_pattern", "pattern-not-regex"),
        ("Ok(no tensors)", "no-tensors"),
    ];
    exact
        .iter()
        .find(|(start, _)| expected.starts_with(start))
        .map(|(_, code)| *code)
}

#[test]
fn every_file_gets_the_stated_answer() {
    let root = fixtures().join("hostile");
    let manifest = reference::read(&root.join("manifest.json"));
    let cases = manifest["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 80);
    for case in cases {
        let (file, expected) = (case["file"].as_str().unwrap(), case["expected"].as_str().unwrap());
        let plan = Visit::open(&root, &[file]).plan(&[]);
        let about_it: Vec<_> = plan
            .problems
            .iter()
            .filter(|p| p.file.as_deref() == Some(file))
            .collect();
        let codes: Vec<_> = about_it.iter().map(|p| p.code.as_str()).collect();
        match code(expected) {
            Some(code) => assert!(codes.contains(&code), "{file}: {codes:?}, wanted {code} ({expected})"),
            None => {
                assert!(
                    expected.starts_with("Ok"),
                    "{file}: the test does not know the answer “{expected}”"
                );
                assert!(
                    about_it.iter().all(|p| p.severity == Severity::Warning),
                    "{file}: {codes:?}, wanted {expected}"
                );
            }
        }
        assert!(!plan.problems.is_empty(), "{file}: dropped alone, nothing was said");
        for p in &plan.problems {
            assert!(!p.title.is_empty() && !p.cause.is_empty(), "{file}: {p:?}");
        }
    }
}

#[test]
fn good_files_beside_every_bad_one_are_analysed() {
    let root = fixtures();
    let bad = reference::read(&root.join("hostile/manifest.json"));
    let mut files: Vec<String> = bad["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| format!("hostile/{}", c["file"].as_str().unwrap()))
        .collect();
    files.extend(["planted/base/model.safetensors", "planted/lambda_1.5/model.safetensors"].map(String::from));
    let report = Visit::open(&root, &files.iter().map(String::as_str).collect::<Vec<_>>()).run();
    assert_eq!(report.base.label, "base");
    let model = report
        .models
        .iter()
        .find(|m| m.label == "lambda_1.5")
        .expect("the good fine-tune is in the report");
    assert_eq!(
        model.matrices.iter().filter_map(|m| m.intruders).collect::<Vec<_>>(),
        [1, 1]
    );
}

#[test]
fn nan_and_infinity_are_data_in_the_report() {
    let folder = std::env::temp_dir().join(format!("lorascope-nan-{}", std::process::id()));
    let write = |name: &str, values: [f32; 8]| {
        let header = r#"{"layers.0.q_proj.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"layers.0.k_proj.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("model.safetensors"), bytes).unwrap();
    };
    write("base", [1.0, 0.0, 0.0, 2.0, 1.0, 0.0, 0.0, 2.0]);
    write("tuned", [1.0, f32::NAN, 0.0, 2.0, 1.0, 0.5, 0.0, 2.0]);
    let report = Visit::open_folders(&folder, &["base", "tuned"]).run();
    std::fs::remove_dir_all(&folder).unwrap();
    let matrices = &report.models[0].matrices;
    assert_eq!(matrices.len(), 2);
    assert_eq!(
        matrices[0].reason.as_deref(),
        Some("1 of 4 values of “layers.0.q_proj.weight” are not a number (NaN).")
    );
    assert_eq!(matrices[1].status, lorascope::report::Status::Analyzed);
    assert_eq!(
        (report.models[0].totals.failed, report.models[0].totals.matrices),
        (1, 2)
    );
}
