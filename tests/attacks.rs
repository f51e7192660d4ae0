//! Attacks on the readers by kind: a small file that asks for much. Each is refused by name within its budget, and the good files beside it
//! are planned.

use lorascope::plan::{Answers, Plan};
use lorascope::session::Session;
use std::time::{Duration, Instant};

type File = (String, Vec<u8>);

/// Longer than any of these takes by far, shorter than any of them took without budgets.
const PATIENCE: Duration = Duration::from_secs(20);

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

    /// Memo 200: a tensor.
    fn tensor() -> Vec<u8> {
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
    let seed = include_bytes!("fuzz/corpus/report/one");
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
