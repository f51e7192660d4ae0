//! The program `lorascope`: its reports are those of the core, its parts make one run, its exit codes are what `--help` says.

use crate::common::{Visit, fixtures, reference};
use lorascope::export;
use lorascope::report::{Mode, Report, Settings, Task};
use lorascope::summary;
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of one test, gone when it is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let own = format!(
            "lorascope-command-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(own);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn report(&self, name: &str) -> Report {
        export::read(&fs::read_to_string(self.0.join(name)).unwrap()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lorascope"));
    command.env("HF_HUB_CACHE", "/nowhere").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    (out, err)
}

fn layer0(folder: &str) -> String {
    fixtures()
        .join("minilm-layer0")
        .join(folder)
        .to_str()
        .unwrap()
        .to_owned()
}

/// All that two runs must agree on: not who computed, and how long it took.
fn numbers(mut report: Report) -> Value {
    report.generator.threads = 0;
    report
        .models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .for_each(|m| m.seconds = 0.0);
    serde_json::from_str(&export::report(&report, &report.settings)).unwrap()
}

/// The same by the core itself.
fn by_core(visit: &mut Visit, answers: &[(&str, &str)], settings: &Settings) -> Value {
    visit.plan(answers);
    let mut report = visit.compute(&Task::from(settings));
    summary::apply(&mut report, settings);
    numbers(report)
}

/// Files that a case of the zoo or of the field drops.
fn case(room: &str, name: &str, key: &str) -> Vec<String> {
    let description = reference::read(&fixtures().join(room).join(name).join("case.json"));
    let list = description[key].as_array().unwrap().iter();
    list.map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// The folders that a case's files lie in.
fn folders(files: &[String]) -> Vec<&str> {
    let mut all: Vec<&str> = files.iter().filter_map(|f| Some(f.split_once('/')?.0)).collect();
    all.dedup();
    all
}

/// The report of the program over the folders of a case, beside the core's over the same files.
#[track_caller]
fn same_as_core(room: &str, name: &str) {
    let root = fixtures().join(room).join(name);
    let (base, tuned) = (case(room, name, "base"), case(room, name, "tuned"));
    let (base, tuned) = (folders(&base), folders(&tuned));
    let ([base], false) = (&base[..], tuned.is_empty()) else {
        panic!("{name}: {base:?} and {tuned:?}")
    };
    let temporary = Folder::new();
    let output = temporary.path("report.json");
    let place = |folder: &str| root.join(folder).to_str().unwrap().to_owned();
    let mut args = vec!["analyze".to_owned(), place(base), "-o".into(), output];
    args.extend(tuned.iter().map(|folder| place(folder)));
    let done = program().args(&args).output().unwrap();
    assert!([Some(0), Some(3)].contains(&done.status.code()), "{name}: {done:?}");
    let mut visit = Visit::open(&root, &[]);
    let all: Vec<&str> = std::iter::once(*base).chain(tuned.iter().copied()).collect();
    for folder in all {
        for file in below(&root.join(folder)) {
            let file = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            visit.add(&root, &file);
        }
    }
    let wanted = by_core(&mut visit, &[], &Settings::default());
    assert!(
        wanted["models"][0]["matrices"][0].is_object(),
        "{name}: nothing was computed"
    );
    assert_eq!(numbers(temporary.report("report.json")), wanted, "{name}");
}

/// Every file, by name.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    entries
        .into_iter()
        .flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] })
        .collect()
}

#[test]
fn reports_of_the_zoo_are_those_of_the_core() {
    for name in [
        "llama_lora",
        "llama_dora",
        "llama_sharded_bf16",
        "roberta_oft",
        "roberta_adalora",
        "gpt2_lora",
        "nf4_base",
        "full_pytorch_bin",
    ] {
        same_as_core("zoo", name);
    }
}

#[test]
fn reports_of_the_field_are_those_of_the_core() {
    for name in [
        "01-lora-with-trainable-tokens",
        "18-nan-adapter",
        "48-config-with-bom",
        "53-anchored-pattern-keys",
    ] {
        same_as_core("field", name);
    }
}

const LAYER0: [&str; 4] = ["full", "lora_r1", "lora_r8", "lora_r64"];

/// The first layer as trained, by the core.
fn layer0_by_core(settings: &Settings) -> Value {
    let root = fixtures().join("minilm-layer0");
    let folders: Vec<&str> = std::iter::once("base").chain(LAYER0).collect();
    by_core(&mut Visit::open_folders(&root, &folders), &[], settings)
}

fn analyze_layer0(extra: &[&str]) -> Output {
    let models = LAYER0.map(layer0);
    let base = layer0("base");
    let mut args = vec!["analyze", &base];
    args.extend(models.iter().map(String::as_str));
    args.extend(extra);
    run(&args)
}

#[test]
fn a_run_is_that_of_the_core_in_either_mode_with_any_threads() {
    let folder = Folder::new();
    for (mode, word, threads) in [(Mode::Auto, "auto", "1"), (Mode::Certified, "certified", "2")] {
        let output = folder.path("report.json");
        ends(
            &analyze_layer0(&["--mode", word, "--threads", threads, "-o", &output]),
            0,
        );
        let settings = Settings {
            mode,
            ..Settings::default()
        };
        assert_eq!(
            numbers(folder.report("report.json")),
            layer0_by_core(&settings),
            "{word}"
        );
    }
}

#[test]
fn parts_merged_are_one_run_and_what_is_missing_is_named() {
    let folder = Folder::new();
    let parts: Vec<String> = (1..=64).map(|n| folder.path(&format!("parts/{n}.json"))).collect();
    let mut whole = 0;
    for (n, part) in (1..).zip(&parts).take(8) {
        ends(&analyze_layer0(&["--part", &format!("{n}/64"), "-o", part]), 0);
        whole += folder.report(&format!("parts/{n}.json")).models[0].matrices.len();
    }
    assert_eq!(whole, 6, "the first parts have the six matrices");
    for (n, part) in (1..).zip(&parts).skip(8) {
        // The other parts have nothing to do: one of them stands for all.
        if n == 64 {
            ends(&analyze_layer0(&["--part", "64/64", "-o", part]), 0);
        } else {
            fs::copy(&parts[7], part).unwrap();
        }
    }
    let output = folder.path("whole.json");
    let mut args = vec!["merge-reports", "-o", &output];
    args.extend(parts.iter().map(String::as_str));
    ends(&run(&args), 0);
    assert_eq!(
        numbers(folder.report("whole.json")),
        layer0_by_core(&Settings::default())
    );

    let (_, err) = ends(&run(&["merge-reports", "-o", &output, &parts[0], &parts[2]]), 3);
    assert_eq!(err.matches("missing: ").count(), 4, "{err}");
    assert!(err.contains("4 matrices: "), "{err}");
    let (_, err) = ends(
        &run(&["merge-reports", "-o", &output, &parts[0], &folder.path("nowhere.json")]),
        3,
    );
    assert!(err.contains("left out: ") && err.contains("nowhere.json"), "{err}");
}

#[test]
fn reports_of_other_files_are_not_merged() {
    let folder = Folder::new();
    let (a, b, output) = (folder.path("a.json"), folder.path("b.json"), folder.path("c.json"));
    ends(
        &run(&[
            "analyze",
            &layer0("base"),
            &format!("x={}", layer0("lora_r1")),
            "-o",
            &a,
        ]),
        0,
    );
    ends(
        &run(&[
            "analyze",
            &layer0("base"),
            &format!("x={}", layer0("lora_r8")),
            "-o",
            &b,
        ]),
        0,
    );
    let (_, err) = ends(&run(&["merge-reports", &a, &b, "-o", &output]), 2);
    assert!(err.contains("“x”") && !Path::new(&output).exists(), "{err}");
    ends(
        &run(&[
            "analyze",
            &layer0("base"),
            &format!("y={}", layer0("lora_r8")),
            "-o",
            &b,
        ]),
        0,
    );
    ends(&run(&["merge-reports", &a, &b, "-o", &output]), 0);
    let labels: Vec<String> = folder.report("c.json").models.into_iter().map(|m| m.label).collect();
    assert_eq!(labels, ["x", "y"]);
}

#[test]
fn a_killed_part_goes_on_and_takes_no_damaged_result() {
    let folder = Folder::new();
    let (output, keep) = (folder.path("report.json"), folder.path("kept"));
    let mut child = {
        let mut command = program();
        command.args(["analyze", &layer0("base")]).args(LAYER0.map(layer0));
        command.args(["--keep", &keep, "--threads", "1", "--memory", "0", "-o", &output]);
        command.spawn().unwrap()
    };
    let kept = || {
        if Path::new(&keep).exists() {
            below(Path::new(&keep))
        } else {
            Vec::new()
        }
    };
    while kept()
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .count()
        < 4
    {
        assert!(
            child.try_wait().unwrap().is_none() || kept().len() >= 4,
            "it ended early"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Somebody else's damage, and a draft of the process that was killed.
    let first = kept()
        .into_iter()
        .find(|p| p.extension().is_some_and(|e| e == "json"))
        .unwrap();
    fs::write(&first, b"{\"name\":").unwrap();
    fs::write(first.with_file_name(".draft.1"), b"half").unwrap();
    ends(&analyze_layer0(&["--keep", &keep, "-o", &output]), 0);
    assert_eq!(
        numbers(folder.report("report.json")),
        layer0_by_core(&Settings::default())
    );
    let before: Vec<_> = kept()
        .iter()
        .map(|p| p.metadata().unwrap().modified().unwrap())
        .collect();
    ends(&analyze_layer0(&["--keep", &keep, "-o", &output]), 0);
    let after: Vec<_> = kept()
        .iter()
        .map(|p| p.metadata().unwrap().modified().unwrap())
        .collect();
    assert_eq!(before, after, "nothing is computed twice");
}

#[test]
fn exit_codes_say_how_it_ended() {
    let folder = Folder::new();
    let (base, lora, output) = (layer0("base"), layer0("lora_r8_hot"), folder.path("r.json"));
    ends(&run(&["analyze", &base, &lora, "-o", &output]), 0);
    let found = folder.report("r.json").models[0].totals.intruders;
    assert!(found > 0);
    ends(
        &run(&["analyze", &base, &lora, "-o", &output, "--fail-on", &found.to_string()]),
        0,
    );
    let (_, err) = ends(
        &run(&[
            "analyze",
            &base,
            &lora,
            "-o",
            &output,
            "--fail-on",
            &(found - 1).to_string(),
        ]),
        1,
    );
    assert!(
        err.contains(&format!("finding: lora_r8_hot has {found} intruders")),
        "{err}"
    );

    for wrong in [
        &["analyze", &base][..],
        &["analyze", &base, &lora],
        &["analyze", &base, &lora, "-o", &output, "--layers", "x"],
        &["analyze", &base, &lora, "-o", &output, "--types", "q,zz"],
        &["analyze", &base, &lora, "-o", &output, "--pattern", "("],
        &["analyze", &base, &lora, "-o", &output, "--answer", "nothing=1"],
        &["analyze", &base, &lora, "-o", &output, "--epsilon", "2"],
        &["analyze", &base, &lora, "-o", &output, "--part", "65/64"],
        &["analyze", &base, &lora, &lora, "-o", &output],
        &["plan", &layer0(""), &lora],
        &["figure", &output, "no-such-figure", "-o", "x.svg"],
        &["figure", &output, "epsilon-curve", "-o", "x.gif"],
        &["figure", &output, "over-steps", "-o", "x.svg"],
        &["figure", &output, "spectrum", "-o", "x.svg", "--model", "nobody"],
    ] {
        ends(&run(wrong), 2);
    }

    folder.put("bad/adapter_model.safetensors", b"this is no checkpoint at all");
    fs::remove_file(&output).unwrap();
    let (_, err) = ends(&run(&["analyze", &base, &lora, &folder.path("bad"), "-o", &output]), 3);
    assert!(err.contains("bad/adapter_model.safetensors"), "{err}");
    assert_eq!(
        folder.report("r.json").models[0].totals.intruders,
        found,
        "one bad file does not stop the others"
    );
    let (_, err) = ends(&run(&["plan", &lora, &layer0("lora_r1")]), 3);
    assert!(err.contains("no model that can be the base"), "{err}");
    ends(&run(&["plan", &base, &folder.path("nothing")]), 3);
    ends(&run(&["table", &folder.path("bad/adapter_model.safetensors")]), 3);
}

#[test]
fn the_base_is_the_first_argument_whatever_else_could_be_one() {
    let folder = Folder::new();
    let output = folder.path("r.json");
    for (base, tuned) in [("base", "full"), ("full", "base")] {
        ends(
            &run(&["analyze", &layer0(base), &layer0(tuned), "-o", &output, "--types", "q"]),
            0,
        );
        let report = folder.report("r.json");
        assert_eq!(
            (report.base.label.as_str(), report.models[0].label.as_str()),
            (base, tuned)
        );
    }
}

#[test]
fn a_question_is_answered_by_a_flag() {
    let folder = Folder::new();
    let file = layer0("lora_r8/adapter_model.safetensors");
    folder.put("alone/adapter_model.safetensors", &fs::read(file).unwrap());
    let (base, alone, output) = (layer0("base"), folder.path("alone"), folder.path("r.json"));
    let (out, _) = ends(&run(&["plan", &base, &alone]), 0);
    let flag = out
        .lines()
        .find_map(|line| line.trim().strip_prefix("--answer '"))
        .expect("a question");
    let id = flag.split('=').next().unwrap();
    let (_, err) = ends(&run(&["analyze", &base, &alone, "-o", &output]), 0);
    assert!(err.contains("assumed: "), "{err}");
    ends(
        &run(&["analyze", &base, &alone, "-o", &output, "--answer", &format!("{id}=24")]),
        0,
    );
    assert_eq!(folder.report("r.json").models[0].scale, Some(3.0));
    ends(
        &run(&[
            "analyze",
            &base,
            &alone,
            "-o",
            &output,
            "--answer",
            &format!("{id}=nonsense"),
        ]),
        2,
    );
    // A file of a name that every library gives is read with the configuration beside it.
    let with = layer0("lora_r8/adapter_model.safetensors");
    let (_, err) = ends(&run(&["analyze", &base, &with, "-o", &output]), 0);
    assert!(!err.contains("assumed"), "{err}");
    assert_eq!(folder.report("r.json").models[0].label, "lora_r8");
}

#[test]
fn checkpoints_of_a_run_are_known_as_on_the_page() {
    let folder = Folder::new();
    let steps = fixtures().join("minilm-series/lora_r8_hot");
    let base = layer0("base");
    let output = folder.path("r.json");
    let (out, _) = ends(&run(&["plan", &base, steps.to_str().unwrap(), "--json"]), 0);
    let plan: Value = serde_json::from_str(&out).unwrap();
    let models = plan["models"].as_array().unwrap();
    assert!(
        models.len() > 1 && models.iter().all(|m| m["run"]["step"].is_u64()),
        "{models:?}"
    );
    // The same folders one by one are the same run; those of two folders of one name are two.
    let mut each: Vec<String> = fs::read_dir(&steps)
        .unwrap()
        .map(|e| e.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    each.sort();
    let two = [&base, &each[0], &each[1]];
    let mut args = vec!["analyze", "-o", &output, "--types", "q"];
    args.extend(two.map(String::as_str));
    ends(&run(&args), 0);
    assert!(folder.report("r.json").models.iter().all(|m| m.run.is_some()));
    for (run, from) in [("a", &each[0]), ("b", &each[1])] {
        for file in below(Path::new(from)) {
            let name = Path::new(from).file_name().unwrap().to_str().unwrap();
            let own = format!("{run}/{name}/{}", file.file_name().unwrap().to_str().unwrap());
            folder.put(&own, &fs::read(&file).unwrap());
        }
    }
    let places: Vec<String> = [("a", &each[0]), ("b", &each[1])]
        .map(|(run, from)| {
            folder.path(&format!(
                "{run}/{}",
                Path::new(from).file_name().unwrap().to_str().unwrap()
            ))
        })
        .to_vec();
    ends(
        &run(&["analyze", "-o", &output, "--types", "q", &base, &places[0], &places[1]]),
        0,
    );
    assert!(
        folder.report("r.json").models.iter().all(|m| m.run.is_none()),
        "two runs of one checkpoint each"
    );
}

/// A repository as huggingface_hub lays it out: blobs, links to them in the snapshot, a name for the commit.
#[cfg(unix)]
fn cached(cache: &Path, name: &str, revision: &str, from: &str) {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let repository = cache.join(format!("models--{}", name.replace('/', "--")));
    let snapshot = repository.join("snapshots").join(commit);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(repository.join("blobs")).unwrap();
    let named = repository.join("refs").join(revision);
    fs::create_dir_all(named.parent().unwrap()).unwrap();
    fs::write(named, commit).unwrap();
    for (n, file) in below(Path::new(from)).into_iter().enumerate() {
        let blob = format!("{n:064x}");
        fs::copy(&file, repository.join("blobs").join(&blob)).unwrap();
        let link = snapshot.join(file.file_name().unwrap());
        std::os::unix::fs::symlink(Path::new("../../blobs").join(blob), link).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn models_are_found_in_the_cache_of_the_hub_and_nowhere_else() {
    let folder = Folder::new();
    let output = folder.path("r.json");
    cached(&folder.0.join("hub"), "org/tiny", "main", &layer0("base"));
    cached(&folder.0.join("hub"), "me/tiny-lora", "refs/pr/1", &layer0("lora_r8"));
    let with = |key: &str, value: &str, args: &[&str]| {
        let mut command = program();
        command
            .env_remove("HF_HUB_CACHE")
            .env("HOME", folder.path("home"))
            .env(key, value);
        command.args(args).output().unwrap()
    };
    let args = [
        "analyze",
        "hf:org/tiny",
        "hf:me/tiny-lora@refs/pr/1",
        "-o",
        &output,
        "--types",
        "q",
    ];
    for (key, value) in [("HF_HUB_CACHE", "hub"), ("HF_HOME", "")] {
        ends(&with(key, &folder.path(value), &args), 0);
        let report = folder.report("r.json");
        assert_eq!(
            (report.base.label.as_str(), report.models[0].label.as_str()),
            ("tiny", "tiny-lora")
        );
    }
    let commit = "hf:org/tiny@0123456789abcdef0123456789abcdef01234567";
    ends(
        &with(
            "HF_HOME",
            &folder.0.to_string_lossy(),
            &["plan", commit, &layer0("lora_r8")],
        ),
        0,
    );
    let (_, err) = ends(
        &with(
            "HF_HOME",
            &folder.0.to_string_lossy(),
            &["plan", "hf:org/other@v2", &layer0("lora_r8")],
        ),
        3,
    );
    assert!(
        err.contains("hf download org/other --revision v2") && err.contains("hub"),
        "{err}"
    );
    for wrong in ["hf:../../etc", "hf:org/tiny@../../x", "hf:a/b/c", "hf:"] {
        let (_, err) = ends(
            &with(
                "HF_HOME",
                &folder.0.to_string_lossy(),
                &["plan", wrong, &layer0("lora_r8")],
            ),
            3,
        );
        assert!(err.contains("not the address of a model"), "{err}");
    }
    // A snapshot given as a folder has its repository's name too.
    let snapshot = folder.path("hub/models--org--tiny/snapshots/0123456789abcdef0123456789abcdef01234567");
    let (out, _) = ends(&run(&["plan", &snapshot, &layer0("lora_r8")]), 0);
    assert!(out.starts_with("Base   tiny:"), "{out}");
}

/// A safetensors file of these bf16 tensors, whose numbers are a hole in the file.
fn sparse(path: &Path, tensors: &[(String, [u64; 2])]) {
    let mut at = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, [rows, cols])| {
            let begin = at;
            at += rows * cols * 2;
            format!(r#""{name}":{{"dtype":"BF16","shape":[{rows},{cols}],"data_offsets":[{begin},{at}]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(8 + header.len() as u64 + at).unwrap();
}

/// 80 blocks of 8192 with grouped keys, in 20 shards, and an adapter of every linear layer: 140 GB that take no room.
#[cfg(target_os = "linux")]
#[test]
fn a_model_of_70_billion_weights_is_shared_out_evenly() {
    let folder = Folder::new();
    let shapes = [
        ("self_attn.q_proj", [8192, 8192]),
        ("self_attn.k_proj", [1024, 8192]),
        ("self_attn.v_proj", [1024, 8192]),
        ("self_attn.o_proj", [8192, 8192]),
        ("mlp.gate_proj", [28672, 8192]),
        ("mlp.up_proj", [28672, 8192]),
        ("mlp.down_proj", [8192, 28672]),
    ];
    for shard in 0..20u64 {
        let tensors: Vec<(String, [u64; 2])> = (4 * shard..4 * shard + 4)
            .flat_map(|layer| shapes.map(|(name, shape)| (format!("model.layers.{layer}.{name}.weight"), shape)))
            .collect();
        let name = format!("base/model-{:05}-of-00020.safetensors", shard + 1);
        sparse(&folder.0.join(name), &tensors);
    }
    let adapter: Vec<(String, [u64; 2])> = (0..80)
        .flat_map(|layer| {
            shapes.into_iter().flat_map(move |(name, [rows, cols])| {
                let lead = format!("base_model.model.model.layers.{layer}.{name}.lora_");
                [
                    (format!("{lead}A.weight"), [16, cols]),
                    (format!("{lead}B.weight"), [rows, 16]),
                ]
            })
        })
        .collect();
    sparse(&folder.0.join("adapter/adapter_model.safetensors"), &adapter);
    folder.put(
        "adapter/adapter_config.json",
        br#"{"peft_type":"LORA","r":16,"lora_alpha":32}"#,
    );
    let (base, adapter) = (folder.path("base"), folder.path("adapter"));
    let args = ["analyze", &base, &adapter, "--dry-run", "--json", "--part"];
    for count in [16, 64] {
        let part = format!("1/{count}");
        let (out, _) = ends(&run(&[&args[..], &[part.as_str()]].concat()), 0);
        let parts: Vec<Value> = serde_json::from_str(&out).unwrap();
        let flops: Vec<f64> = parts.iter().map(|p| p["flops"].as_f64().unwrap()).collect();
        let (most, mean) = (
            flops.iter().fold(0.0, |m: f64, x| m.max(*x)),
            flops.iter().sum::<f64>() / count as f64,
        );
        assert!(most / mean < 1.1, "{count} parts: {}", most / mean);
        let mut names: Vec<&str> = parts
            .iter()
            .flat_map(|p| p["matrices"].as_array().unwrap())
            .map(|n| n.as_str().unwrap())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((parts.len(), names.len()), (count, 560), "every matrix in one part");
        let again = ends(&run(&[&args[..], &[part.as_str()]].concat()), 0).0;
        assert!(again == out, "the parts are the same every time");
    }
}

#[test]
fn figures_tables_and_cards_are_written_from_a_report() {
    let folder = Folder::new();
    let (report, html) = (folder.path("report.json"), folder.path("report.html"));
    ends(&analyze_layer0(&["-o", &report, "--html", &html, "--hashes"]), 0);
    let text = |name: &str| fs::read_to_string(folder.0.join(name)).unwrap();
    let page = text("report.html");
    assert!(
        page.starts_with("<!doctype html>") && page.matches("<svg").count() >= 10,
        "{}",
        page.len()
    );
    assert!(
        !page.contains("<script") && !page.contains("src=\"http"),
        "it needs no network and runs nothing"
    );
    let full = fs::read(layer0("full/model.safetensors")).unwrap();
    let stored = folder.report("report.json");
    let hash = stored.models[0]
        .files
        .iter()
        .find(|f| f.name.ends_with("full/model.safetensors"))
        .unwrap();
    assert_eq!(
        (hash.size, hash.sha256.as_ref().unwrap().len()),
        (full.len() as u64, 64)
    );
    for name in ["curve.svg", "curve.csv", "curve.json"] {
        ends(
            &run(&["figure", &report, "epsilon-curve", "-o", &folder.path(name), "--k", "5"]),
            0,
        );
    }
    assert!(text("curve.svg").starts_with("<svg") && text("curve.csv").contains("k = 5"));
    ends(
        &run(&[
            "figure",
            &report,
            "spectrum",
            "-o",
            &folder.path("s.svg"),
            "--model",
            "lora_r8",
            "--dark",
        ]),
        0,
    );
    let png = run(&["figure", &report, "epsilon-curve", "-o", &folder.path("curve.png")]);
    match png.status.code() {
        Some(0) => assert!(fs::read(folder.0.join("curve.png")).unwrap().starts_with(b"\x89PNG")),
        _ => assert!(ends(&png, 3).1.contains("no fonts"), "a system without fonts says so"),
    }
    let (table, _) = ends(&run(&["table", &report]), 0);
    assert!(
        stored
            .models
            .iter()
            .all(|m| table.contains(&m.totals.intruders.to_string())),
        "{table}"
    );
    let (csv, _) = ends(&run(&["table", &report, "--csv"]), 0);
    assert_eq!(csv, export::matrices_csv(&stored, &stored.settings, None));
    ends(&run(&["card", &report, "-o", &folder.path("card.md")]), 0);
    let card = text("card.md");
    assert!(
        card.contains("](card.svg)") && card.contains("Counts are not quality labels"),
        "{card}"
    );
    assert!(
        card.contains(hash.sha256.as_ref().unwrap()) && text("card.svg").starts_with("<svg"),
        "{card}"
    );
}

#[test]
fn an_edited_adapter_has_no_more_intruders_than_its_arm_says() {
    let folder = Folder::new();
    let (base, hot, edited, output) = (
        layer0("base"),
        layer0("lora_r8_hot"),
        folder.path("edited"),
        folder.path("r.json"),
    );
    let (out, _) = ends(&run(&["surgery", &base, &hot, "-o", &edited, "--lambda", "0.25"]), 0);
    let row = out.lines().find(|line| line.starts_with("scaled")).unwrap();
    let said: u32 = row.split_whitespace().nth(1).unwrap().parse().unwrap();
    ends(&run(&["analyze", &base, &hot, &edited, "-o", &output]), 0);
    let report = folder.report("r.json");
    let of = |label: &str| {
        report
            .models
            .iter()
            .find(|m| m.label == label)
            .unwrap()
            .totals
            .intruders
    };
    assert!(of("lora_r8_hot") > said && of("edited") == said, "{out}");
    assert!(folder.0.join("edited/README.md").exists());
    ends(&run(&["surgery", &base, &hot, &layer0("lora_r1"), "-o", &edited]), 2);
    ends(&run(&["surgery", &base, &hot, "-o", &edited, "--lambda", "3"]), 2);
}

/// Every `sh` block of docs/command.md, line by line, beside the fixtures that it names.
#[cfg(unix)]
#[test]
fn losses_are_those_of_the_libraries() {
    for network in ["llama", "bert"] {
        let root = fixtures().join("behave").join(network);
        let expected = reference::read(&root.join("expected.json"));
        let place = |name: &str| root.join(name).to_str().unwrap().to_owned();
        let folder = Folder::new();
        let models = ["base", "full", "lora_r1", "lora_r4"];
        let mut args = vec!["loss".to_owned()];
        args.extend(models.map(place));
        let (general, task) = (place("text_general.txt"), place("text_task.txt"));
        args.extend(["--text", &general, "--text", &task, "--window", "4096"].map(str::to_owned));
        args.extend(["-o".to_owned(), folder.path("report.json")]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (out, _) = ends(&run(&args), 0);
        let loss = folder.report("report.json").loss.unwrap();
        assert_eq!(loss.rows.len(), models.len());
        for (row, model) in loss.rows.iter().zip(models) {
            for (on, text) in row.on.iter().zip(["general", "task"]) {
                let mean = expected["losses"][model][text]["float64"]["mean"].as_f64().unwrap();
                assert!(
                    (on.mean - mean).abs() < 2e-6,
                    "{network} {model} {text}: {} for {mean}",
                    on.mean
                );
                assert!(out.contains(&format!("{mean:.4}")), "{mean} is not in\n{out}");
            }
        }
    }
}

#[test]
fn what_a_loss_needs_and_lacks_is_said() {
    let folder = Folder::new();
    let root = fixtures().join("behave/llama");
    let place = |name: &str| root.join(name).to_str().unwrap().to_owned();
    let (base, tuned) = (place("base"), place("lora_r1"));
    let (_, err) = ends(&run(&["loss", &layer0("base"), &layer0("full")]), 3);
    assert!(err.contains("config.json") || err.contains("tokenizer.json"), "{err}");
    let (_, err) = ends(&run(&["loss", &base, &tuned, "--text", "nowhere.txt"]), 3);
    assert!(err.contains("nowhere.txt") && err.contains("german"), "{err}");
    let (_, err) = ends(&run(&["loss", &base, &tuned, "--edit", "nobody"]), 2);
    assert!(err.contains("lora_r1"), "{err}");
    let report = folder.path("report.json");
    ends(&run(&["analyze", &base, &tuned, "-o", &report]), 0);
    let (_, err) = ends(&run(&["loss", &base, &place("full"), "--report", &report]), 2);
    assert!(err.contains("full") && err.contains("lora_r1"), "{err}");
    let short = folder.path("short.txt");
    folder.put("short.txt", b"One line.");
    ends(
        &run(&[
            "loss", &base, &tuned, "--text", &short, "--report", &report, "-o", &report,
        ]),
        0,
    );
    let whole = folder.report("report.json");
    assert!(whole.loss.is_some() && whole.models[0].matrices.len() > 1);
}

#[test]
fn the_examples_of_the_document_run() {
    let folder = Folder::new();
    for name in ["base", "full", "lora_r8", "lora_r8_hot", "lora_r64"] {
        std::os::unix::fs::symlink(layer0(name), folder.0.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(fixtures().join("behave/llama"), folder.0.join("lm")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_lorascope"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/command.md")).unwrap();
    let blocks = document
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let mut lines = 0;
    for line in blocks.flat_map(str::lines) {
        let done = Command::new("sh")
            .args(["-c", line])
            .current_dir(&folder.0)
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
        lines += 1;
    }
    assert!(lines > 10, "{lines}");
}
