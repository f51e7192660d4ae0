//! Attacks on the readers by kind: a small file that asks for much. Each is refused by name within its budget, and the good files beside it
//! are planned.

use crate::common::memory::measured;
use lorascope::plan::{Answers, Plan};
use lorascope::session::Session;
use std::time::{Duration, Instant};

type File = (String, Vec<u8>);

/// Not a measurement but the end of a hang: a hundred times what any of these takes on an idle machine.
const PATIENCE: Duration = Duration::from_secs(240);

fn plan(files: &[File]) -> Plan {
    let mut session = Session::default();
    for (path, bytes) in files {
        let number = session.add_file(path, bytes.len() as u64);
        while let Some(range) = session.wants(number) {
            session.supply(number, &bytes[range.start as usize..range.end as usize]);
        }
    }
    session.plan(&Answers::default()).clone()
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + data, 0);
    file
}

/// Tensors of one type and shape under many names, `width` bytes each.
fn many(names: impl Iterator<Item = String>, dtype: &str, shape: &str, width: usize) -> Vec<u8> {
    let mut count = 0;
    let entries: Vec<String> = names
        .map(|name| {
            count += 1;
            format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{},{}]}}"#,
                (count - 1) * width,
                count * width
            )
        })
        .collect();
    safetensors(&format!("{{{}}}", entries.join(",")), count * width)
}

const WEIGHTS: [&str; 3] = ["q_proj", "k_proj", "v_proj"];

fn good() -> Vec<File> {
    let weights = || {
        WEIGHTS
            .map(|w| format!("model.layers.0.self_attn.{w}.weight"))
            .into_iter()
    };
    let base = many(weights(), "F32", "[8,8]", 256);
    let mut tuned = base.clone();
    tuned[1000..].iter_mut().step_by(4).for_each(|b| *b = 1);
    vec![
        ("good/model.safetensors".into(), base),
        ("good-tuned/model.safetensors".into(), tuned),
    ]
}

/// The file is named with one of these codes (none: only that the others are planned), and the good files beside it make a plan.
#[track_caller]
fn check(path: &str, bytes: Vec<u8>, code: Option<&str>) {
    let start = Instant::now();
    let mut files = good();
    files.push((path.into(), bytes));
    let plan = plan(&files);
    let own: Vec<&str> = plan
        .problems
        .iter()
        .filter(|p| p.file.as_deref() == Some(path))
        .map(|p| p.code.as_str())
        .collect();
    match code {
        Some(code) => assert!(own.contains(&code), "{path}: {own:?}, wanted {code}"),
        None => assert!(!own.contains(&"over-limit"), "{path}: {own:?}"),
    }
    for p in plan.problems.iter().filter(|p| p.code == "over-limit") {
        assert!(p.fix.is_some() && p.cause.contains("B"), "{p:?}");
    }
    let tuned = plan.models.iter().find(|m| m.label == "good-tuned");
    assert_eq!(
        tuned.map(|m| m.matching.matched),
        Some(3),
        "{path}: {:?}",
        plan.problems
    );
    assert!(start.elapsed() < PATIENCE, "{path} took {:?}", start.elapsed());
}

mod pickle {
    pub fn text(s: &str) -> Vec<u8> {
        [b"X", &(s.len() as u32).to_le_bytes()[..], s.as_bytes()].concat()
    }

    pub fn global(module: &str, name: &str) -> Vec<u8> {
        format!("c{module}\n{name}\n").into_bytes()
    }

    fn storage() -> Vec<u8> {
        [
            b"(".to_vec(),
            text("storage"),
            global("torch", "FloatStorage"),
            text("0"),
            text("cpu"),
            b"K\x04tQ".to_vec(),
        ]
        .concat()
    }

    pub fn tensor() -> Vec<u8> {
        let shape = b"(K\x02K\x02t";
        [
            global("torch._utils", "_rebuild_tensor_v2"),
            b"(".to_vec(),
            storage(),
            b"K\x00".to_vec(),
            shape.to_vec(),
            shape.to_vec(),
            b"tR".to_vec(),
        ]
        .concat()
    }

    /// Dictionaries in dictionaries: width to the power of depth names.
    pub fn nested(width: usize, depth: u8) -> Vec<u8> {
        let mut p = [&b"\x80\x02}q\x00("[..], &text("w.weight"), &tensor(), b"u"].concat();
        for d in 1..=depth {
            p.extend([b'0', b'}', b'q', d, b'(']);
            for i in 0..width {
                p.extend(text(&format!("m{d}_{i}")));
                p.extend([b'h', d - 1]);
            }
            p.push(b'u');
        }
        p.push(b'.');
        p
    }

    /// A dictionary that holds itself.
    pub fn itself(width: usize) -> Vec<u8> {
        let mut p = b"\x80\x02}q\x00(".to_vec();
        for i in 0..width {
            p.extend(text(&format!("a{i}")));
            p.extend(b"h\x00");
        }
        [p, text("w.weight"), tensor(), b"u.".to_vec()].concat()
    }

    /// Tensors that share one long shape.
    pub fn shapes(dimensions: usize, tensors: usize) -> Vec<u8> {
        let mut p = [
            &b"\x80\x02"[..],
            &storage(),
            b"q\x00(",
            &b"K\x01".repeat(dimensions),
            b"tq\x01",
        ]
        .concat();
        p.extend(global("torch._utils", "_rebuild_tensor_v2"));
        p.extend(b"q\x02}(");
        for i in 0..tensors {
            p.extend(text(&format!("w{i}")));
            p.extend(b"h\x02(h\x00K\x00h\x01h\x01tR");
        }
        [p, b"u.".to_vec()].concat()
    }

    /// Calls that copy one long list of pairs.
    pub fn copies(pairs: usize, calls: usize) -> Vec<u8> {
        let mut p = [
            &b"\x80\x02(K\x01K\x01tq\x00("[..],
            &b"h\x00".repeat(pairs),
            b"tq\x01(h\x01tq\x03",
        ]
        .concat();
        p.extend(global("collections", "OrderedDict"));
        p.extend(b"q\x020000}(");
        for i in 0..calls {
            p.extend(text(&format!("w{i}")));
            p.extend(b"h\x02h\x03R");
        }
        [p, b"u.".to_vec()].concat()
    }

    /// Storages of a class with a long name.
    pub fn classes(letters: usize, storages: usize) -> Vec<u8> {
        let class = global("torch", &format!("FloatStorage{}", "x".repeat(letters)));
        let mut p = [
            b"\x80\x02(".to_vec(),
            text("storage"),
            class,
            text("0"),
            text("cpu"),
            b"K\x04tq\x000}(".to_vec(),
        ]
        .concat();
        for i in 0..storages {
            p.extend(text(&format!("w{i}")));
            p.extend(b"h\x00Q");
        }
        [p, b"u.".to_vec()].concat()
    }

    /// Calls with one long list of arguments.
    pub fn arguments(count: usize, calls: usize) -> Vec<u8> {
        let start = [
            &b"\x80\x02("[..],
            &b"K\x01".repeat(count),
            b"tq\x000",
            &global("a", "b"),
            b"q\x010",
        ]
        .concat();
        [start, b"h\x01h\x00R0".repeat(calls), b"}.".to_vec()].concat()
    }

    /// Names of classes put together from two long texts, five bytes each.
    pub fn joined(letters: usize, count: usize) -> Vec<u8> {
        let long = text(&"x".repeat(letters));
        let start = [&b"\x80\x04"[..], &long, b"q\x000"].concat();
        [start, b"h\x00h\x00\x930".repeat(count), b"}.".to_vec()].concat()
    }
}

/// A torch file of before 1.6 around a pickle.
fn legacy(pickle: &[u8], keys: &[u8]) -> Vec<u8> {
    let start = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    [&start[..], pickle, b"\x80\x02](", keys, b"e."].concat()
}

/// A zip of one stored entry, as torch.save writes it.
fn zip(pickle: &[u8]) -> Vec<u8> {
    let name = b"archive/data.pkl";
    let size = (pickle.len() as u32).to_le_bytes();
    let names = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
    // Version, flags, stored, time and date, checksum, both sizes.
    let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0; 4], &size, &size, &names].concat();
    let mut file = [b"PK\x03\x04", &common[..], name, pickle].concat();
    let at = (file.len() as u32).to_le_bytes();
    let entry = [b"PK\x01\x02\x14\x00", &common[..], &[0; 14], name].concat();
    file.extend(&entry);
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend((entry.len() as u32).to_le_bytes());
    file.extend(at);
    file.extend([0, 0]);
    file
}

#[track_caller]
fn pickled(pickle: Vec<u8>, code: Option<&str>) {
    check("bad/pytorch_model.bin", zip(&pickle), code);
    check("bad/pytorch_model.bin", legacy(&pickle, b""), code);
}

#[test]
fn pickles_that_use_what_they_hold_again_and_again() {
    const OVER: Option<&str> = Some("over-limit");
    pickled(pickle::nested(4, 3), None);
    pickled(pickle::nested(40, 4), OVER);
    pickled(pickle::nested(300, 4), OVER);
    pickled(pickle::itself(4), None);
    pickled(pickle::itself(200), OVER);
    pickled(pickle::shapes(2, 300), None);
    pickled(pickle::shapes(400_000, 2000), OVER);
    pickled(pickle::shapes(20_000, 2000), OVER);
    pickled(pickle::copies(400_000, 3000), OVER);
    pickled(pickle::classes(2_000_000, 3000), OVER);
    pickled(pickle::joined(60_000, 100_000), OVER);
    // Nothing is copied for these.
    pickled(pickle::arguments(1_000_000, 200_000), None);
    let keys = [
        pickle::text(&"7".repeat(60_000)),
        b"q\x00".to_vec(),
        b"h\x00".repeat(200_000),
    ]
    .concat();
    check("bad/pytorch_model.bin", legacy(&pickle::nested(1, 1), &keys), None);
}

#[test]
fn json_of_many_small_values() {
    let ones = |n: usize| "1,".repeat(n) + "1";
    let n = 12_000_000;
    // Passed over without being built, as nothing here needs it.
    check(
        "bad/model.safetensors",
        safetensors(&format!(r#"{{"__metadata__":[{}]}}"#, ones(n)), 0),
        None,
    );
    let dtype = format!(
        r#"{{"a":{{"dtype":[{}0],"shape":[],"data_offsets":[0,1]}}}}"#,
        r#"{"":0},"#.repeat(n / 4)
    );
    check("bad/model.safetensors", safetensors(&dtype, 1), Some("header-field"));
    let shape = format!(
        r#"{{"a":{{"dtype":"U8","shape":[{}],"data_offsets":[0,1]}}}}"#,
        ones(3 * n)
    );
    check("bad/model.safetensors", safetensors(&shape, 1), Some("over-limit"));
    check(
        "bad/config.json",
        format!(r#"{{"x":[{}]}}"#, ones(n)).into_bytes(),
        Some("over-limit"),
    );
    check(
        "bad/config.json",
        format!(r#"{{"x":[{}0]}}"#, r#"{"":0},"#.repeat(n / 4)).into_bytes(),
        Some("over-limit"),
    );
    // What a trainer leaves beside its checkpoints is long, and no attack.
    let entry = r#"{"epoch": 0.01, "grad_norm": 1.5, "learning_rate": 1e-05, "loss": 2.1, "step": 10},"#;
    let log = format!(
        r#"{{"global_step": 1, "log_history": [{}{{}}]}}"#,
        entry.repeat(100_000)
    );
    check("bad/trainer_state.json", log.into_bytes(), None);
}

#[test]
fn more_experts_than_a_file_of_that_size_holds() {
    let names = |n: usize| (0..n).map(|i| format!("model.layers.{i}.mlp.experts.down_proj"));
    check(
        "bad/model.safetensors",
        many(names(3000), "F16", "[4096,1,1]", 8192),
        Some("too-many-matrices"),
    );
    check("bad/model.safetensors", many(names(4), "F16", "[16,1,1]", 32), None);
    let stacked = |n: usize| (0..n).map(|i| format!("layers.{i}.mlp.switch_mlp.up_proj.lora_a"));
    check(
        "bad/adapter_model.safetensors",
        many(stacked(3000), "F16", "[4096,1,1]", 8192),
        Some("too-many-matrices"),
    );
}

#[test]
fn packed_weights_without_rows_or_columns() {
    for shape in ["[0,8]", "[8,0]"] {
        let header = format!(
            r#"{{"layers.0.q_proj.weight":{{"dtype":"F8_E4M3","shape":{shape},"data_offsets":[0,0]}},"layers.0.q_proj.weight_scale_inv":{{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}}}"#
        );
        check("bad/model.safetensors", safetensors(&header, 4), None);
    }
}

fn adapted(config: &str, modules: usize) -> (Plan, Duration) {
    let module = |i: usize| format!("model.layers.{i}.self_attn.q_proj");
    let base = many((0..modules).map(|i| module(i) + ".weight"), "F32", "[4,4]", 64);
    let factors =
        (0..modules).flat_map(|i| ["A", "B"].map(|p| format!("base_model.model.{}.lora_{p}.weight", module(i))));
    let adapter = many(factors, "F32", "[4,4]", 64);
    let start = Instant::now();
    let plan = plan(&[
        ("base/model.safetensors".into(), base),
        ("lora/adapter_model.safetensors".into(), adapter),
        ("lora/adapter_config.json".into(), config.as_bytes().to_vec()),
    ]);
    (plan, start.elapsed())
}

#[test]
fn patterns_are_compiled_once_and_within_a_limit() {
    let config = |patterns: &[String]| {
        format!(
            r#"{{"peft_type":"LORA","r":4,"lora_alpha":4,"rank_pattern":{{{}}}}}"#,
            patterns.join(",")
        )
    };
    let costly: Vec<String> = (0..300).map(|i| format!(r#""\\w{{{}}}x{i}":4"#, 60 + i % 30)).collect();
    let (plan, took) = adapted(&config(&costly), 300);
    assert_eq!(plan.models[0].matching.matched, 300);
    assert!(
        plan.problems.iter().any(|p| p.code == "pattern-not-regex"),
        "{:?}",
        plan.problems
    );
    assert!(took < PATIENCE, "{took:?}");
    // EVA gives every module a key of its own.
    let eva: Vec<String> = (0..900)
        .map(|i| format!(r#""model.layers.{i}.self_attn.q_proj":4"#))
        .collect();
    let (plan, took) = adapted(&config(&eva), 900);
    assert_eq!(
        (plan.models[0].matching.matched, plan.problems.len()),
        (900, 0),
        "{:?}",
        plan.problems
    );
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn stored_reports_that_do_not_fit_are_refused_by_name() {
    let seed = include_bytes!("fuzz/corpus/stored/one");
    let report = std::str::from_utf8(seed.split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert!(lorascope::export::read(report).is_ok());
    let check = |from: &str, to: &str, why: &str| {
        assert!(report.contains(from), "{from}");
        let said = lorascope::export::read(&report.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(why) && said.contains("layers.0.q.weight"), "{said}");
    };
    for beyond in ["4", "600", "4294967295"] {
        check(
            "[0, 1, 3, 2]",
            &format!("[0, 1, {beyond}, 2]"),
            "point beyond the base’s 4 vectors",
        );
    }
    check("[0, 1, 3, 2]", "[0, 1]", "indices");
    check("[0.9, 0.8, 0.3, 1.0]", "[0.9, 0.8, 0.3, 1.5]", "outside 0 to 1");
    check("[4, 3, 2, 1]", "[4, 3, 2, 1, 1]", "singular values");
    check("[4, 3, 2, 1]", "[4, 3, 2, -1]", "negative");
    check(r#""similarity": {"rows": 4"#, r#""similarity": {"rows": 5"#, "values");
    check(r#""sigma": [2, 0.1, 0, 0]"#, r#""sigma": [2, 0.1, 0, -1]"#, "change");
    let infinite = report.replacen("[4, 3, 2, 1]", "[4, 3, 2, 1e39]", 1);
    assert!(lorascope::export::read(&infinite).is_err());
}

/// `n` modules of an adapter named by `name`, in factors of rank 1.
fn factors(n: usize, name: impl Fn(usize) -> String) -> Vec<u8> {
    let parts = |i: usize| ["A", "B"].map(|p| format!("base_model.model.{}.lora_{p}.weight", name(i)));
    many((0..n).flat_map(parts), "F32", "[1,1]", 4)
}

fn layer(i: usize) -> String {
    format!("model.layers.{i}.self_attn.q_proj")
}

fn config(more: &str) -> Vec<u8> {
    format!(r#"{{"peft_type":"LORA","r":1,"lora_alpha":1,{more}}}"#).into_bytes()
}

/// Files that are large or many by right: planned, with so many matrices, in less than anybody waits for.
#[track_caller]
fn planned(what: &str, files: Vec<File>, matrices: usize) -> Plan {
    let (plan, took) = timed(&files);
    println!(
        "{what}: {took:?}, {} matrices, {} models",
        plan.matrices.len(),
        plan.models.len()
    );
    assert_eq!(plan.matrices.len(), matrices, "{what}: {:?}", plan.problems.first());
    assert!(took < PATIENCE, "{what} took {took:?}");
    plan
}

fn timed(files: &[File]) -> (Plan, Duration) {
    let start = Instant::now();
    let plan = plan(files);
    (plan, start.elapsed())
}

fn pair(n: usize, name: impl Fn(usize) -> String, shape: &str, width: usize) -> Vec<File> {
    let one = || many((0..n).map(&name), "F32", shape, width);
    vec![
        ("base/model.safetensors".into(), one()),
        ("tuned/model.safetensors".into(), one()),
    ]
}

#[test]
fn many_matrices_are_planned() {
    let n = 100_000;
    planned(
        "100,000 matrices of 1 x 1",
        pair(n, |i| layer(i) + ".weight", "[1,1]", 4),
        n,
    );
    let n = 30_000;
    planned(
        "30,000 Conv1D without a bias",
        pair(n, |i| format!("h.{i}.attn.c_attn.weight"), "[1,2]", 8),
        n,
    );
    let n = 5_000;
    planned(
        "5,000 matrices",
        pair(
            n,
            |i| format!("model.layers.{}.mlp.m{}.weight", i / 50, i % 50),
            "[1,1]",
            4,
        ),
        n,
    );
    // No name pairs, and every name could be many others' under another prefix.
    let mut strangers = pair(20_000, |i| format!("x{i}.0.weight"), "[1,1]", 4);
    strangers[1].1 = many((0..20_000).map(|i| format!("y{i}.0.weight")), "F32", "[1,1]", 4);
    planned("strangers", strangers, 0);
}

#[test]
fn many_modules_are_planned() {
    let n = 50_000;
    let base = || {
        (
            "base/model.safetensors".to_owned(),
            many((0..n).map(|i| layer(i) + ".weight"), "F32", "[1,1]", 4),
        )
    };
    let adapter = || ("lora/adapter_model.safetensors".to_owned(), factors(n, layer));
    let list = |key: &str| {
        let names: Vec<String> = (0..n).map(|i| format!("\"{}\"", layer(i))).collect();
        config(&format!(r#""{key}":[{}]"#, names.join(",")))
    };
    let pattern = |key: &str| {
        let names: Vec<String> = (0..n).map(|i| format!("\"{}\":1", layer(i))).collect();
        config(&format!(r#""{key}":{{{}}}"#, names.join(",")))
    };
    for config in [
        list("target_modules"),
        list("modules_to_save"),
        list("target_parameters"),
        pattern("rank_pattern"),
        pattern("alpha_pattern"),
    ] {
        let config = ("lora/adapter_config.json".to_owned(), config);
        planned("50,000 modules", vec![base(), adapter(), config], n);
    }
    // Whole tensors that take the place of the base's.
    let saved = |i: usize| format!("base_model.model.{}.modules_to_save.default.weight", layer(i));
    let one = (0..1).flat_map(|i| ["A", "B"].map(|p| format!("base_model.model.{}.lora_{p}.weight", layer(i))));
    let whole = many(one.chain((1..n).map(saved)), "F32", "[1,1]", 4);
    planned(
        "50,000 saved whole",
        vec![base(), ("lora/adapter_model.safetensors".into(), whole)],
        n,
    );
}

#[test]
fn many_models_are_planned() {
    let names = || (0..24).map(|i| layer(i) + ".weight");
    let mut files = vec![("base/model.safetensors".to_owned(), many(names(), "F32", "[1,1]", 4))];
    for i in 0..300 {
        files.push((format!("lora{i}/adapter_model.safetensors"), factors(24, layer)));
        files.push((
            format!("lora{i}/adapter_config.json"),
            config(r#""target_modules":["q_proj"]"#),
        ));
    }
    let plan = planned("300 adapters", files, 24);
    assert_eq!(plan.models.len(), 300);
    // The same without their folders: all have one name.
    let mut files = vec![("base/model.safetensors".to_owned(), many(names(), "F32", "[1,1]", 4))];
    for _ in 0..300 {
        files.push(("adapter_model.safetensors".to_owned(), factors(24, layer)));
        files.push((
            "adapter_config.json".to_owned(),
            config(r#""target_modules":["q_proj"]"#),
        ));
    }
    let plan = planned("300 adapters without folders", files, 24);
    assert_eq!(plan.models.len(), 300);
}

#[test]
fn thousands_of_small_files() {
    let n = 10_000;
    let with = |name: &dyn Fn(usize) -> String, bytes: Vec<u8>| {
        let mut files = good();
        files.extend((0..n).map(|i| (name(i), bytes.clone())));
        files
    };
    let one = many(std::iter::once(layer(0) + ".weight"), "F32", "[8,8]", 256);
    let json = br#"{"peft_type":"LORA","r":1,"lora_alpha":1}"#.to_vec();
    let model = br#"{"model_type":"llama"}"#.to_vec();
    type Case<'a> = (&'a str, &'a dyn Fn(usize) -> String, &'a Vec<u8>);
    let cases: [Case; 12] = [
        ("models of one name", &|_| "model.safetensors".into(), &one),
        ("models in folders", &|i| format!("many/m{i}/model.safetensors"), &one),
        (
            "shards",
            &|i| format!("many/model-{:05}-of-10000.safetensors", i + 1),
            &one,
        ),
        (
            "first shards of many",
            &|i| format!("many/m{i}/model-00001-of-99999.safetensors"),
            &one,
        ),
        (
            "second downloads",
            &|i| format!("many/m{}/model-00001-of-00002 ({}).safetensors", i / 1000, i % 1000),
            &one,
        ),
        (
            "parts by processor",
            &|i| format!("many/m{}/model_tp_rank_{:03}.safetensors", i / 1000, i % 1000),
            &one,
        ),
        ("files under hashes", &|i| format!("blobs/{i:064x}"), &one),
        (
            "text encoders",
            &|i| format!("many/p{i}/text_encoder/model.safetensors"),
            &one,
        ),
        (
            "the makers' own",
            &|i| format!("many/consolidated.m{i}.safetensors"),
            &one,
        ),
        ("configurations", &|_| "adapter_config.json".into(), &json),
        (
            "configurations in folders",
            &|i| format!("many/m{i}/adapter_config.json"),
            &json,
        ),
        ("configurations of models", &|_| "config.json".into(), &model),
    ];
    for (what, name, bytes) in cases {
        let (plan, took) = timed(&with(name, bytes.clone()));
        println!(
            "{what}: {took:?}, {} models, {} problems",
            plan.models.len(),
            plan.problems.len()
        );
        assert!(took < PATIENCE, "{what} took {took:?}");
        assert_eq!(plan.files.len(), with(name, bytes.clone()).len());
    }
}

#[test]
fn what_stands_for_more_than_it_is() {
    // One matrix shared by all modules, under thousands of names.
    let shared = (0..3000).map(|i| format!("base_model.vera_A.x{i}"));
    let modules = (0..3000).flat_map(|i| ["b", "d"].map(|p| format!("base_model.model.{}.vera_lambda_{p}", layer(i))));
    check(
        "bad/adapter_model.safetensors",
        many(shared.chain(modules), "F32", "[1,1]", 4),
        None,
    );
    // An adapter for every tensor.
    let named = (0..20_000).map(|i| format!("base_model.model.{}.lora_A.a{i}.weight", layer(0)));
    check("bad/adapter_model.safetensors", many(named, "F32", "[1,8]", 32), None);
    let both =
        |i: usize| ["A", "B"].map(|p| format!("base_model.model.model.layers.0.self_attn.q_proj.lora_{p}.a{i}.weight"));
    check(
        "bad/adapter_model.safetensors",
        many((0..10_000).flat_map(both), "F32", "[8,8]", 256),
        Some("too-many-adapters"),
    );
    // A part again and again.
    let again = (1..1500).map(|i| format!("base_model.model.{}.lora_A{}", layer(0), ".weight".repeat(i)));
    check("bad/adapter_model.safetensors", many(again, "F32", "[1,8]", 32), None);
    // A thousand copies of every layer.
    let ranges = vec!["[0,1]"; 9_000].join(",");
    let base = many(
        (0..2000).map(|i| format!("model.layers.0.m{i}.weight")),
        "F32",
        "[1,1]",
        4,
    );
    let files = vec![
        ("base/model.safetensors".to_owned(), base),
        (
            "lora/adapter_model.safetensors".to_owned(),
            factors(100, |i| format!("model.layers.0.m{i}")),
        ),
        (
            "lora/adapter_config.json".to_owned(),
            config(&format!(r#""layer_replication":[{ranges}]"#)),
        ),
    ];
    planned("a thousand copies of every layer", files, 100);
    // Thousands of stacks of another depth.
    let stacks = |more: usize| {
        let name = move |i: usize| (0..2 + more).map(move |l| format!("s{i}.layers.{l}.q_proj.weight"));
        many((0..5000).flat_map(name), "F32", "[1,1]", 4)
    };
    let files = vec![
        ("base/model.safetensors".to_owned(), stacks(0)),
        ("tuned/model.safetensors".to_owned(), stacks(1)),
    ];
    let (plan, took) = timed(&files);
    assert!(
        took < PATIENCE && plan.questions.len() < 100,
        "{took:?}, {} questions",
        plan.questions.len()
    );
}

#[test]
fn names_of_a_megabyte_and_a_million_of_names() {
    let long = "x".repeat(1 << 20);
    for name in [
        format!("model.layers.0.{long}.q_proj.weight"),
        format!("{}q_proj.weight", "model.".repeat(1 << 17)),
        format!("{}q_proj.weight", "module.".repeat(1 << 17)),
        format!("model.layers.0.{}lora_A.weight", "base_layer.".repeat(1 << 16)),
        format!("{}lora_B.weight", "lora_A.".repeat(1 << 17)),
        format!("{}.weight", "0.".repeat(1 << 19)),
    ] {
        check(
            "bad/model.safetensors",
            many(std::iter::once(name), "F32", "[8,8]", 256),
            None,
        );
    }
    let entries: Vec<String> = (0..1_000_000)
        .map(|i| format!("\"layers.{i}\":\"m{i}.safetensors\""))
        .collect();
    let index = format!(r#"{{"weight_map":{{{}}}}}"#, entries.join(","));
    check("bad/model.safetensors.index.json", index.into_bytes(), None);
    let same: Vec<String> = (0..1_000_000)
        .map(|i| format!("\"layers.{i}\":\"m.safetensors\""))
        .collect();
    let index = format!(r#"{{"weight_map":{{{}}}}}"#, same.join(","));
    check(
        "bad/model.safetensors.index.json",
        index.into_bytes(),
        Some("missing-shard"),
    );
    // 1.6 million tensors of no bytes.
    let empty: Vec<String> = (0..1_600_000)
        .map(|i| format!(r#""{i:x}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#))
        .collect();
    check(
        "bad/model.safetensors",
        safetensors(&format!("{{{}}}", empty.join(",")), 0),
        Some("too-many-tensors"),
    );
    // A tensor in a torch file under 100,000 names.
    let mut p = [&b"\x80\x02"[..], &pickle::tensor(), b"q\x000}("].concat();
    for i in 0..100_000 {
        p.extend(pickle::text(&format!("model.layers.{i}.q_proj.weight")));
        p.extend(b"h\x00");
    }
    p.extend(b"u.");
    check("bad/pytorch_model.bin", legacy(&p, b""), None);
}

#[test]
fn json_that_is_deep_or_wide() {
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    for n in [100, 10_000, 1_000_000] {
        check("bad/adapter_config.json", config(&format!(r#""x":{}"#, deep(n))), None);
        check(
            "bad/adapter_config.json",
            config(&format!(r#""layer_replication":{}"#, deep(n))),
            None,
        );
        check(
            "bad/config.json",
            format!(r#"{{"model_type":{}}}"#, deep(n)).into_bytes(),
            None,
        );
        check(
            "bad/model.safetensors.index.json",
            format!(r#"{{"weight_map":{}}}"#, deep(n)).into_bytes(),
            None,
        );
    }
    let wide = vec!["[0,1]"; 3_000_000].join(",");
    check(
        "bad/adapter_config.json",
        config(&format!(r#""layer_replication":[{wide}]"#)),
        Some("over-limit"),
    );
    let quotes = "\\\"".repeat(4_000_000);
    check(
        "bad/config.json",
        format!(r#"{{"model_type":"{quotes}", "x":NaN}}"#).into_bytes(),
        None,
    );
    let words = vec!["NaN"; 4_000_000].join(",");
    check(
        "bad/config.json",
        format!(r#"{{"model_type":[{words}]}}"#).into_bytes(),
        Some("json-invalid"),
    );
}

#[test]
fn a_text_over_its_limit_is_read_once() {
    const OBJECTS: u64 = 2_000_000;
    let text = format!(
        r#"{{"x":[{}],"note":"NaN"}}"#,
        vec![r#"{"":0}"#; OBJECTS as usize].join(",")
    );
    let (_, taken) = measured(|| plan(&[("x.json".into(), text.into_bytes())]));
    assert!(taken.allocations < 3 * OBJECTS, "{}", taken.allocations);
}

#[test]
fn other_formats_are_told_by_their_first_bytes() {
    let filled = |start: &[u8]| [start, &vec![0xff; 1 << 20]].concat();
    let mut tar = vec![b'a'; 1 << 20];
    tar[257..263].copy_from_slice(b"ustar\0");
    for (path, bytes) in [
        ("bad/model.gguf", filled(b"GGUF\x03\0\0\0")),
        ("bad/x.npy", filled(b"\x93NUMPY\x01\0")),
        ("bad/x.npz", filled(b"PK\x03\x04")),
        ("bad/model.h5", filled(b"\x89HDF\r\n\x1a\n")),
        ("bad/model.tar", tar),
        ("bad/model.tar.gz", filled(b"\x1f\x8b\x08")),
        ("bad/model.7z", filled(b"7z\xbc\xaf\x27\x1c")),
    ] {
        check(path, bytes, Some("file-type"));
    }
}

#[test]
fn the_large_cases_of_the_script() {
    // A million keys of storages behind a legacy file, of which one is a tensor's.
    let keys = [b"X\x01\0\0\x007q\x000".to_vec(), b"h\x00".repeat(1_000_000)].concat();
    check("bad/pytorch_model.bin", legacy(&pickle::nested(1, 1), &keys), None);
    // A rank of 3,000 for a matrix of 8 x 8.
    let parts = [("A", "[3000,8]"), ("B", "[8,3000]")];
    let entry = |(i, (part, shape)): (usize, &(&str, &str))| {
        format!(
            r#""base_model.model.model.layers.0.self_attn.q_proj.lora_{part}.weight":{{"dtype":"F32","shape":{shape},"data_offsets":[{},{}]}}"#,
            i * 96_000,
            i * 96_000 + 96_000
        )
    };
    let header: Vec<String> = parts.iter().enumerate().map(entry).collect();
    check(
        "bad/adapter_model.safetensors",
        safetensors(&format!("{{{}}}", header.join(",")), 192_000),
        None,
    );
    // Two thousand keys with dots.
    let patterns: Vec<String> = (0..2000)
        .map(|i| format!(r#""model\\.layers\\.{i}\\.x_proj":2"#))
        .collect();
    let config = config(&format!(r#""rank_pattern":{{{}}}"#, patterns.join(",")));
    check("bad/adapter_config.json", config, None);
    // The name of a shard is a megabyte long.
    let index = format!(r#"{{"weight_map":{{"a":"{}.safetensors"}}}}"#, "x".repeat(1_000_000));
    check(
        "bad/model.safetensors.index.json",
        index.into_bytes(),
        Some("missing-shard"),
    );
    // A header of 100 MB of spaces.
    check(
        "bad/model.safetensors",
        safetensors(&format!("{{}}{}", " ".repeat(99_999_998)), 0),
        Some("no-tensors"),
    );
}
