//! Messages and their ways out: every problem that any fixture brings about says what to do, and every code of the source is told apart.

use crate::common::{Visit, fixtures};
use crate::field_kinds::{Dropped, Tensors, config, tensors};
use lorascope::error::one_of_each;
use lorascope::plan::Problem;
use regex::Regex;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn files_below(root: &Path, folder: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            files_below(root, &path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}

#[track_caller]
fn is_whole(problem: &Problem) {
    let sentence = |text: &str| text.ends_with(['.', '”', ')', '?']);
    assert!(!problem.title.is_empty() && sentence(&problem.cause), "{problem:#?}");
    let fix = problem.fix.as_deref().unwrap_or_default();
    // Words that lead to a command end in a colon.
    let leads = fix.ends_with(':') && problem.command.is_some();
    assert!(
        fix.split_whitespace().count() >= 3 && (sentence(fix) || leads),
        "{problem:#?}"
    );
    assert!(!(fix.ends_with(':') && problem.command.is_none()), "{problem:#?}");
}

/// By code: one problem of each that a fixture, or a drop made here, brings about.
fn seen() -> BTreeMap<String, Problem> {
    let mut seen: BTreeMap<String, Problem> = BTreeMap::new();
    let mut take = |problems: Vec<Problem>| {
        for problem in problems {
            is_whole(&problem);
            seen.entry(problem.code.clone()).or_insert(problem);
        }
    };
    let hostile = fixtures().join("hostile");
    let mut files = Vec::new();
    files_below(&hostile, "", &mut files);
    files
        .iter()
        .for_each(|f| take(Visit::open(&hostile, &[f]).plan(&[]).problems));
    for collection in ["field", "zoo"] {
        let mut cases: Vec<_> = std::fs::read_dir(fixtures().join(collection))
            .unwrap()
            .map(|case| case.unwrap().path())
            .filter(|root| root.join("case.json").exists())
            .collect();
        cases.sort();
        for root in cases {
            let mut files = Vec::new();
            files_below(&root, "", &mut files);
            files.retain(|f| f != "case.json" && !f.starts_with("oracle") && !f.starts_with("base_truth"));
            take(
                Visit::open(&root, &files.iter().map(String::as_str).collect::<Vec<_>>())
                    .plan(&[])
                    .problems,
            );
        }
    }
    for drop in drops() {
        take(drop.plan().problems);
    }
    take(mixed_shards());
    seen
}

/// Two models in shards, without their folders and in no order.
fn mixed_shards() -> Vec<Problem> {
    let one = tensors(&[("model.layers.0.self_attn.q_proj.weight", &[12, 12])]);
    let shard = |n: u32| format!("model-0000{n}-of-00002.safetensors");
    let drop = Dropped::new("said-mixed")
        .weights(&shard(1), &one)
        .weights(&shard(2), &one);
    let mut visit = Visit::open(drop.root(), &[]);
    for n in [1, 2, 2, 1] {
        visit.add(drop.root(), &shard(n));
    }
    visit.plan(&[]).problems
}

/// Drops for the messages that no fixture brings about.
fn drops() -> Vec<Dropped> {
    let q = |layer: u32| format!("model.layers.{layer}.self_attn.q_proj");
    let weight = |layer: u32| format!("{}.weight", q(layer));
    let base = tensors(&[(&weight(0), &[12, 12]), (&weight(1), &[12, 12])]);
    let adapter = |layers: &[u32], out: usize| {
        let one = |layer: &u32| {
            let module = format!("base_model.model.{}", q(*layer));
            tensors(&[
                (&format!("{module}.lora_A.weight"), &[2, 12]),
                (&format!("{module}.lora_B.weight"), &[out, 2]),
            ])
        };
        layers.iter().flat_map(one).collect()
    };
    let with = |name: &str, layers: &[u32], out: usize| {
        Dropped::new(&format!("said-{name}"))
            .weights("base/model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &adapter(layers, out))
            .put(
                "ad/adapter_config.json",
                &config(2, 4, r#","base_model_name_or_path":"org/Base-7B""#),
            )
    };
    let other = |name: &str, list: &[(&str, &[usize])]| {
        Dropped::new(&format!("said-{name}"))
            .weights("base/model.safetensors", &base)
            .weights("other/model.safetensors", &tensors(list))
    };
    let rank = adapter(&[0, 1], 12);
    let own = tensors(&[(&weight(0), &[12, 12])]);
    let shards = |from: &str, n: u32| format!("{from}model-0000{n}-of-00002.safetensors");
    let turned = tensors(&[
        (&format!("base_model.model.{}.lora_A.weight", q(0)), &[2, 20]),
        (&format!("base_model.model.{}.lora_B.weight", q(0)), &[12, 2]),
    ]);
    let many: Tensors = (0..65)
        .flat_map(|i| {
            let part = |p: &str| format!("base_model.model.{}.lora_{p}.a{i}.weight", q(0));
            tensors(&[(&part("A"), &[2, 12]), (&part("B"), &[12, 2])])
        })
        .collect();
    let numbers = [0; 576];
    let views = [
        (weight(0), TensorView::new(Dtype::F32, vec![12, 12], &numbers).unwrap()),
        (
            "model.layers.0.mlp.experts.gate_up_proj_blocks".to_owned(),
            TensorView::new(Dtype::U8, vec![2, 4, 1, 16], &numbers[..128]).unwrap(),
        ),
    ];
    let partly_packed = safetensors::serialize(views, None).unwrap();
    vec![
        Dropped::new("said-alone").weights("ad/adapter_model.safetensors", &rank),
        Dropped::new("said-rank")
            .weights("base/model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &rank)
            .put("ad/adapter_config.json", &config(8, 4, "")),
        Dropped::new("said-turned")
            .weights("base/model.safetensors", &tensors(&[(&weight(0), &[20, 12])]))
            .weights("ad/adapter_model.safetensors", &turned)
            .put("ad/adapter_config.json", &config(2, 4, "")),
        Dropped::new("said-twice")
            .weights(&shards("base/", 1), &own)
            .weights(&shards("base/", 2), &own),
        Dropped::new("said-many")
            .weights("base/model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &many)
            .put("ad/adapter_config.json", &config(2, 4, "")),
        Dropped::new("said-packed").put("base/model.safetensors", &partly_packed),
        with("shape", &[0, 1], 16),
        with("some", &[0, 1, 7], 12),
        with("few", &[0, 7, 8, 9], 12),
        with("none", &[7, 8, 9], 12),
        other("nothing", &[("dense.weight", &[4, 4])]),
        other("off", &[("model.embed_tokens.weight", &[9, 12])]),
    ]
}

/// Codes in the source of the plan.
fn codes_of_the_plan() -> BTreeSet<String> {
    let said = Regex::new(
        r#"(?:warning|of_plan|said)\(\s*"([a-z-]+)"|code: "([a-z-]+)"|code = if \w+ \{ "([a-z-]+)" \} else \{ "([a-z-]+)" \}"#,
    )
    .unwrap();
    let mut codes = BTreeSet::new();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(path).unwrap();
            for found in said.captures_iter(&text) {
                codes.extend(found.iter().skip(1).flatten().map(|m| m.as_str().to_owned()));
            }
        }
    }
    codes
}

#[test]
fn every_problem_says_what_to_do() {
    let seen = seen();
    if std::env::var_os("LORASCOPE_SHOW").is_some() {
        for (code, p) in &seen {
            eprintln!(
                "{}",
                line(code, &p.title, &p.cause, p.fix.as_deref(), p.command.as_deref())
            );
        }
    }
    let unseen: Vec<String> = codes_of_the_plan()
        .into_iter()
        .filter(|c| !seen.contains_key(c))
        .collect();
    assert!(unseen.is_empty(), "no drop brings about {unseen:?}");
}

fn line(code: &str, title: &str, cause: &str, fix: Option<&str>, command: Option<&str>) -> String {
    let command = command
        .map(|c| format!(" `{}`", c.replace('|', "\\|")))
        .unwrap_or_default();
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    format!(
        "| `{code}` | **{}.** {} | {}{command} |\n",
        cell(title),
        cell(cause),
        cell(fix.unwrap_or_default())
    )
}

/// `LORASCOPE_WRITE=1 cargo test --test all messages::` writes docs/messages.md.
#[test]
fn the_documentation_lists_all_messages() {
    let head = "| code | what is said | the way out |\n| --- | --- | --- |\n";
    let mut text = format!(
        "# Messages, and the way out of each\n\nOne example of each message about files and plans, as the code says it. Generated; a test keeps it true \
         (`LORASCOPE_WRITE=1 cargo test --test all messages::`).\n\n## A file that cannot be used, or a part of it\n\n{head}"
    );
    let errors = one_of_each();
    for e in &errors {
        let told = e.told();
        text += &line(told.code, &told.title, &told.cause, Some(told.fix), told.command);
    }
    text += &format!("\n## Roles of files\n\nNames and numbers are those of an example.\n\n{head}");
    let known: BTreeSet<&str> = errors.iter().map(|e| e.told().code).collect();
    for (code, p) in seen().iter().filter(|(code, _)| !known.contains(code.as_str())) {
        text += &line(code, &p.title, &p.cause, p.fix.as_deref(), p.command.as_deref());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/messages.md");
    if std::env::var_os("LORASCOPE_WRITE").is_some() {
        std::fs::write(path, text).unwrap();
    } else {
        let shown = std::fs::read_to_string(path).unwrap_or_default();
        assert!(shown == text, "run LORASCOPE_WRITE=1 cargo test --test all messages::");
    }
}
