//! The experiment that comes with the page, and the large one that does not: tokens, losses and intruders of real language models, against the
//! libraries (`tools/experiment/expected.py`, `tools/experiment/smollm2.py`).

use crate::common::{Visit, fixtures, reference};
use crate::loss::{losses, subject};
use lorascope::loss::{Row, Subject, Windows, causal};
use lorascope::metrics::intruder::intruders;
use lorascope::report::Settings;
use lorascope::text::Tokenizer;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a program in single precision owes to its own order of additions (`tests/loss.rs`).
const PER_TOKEN: f64 = 1e-4;
const MEAN: f64 = 2e-6;
/// All that a reader loads with one press, in bytes.
const SIZE: u64 = 12_000_000;

const BASE: &str = "llama-2m";
const TUNED: [&str; 4] = ["full", "lora-r1", "lora-r8", "lora-r64"];

fn experiment() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www/public/experiment")
}

fn expected() -> Value {
    reference::read(&fixtures().join("experiment-expected/losses.json"))
}

/// The base and every fine-tune of it: their names, and their rows of a table.
fn every(subject: &Subject) -> (Vec<String>, Vec<Row>) {
    let tuned = subject
        .models()
        .iter()
        .zip(0..)
        .map(|(model, at)| (model.label.clone(), Some(at)));
    let row = |model| Row {
        model,
        ..Row::default()
    };
    std::iter::once(("base".to_owned(), None))
        .chain(tuned)
        .map(|(name, model)| (name, row(model)))
        .unzip()
}

/// Losses of one model on one text, beside the library's; returns the worst token and the mean's difference.
#[track_caller]
fn check(what: &str, found: &[f64], wanted: &[f64]) -> (f64, f64) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let off = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
    let worst = off.fold(0.0, f64::max);
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let apart = (mean(found) - mean(wanted)).abs();
    println!(
        "{what}: mean {:.6}, off {apart:.1e}, worst token {worst:.1e}",
        mean(found)
    );
    (worst, apart)
}

#[test]
fn the_experiment_has_the_losses_that_the_libraries_compute() {
    let expected = expected();
    let mut visit = Visit::open_folders(&experiment(), &[&[BASE][..], &TUNED].concat());
    let subject = subject(&mut visit);
    let (names, rows) = every(&subject);
    let windows = Windows {
        length: expected["window"].as_u64().unwrap() as usize,
        overlap: 0,
    };
    let tokenizer = Tokenizer::read(&std::fs::read(experiment().join(BASE).join("tokenizer.json")).unwrap()).unwrap();
    for text in ["general", "task"] {
        let read = std::fs::read_to_string(experiment().join(format!("{text}.txt"))).unwrap();
        let tokens = tokenizer.encode(&read).unwrap();
        let ids: Vec<f64> = tokens.ids.iter().map(|id| f64::from(*id)).collect();
        assert_eq!(ids, reference::numbers(&expected["ids"][text]));
        let found = losses(&visit, &subject, &rows, &causal(&tokens.ids, &tokens.added, windows));
        for (name, found) in names.iter().zip(&found) {
            let wanted = reference::numbers(&expected["models"][name]["losses"][text]["perToken"]);
            let (worst, apart) = check(&format!("{name} {text}"), found, &wanted);
            assert!(worst < PER_TOKEN && apart < MEAN, "{name} {text}");
        }
    }
}

#[test]
fn the_experiment_has_the_intruders_of_the_reference() {
    let expected = expected();
    let report = Visit::open_folders(&experiment(), &[&[BASE][..], &TUNED].concat()).run();
    assert_eq!(report.models.len(), TUNED.len());
    for model in &report.models {
        let counts = model
            .matrices
            .iter()
            .map(|m| intruders(m, &Settings::default()).unwrap());
        let wanted = expected["models"][&model.label]["intruders"].as_u64().unwrap();
        assert_eq!(u64::from(counts.sum::<u32>()), wanted, "{}", model.label);
    }
}

/// The manifest names every file with its size, and all of it is small enough for a press.
#[test]
fn the_experiment_is_as_large_as_its_manifest_says() {
    let manifest = reference::read(&experiment().join("manifest.json"));
    let listed = manifest["files"].as_array().unwrap();
    for file in listed {
        let path = experiment().join(file["path"].as_str().unwrap());
        assert_eq!(
            path.metadata().unwrap().len(),
            file["size"].as_u64().unwrap(),
            "{path:?}"
        );
    }
    let files = |folder: &&str| std::fs::read_dir(experiment().join(folder)).unwrap().count();
    assert_eq!([BASE].iter().chain(&TUNED).map(files).sum::<usize>(), listed.len());
    let mut all = 0;
    let mut folders = vec![experiment()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.metadata().unwrap() {
                data if data.is_dir() => folders.push(entry.path()),
                data => all += data.len(),
            }
        }
    }
    assert!(all <= SIZE, "{all} bytes");
}

/// SmolLM2-135M and LoRA of three ranks are too large for the repository: `tools/experiment/smollm2.py` makes them, and LORASCOPE_LM is their
/// folder, or 1 for `target/smollm2`.
#[test]
fn a_model_of_135_million_weights_has_the_librarys_losses_where_it_is_at_hand() {
    let Some(folder) = std::env::var_os("LORASCOPE_LM") else {
        return println!("skipped: LORASCOPE_LM is not set");
    };
    let folder = match folder.to_str() {
        Some("1") => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/smollm2"),
        _ => PathBuf::from(folder),
    };
    let whole = Windows {
        length: usize::MAX,
        overlap: 0,
    };
    let mut visit = Visit::open_folders(&folder, &["base", "lora-r1", "lora-r8", "lora-r64"]);
    let subject = subject(&mut visit);
    let (names, rows) = every(&subject);
    let paragraph = reference::read(&fixtures().join("behave/expected_smollm2.json"));
    let tokenizer = Tokenizer::read(&std::fs::read(folder.join("base/tokenizer.json")).unwrap()).unwrap();
    let tokens = tokenizer.encode(paragraph["text"].as_str().unwrap()).unwrap();
    let ids: Vec<f64> = tokens.ids.iter().map(|id| f64::from(*id)).collect();
    assert_eq!(ids, reference::numbers(&paragraph["ids"]));
    let found = losses(&visit, &subject, &rows, &causal(&tokens.ids, &tokens.added, whole));
    // The base's are known here; those of the adapters were computed where they were trained.
    let tuned = reference::read(&folder.join("expected.json"));
    for (name, found) in names.iter().zip(&found) {
        let wanted = match name.as_str() {
            "base" => reference::numbers(&paragraph["per_token_float32"]),
            name => reference::numbers(&tuned[name]),
        };
        let (worst, _) = check(name, found, &wanted);
        assert!(worst < PER_TOKEN, "{name}: {worst:e}");
    }
}
