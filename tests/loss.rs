//! Losses of real tiny language models against the libraries, in double precision: `tests/fixtures/behave`, made by transformers and PEFT.

use crate::common::{Visit, fixtures};
use lorascope::loss::{
    Cuts, Cutting, Encoded, Part, Pass, Question, Row, Sequence, Subject, Tensors, Trial, Windows, causal, masked,
};
use lorascope::plan::Answers;
use lorascope::report::Side;
use lorascope::report::surgery::{Arm, Cut};
use lorascope::session::ranges;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const CASES: [&str; 6] = ["bert", "gpt2", "llama", "mistral", "qwen2", "roberta"];
/// What a program in single precision owes to its own order of additions (README of the fixtures).
const PER_TOKEN: f64 = 1e-4;
const MEAN: f64 = 2e-6;
const WHOLE: Windows = Windows {
    length: usize::MAX,
    overlap: 0,
};

pub fn behave(case: &str) -> PathBuf {
    fixtures().join("behave").join(case)
}

pub fn expected(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn ids(value: &Value) -> Vec<u32> {
    numbers(value).into_iter().map(|x| x as u32).collect()
}

/// The sequences of one text of the oracle.
pub fn sequences(expected: &Value, text: &str, windows: Windows) -> Vec<Sequence> {
    let tokens = &expected["tokens"];
    let text = &tokens["texts"][text];
    let added: Vec<usize> = numbers(&text["added_positions"])
        .into_iter()
        .map(|x| x as usize)
        .collect();
    match tokens["mask_id"].as_u64() {
        Some(mask) => masked(&ids(&text["ids"]), &added, mask as u32, windows),
        None => causal(&ids(&text["ids"]), &added, windows),
    }
}

/// Everything dropped, as a subject.
pub fn subject(visit: &mut Visit) -> Arc<Subject> {
    visit.session.plan(&Answers::default());
    Arc::new(Subject::of(visit.session.whole(&Answers::default())).unwrap())
}

/// The losses of rows on sequences.
pub fn losses(visit: &Visit, subject: &Arc<Subject>, rows: &[Row], sequences: &[Sequence]) -> Vec<Vec<f64>> {
    let mut pass = Pass::new(subject.clone(), rows.to_vec(), sequences.to_vec(), 200);
    while let Some(needs) = pass.needs() {
        let jobs: Vec<_> = needs
            .iter()
            .map(|need| subject.job(need).unwrap_or_else(|| panic!("{need:?}")))
            .collect();
        let bytes: Vec<Vec<Vec<u8>>> = jobs
            .iter()
            .map(|job| ranges(job).iter().map(|r| visit.read(r)).collect())
            .collect();
        let given = needs.iter().zip(&jobs).zip(&bytes);
        let tensors: HashMap<String, _> = given
            .map(|((need, job), bytes)| {
                (
                    need.name.clone(),
                    subject.given(job, bytes, rows, &Cuts::new()).unwrap(),
                )
            })
            .collect();
        pass.take(&Tensors(tensors)).unwrap();
    }
    pass.losses()
}

fn check(case: &str) {
    let folder = behave(case);
    let expected = expected(&folder);
    let mut visit = Visit::open_folders(&folder, &["base", "full", "lora_r1", "lora_r4"]);
    let subject = subject(&mut visit);
    let mut rows = vec![Row::default()];
    let mut names = vec!["base".to_owned()];
    for (at, model) in (0u32..).zip(subject.models()) {
        assert_eq!(subject.refused(at), None, "{case} {}", model.label);
        rows.push(Row {
            model: Some(at),
            ..Row::default()
        });
        names.push(model.label.clone());
    }
    assert_eq!(rows.len(), 4, "{names:?}");
    for text in ["general", "task"] {
        let found = losses(&visit, &subject, &rows, &sequences(&expected, text, WHOLE));
        for (name, found) in names.iter().zip(&found) {
            let oracle = &expected["losses"][name][text]["float64"];
            let wanted = numbers(&oracle["per_token"]);
            assert_eq!(found.len(), wanted.len());
            let worst = found
                .iter()
                .zip(&wanted)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max);
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            let off = (mean - oracle["mean"].as_f64().unwrap()).abs();
            println!("{case} {name} {text}: mean {mean:.6}, off {off:.1e}, worst token {worst:.1e}");
            assert!(
                worst < PER_TOKEN && off < MEAN,
                "{case} {name} {text}: mean {mean}, off {off:e}, token {worst:e}"
            );
        }
    }
}

#[test]
fn every_loss_is_the_librarys() {
    CASES.iter().for_each(|case| check(case));
}

#[test]
fn windows_begin_with_the_added_tokens_as_the_oracles_do() {
    for case in ["gpt2", "llama", "mistral", "qwen2"] {
        let folder = behave(case);
        let expected = expected(&folder);
        let oracle = &expected["other"]["base_general_windows_float64"];
        let windows = Windows {
            length: oracle["window"].as_u64().unwrap() as usize,
            overlap: 0,
        };
        let mut visit = Visit::open_folders(&folder, &["base"]);
        let subject = subject(&mut visit);
        let found = losses(
            &visit,
            &subject,
            &[Row::default()],
            &sequences(&expected, "general", windows),
        );
        assert_eq!(found[0].len() as u64, oracle["count"].as_u64().unwrap());
        let mean = found[0].iter().sum::<f64>() / found[0].len() as f64;
        assert!((mean - oracle["mean"].as_f64().unwrap()).abs() < MEAN, "{case} {mean}");
    }
}

/// Random networks of every family, in the spellings of new and of older files, against the library's own forward pass.
#[test]
fn every_family_is_the_librarys() {
    let root = fixtures().join("networks");
    let mut cases: Vec<String> = std::fs::read_dir(&root)
        .unwrap()
        .map(|f| f.unwrap())
        .filter(|f| f.file_type().unwrap().is_dir())
        .map(|f| f.file_name().into_string().unwrap())
        .collect();
    cases.sort();
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for case in &cases {
        let expected = expected(&root.join(case));
        let mut visit = Visit::open_folders(&root, &[case]);
        visit.session.plan(&Answers::default());
        let subject = match Subject::of(visit.session.whole(&Answers::default())) {
            Ok(subject) => Arc::new(subject),
            Err(why) => {
                wrong.push(format!("{case}: {why}"));
                continue;
            }
        };
        seen.insert(subject.network.family.model_type);
        let (own, added) = (ids(&expected["ids"]), numbers(&expected["added"]));
        let added: Vec<usize> = added.into_iter().map(|x| x as usize).collect();
        let sequences = match expected["mask_id"].as_u64() {
            Some(mask) => masked(&own, &added, mask as u32, WHOLE),
            None => causal(&own, &added, WHOLE),
        };
        let found = losses(&visit, &subject, &[Row::default()], &sequences);
        let wanted = numbers(&expected["per_token"]);
        assert_eq!(found[0].len(), wanted.len(), "{case}");
        let worst = found[0]
            .iter()
            .zip(&wanted)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        println!("{case}: {worst:.1e}");
        if worst >= PER_TOKEN {
            wrong.push(format!("{case}: off by {worst:e}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let all: std::collections::BTreeSet<&str> = lorascope::loss::network::families::FAMILIES
        .iter()
        .map(|f| f.model_type)
        .collect();
    assert_eq!(seen, all);
}

/// Every arm of every model at every lambda, in one pass.
#[test]
fn every_arm_is_the_oracles() {
    for case in CASES {
        let folder = behave(case);
        let expected = expected(&folder);
        let mut visit = Visit::open_folders(&folder, &["base", "full", "lora_r1", "lora_r4"]);
        let subject = subject(&mut visit);
        let cut = Cut {
            k: 10,
            epsilon: 0.5,
            side: Side::Left,
            lambdas: Vec::new(),
            chosen: None,
            seed: 0,
        };
        let mut cuts = Cuts::new();
        let (mut rows, mut words) = (Vec::new(), Vec::new());
        for (at, model) in (0u32..).zip(subject.models()) {
            let of_rule = Cutting {
                cut: cut.clone(),
                chosen: HashMap::new(),
            };
            cuts.insert(at, of_rule);
            let arms = [
                (Arm::Scaled, "edited"),
                (Arm::Shrunk, "shrunk"),
                (Arm::Restored, "restored"),
            ];
            for (arm, name) in arms {
                let lambdas = numbers(&expected["edits"][&model.label]["lambda"]);
                for (i, lambda) in lambdas.into_iter().enumerate() {
                    rows.push(Row {
                        model: Some(at),
                        edit: Some((arm, lambda)),
                        without: None,
                    });
                    words.push((model.label.clone(), name, i));
                }
            }
        }
        // A masked text of n tokens is n passes of it: the short one is enough.
        let texts: &[&str] = if case == "roberta" {
            &["task"]
        } else {
            &["general", "task"]
        };
        let tokens = &expected["tokens"];
        let encoded = |text: &&str| Encoded {
            name: text.to_string(),
            ids: ids(&tokens["texts"][*text]["ids"]),
            added: ids(&tokens["texts"][*text]["added_positions"]),
            pieces: Vec::new(),
        };
        let question = Question {
            texts: texts.iter().map(encoded).collect(),
            windows: WHOLE,
            mask: tokens["mask_id"].as_u64().map(|id| id as u32),
            rows,
            cut,
            cuts,
        };
        // So little memory that rows and sequences are shared out over passes.
        let mut trial = Trial::new(subject, question, 48 << 20).unwrap();
        while let Some(jobs) = trial.jobs() {
            let read = |job| ranges(job).iter().map(|r| visit.read(r)).collect();
            let bytes: Vec<Vec<Vec<u8>>> = jobs.iter().map(|(_, job)| read(job)).collect();
            trial.take(&jobs, &bytes).unwrap();
        }
        let found = trial.result();
        for ((model, arm, i), row) in words.iter().zip(&found.rows) {
            for (text, on) in texts.iter().zip(&row.on) {
                let wanted = expected["edits"][model][arm][format!("{text}_float64")][*i]
                    .as_f64()
                    .unwrap();
                let off = (on.mean - wanted).abs();
                assert!(
                    off < MEAN,
                    "{case} {model} {arm} {text} lambda {i}: {} not {wanted}, off {off:e}",
                    on.mean
                );
            }
        }
    }
}

/// A part undone is the base there: all parts undone, one after the other, are the base itself.
#[test]
fn an_undone_layer_has_the_bases_weights() {
    let folder = behave("llama");
    let expected = expected(&folder);
    let mut visit = Visit::open_folders(&folder, &["base", "lora_r1"]);
    let subject = subject(&mut visit);
    let row = |without| Row {
        model: Some(0),
        edit: None,
        without,
    };
    let mut rows: Vec<Row> = (0..3).map(|layer| row(Part::of(Some(layer), None))).collect();
    rows.extend(["q", "k", "v", "o", "up", "gate", "down"].map(|kind| row(Part::of(None, Some(kind.into())))));
    rows.push(row(Part::of(Some(99), Some("q".into()))));
    rows.push(row(None));
    rows.push(Row::default());
    let found = losses(&visit, &subject, &rows, &sequences(&expected, "general", WHOLE));
    let (base, tuned, nowhere) = (&found[rows.len() - 1], &found[rows.len() - 2], &found[rows.len() - 3]);
    assert_eq!(tuned, nowhere);
    for (row, part) in rows.iter().zip(&found).take(10) {
        assert!(part != base && part != tuned, "{row:?}");
    }
}

/// One matrix undone is a model whose file holds the base's numbers there.
#[test]
fn an_undone_matrix_is_a_file_with_the_bases_numbers() {
    let folder = behave("llama");
    let expected = expected(&folder);
    let name = "model.layers.1.self_attn.q_proj.weight";
    let bytes = |model: &str| std::fs::read(folder.join(model).join("model.safetensors")).unwrap();
    let place = |file: &[u8]| {
        let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
        let at = numbers(&header[name]["data_offsets"]);
        8 + length + at[0] as usize..8 + length + at[1] as usize
    };
    let (base, mut undone) = (bytes("base"), bytes("full"));
    let own = place(&undone);
    assert!(undone[own.clone()] != base[place(&base)]);
    undone[own].copy_from_slice(&base[place(&base)]);
    let file = std::env::temp_dir().join(format!("lorascope-undone-{}.safetensors", std::process::id()));
    std::fs::write(&file, undone).unwrap();
    let mut visit = Visit::open_folders(&folder, &["base", "full"]);
    visit.add_as(&file, "undone/model.safetensors");
    visit.add_as(&folder.join("full/config.json"), "undone/config.json");
    let subject = subject(&mut visit);
    let at = |label: &str| subject.models().iter().position(|m| m.label == label).map(|n| n as u32);
    assert!(at("full").is_some() && at("undone").is_some());
    let row = |label: &str, without| Row {
        model: at(label),
        edit: None,
        without,
    };
    let rows = [
        row("undone", None),
        row("full", Part::of(Some(1), Some("q".into()))),
        row("full", None),
    ];
    let found = losses(&visit, &subject, &rows, &sequences(&expected, "task", WHOLE));
    let off = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off(&found[0], &found[1]) < 1e-6);
    assert!(off(&found[0], &found[2]) > 1e-4);
    std::fs::remove_file(&file).unwrap();
}

/// PEFT gives the fused gate and up of all experts a rank and an alpha of their own, by the name of the parameter.
#[test]
fn experts_adapted_together_have_the_alpha_of_their_parameter() {
    let mut visit = Visit::open_folders(&fixtures(), &["networks/qwen3_moe", "networks_tuned/qwen3_moe/lora"]);
    let expected = expected(&fixtures().join("networks_tuned/qwen3_moe"));
    let subject = subject(&mut visit);
    assert_eq!(subject.refused(0), None);
    let rows = [
        Row::default(),
        Row {
            model: Some(0),
            ..Row::default()
        },
    ];
    let found = losses(&visit, &subject, &rows, &causal(&ids(&expected["ids"]), &[], WHOLE));
    for (losses, name) in found.iter().zip(["base", "lora"]) {
        let mean = losses.iter().sum::<f64>() / losses.len() as f64;
        let wanted = expected[name].as_f64().unwrap();
        assert!((mean - wanted).abs() < 1e-5, "{name}: {mean} not {wanted}");
    }
}

/// A head that is the table of words: an adapter of it means one thing merged and another beside the model, so no number is given.
#[test]
fn an_adapter_of_a_tied_head_is_refused_by_name() {
    let mut visit = Visit::open_folders(
        &fixtures(),
        &["networks/llama-llama3", "networks_tuned/llama-llama3/head"],
    );
    let subject = subject(&mut visit);
    let why = subject.refused(0).expect("no number");
    assert!(why.contains("one tensor") && why.contains("Merge it"), "{why}");
}

/// A wrapper before every name changes nothing: the arms know their matrices as the plan does.
#[test]
fn the_analysed_matrices_have_the_names_of_the_plan() {
    let header = br#"{"module.layers.0.q_proj.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let values = [2f32, 0.0, 0.0, 1.0].into_iter().flat_map(f32::to_le_bytes);
    let file: Vec<u8> = (header.len() as u64)
        .to_le_bytes()
        .into_iter()
        .chain(*header)
        .chain(values)
        .collect();
    let mut session = lorascope::session::Session::default();
    for path in ["base/model.safetensors", "full/model.safetensors"] {
        let id = session.add_file(path, file.len() as u64);
        while let Some(range) = session.wants(id) {
            session.supply(id, &file[range.start as usize..range.end as usize]);
        }
    }
    session.plan(&Answers::default());
    let names: std::collections::HashSet<String> = session.jobs().iter().map(|job| job.base.name.clone()).collect();
    assert!(names.contains("module.layers.0.q_proj.weight"));
    assert_eq!(session.whole(&Answers::default()).analyzed, names);
}
