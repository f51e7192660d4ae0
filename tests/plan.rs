//! The plan as people's folders come: runs of checkpoints, junk, second layouts, and everything that can be corrected.

use crate::common::{Visit, fixtures};
use lorascope::plan::Plan;
use std::path::{Path, PathBuf};

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let root = std::env::temp_dir().join(format!("lorascope-plan-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        Folder(root)
    }

    fn copy(&self, from: &str, to: &str) -> &Folder {
        self.put(to, &std::fs::read(fixtures().join("zoo").join(from)).unwrap())
    }

    fn put(&self, to: &str, bytes: &[u8]) -> &Folder {
        let path = self.0.join(to);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    fn visit(&self) -> Visit {
        fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut files = Vec::new();
        walk(&self.0, &self.0, &mut files);
        files.sort();
        Visit::open(&self.0, &files.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn labels(plan: &Plan) -> Vec<&str> {
    plan.models.iter().map(|m| m.label.as_str()).collect()
}

#[test]
fn a_training_run_is_a_series_in_the_order_of_its_steps() {
    let folder = Folder::new("run");
    folder.copy("llama_lora/base/model.safetensors", "base/model.safetensors");
    for step in [500, 1000, 50] {
        folder.copy(
            "llama_lora/adapter/adapter_model.safetensors",
            &format!("run/checkpoint-{step}/adapter_model.safetensors"),
        );
        folder.copy(
            "llama_lora/adapter/adapter_config.json",
            &format!("run/checkpoint-{step}/adapter_config.json"),
        );
        folder.put(&format!("run/checkpoint-{step}/optimizer.pt"), b"not to be opened");
        folder.put(
            &format!("run/checkpoint-{step}/global_step{step}/mp_rank_00_model_states.pt"),
            b"nor this",
        );
        folder.put(
            &format!("run/checkpoint-{step}/trainer_state.json"),
            b"{\"epoch\": 1.0}",
        );
    }
    let plan = folder.visit().plan(&[]);
    assert_eq!(
        labels(&plan),
        ["run/checkpoint-50", "run/checkpoint-500", "run/checkpoint-1000"]
    );
    let steps: Vec<_> = plan
        .models
        .iter()
        .map(|m| m.run.clone().map(|r| (r.run, r.step)))
        .collect();
    assert_eq!(steps, [50, 500, 1000].map(|s| Some(("run".to_owned(), s))));
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    let unread = plan
        .left_out
        .iter()
        .find(|l| l.what.starts_with("files without weights"))
        .expect("junk is said");
    assert_eq!(unread.count, 9, "{:?}", unread.names);
}

#[test]
fn numbered_adapters_of_one_folder_are_a_series_too() {
    let folder = Folder::new("mlx");
    folder.copy("mlx_lora/base/model.safetensors", "base/model.safetensors");
    folder.copy("mlx_lora/adapter/adapter_config.json", "out/adapter_config.json");
    for name in ["0000100_adapters", "0000200_adapters", "adapters"] {
        folder.copy(
            "mlx_lora/adapter/adapters.safetensors",
            &format!("out/{name}.safetensors"),
        );
    }
    let plan = folder.visit().plan(&[]);
    let steps: Vec<_> = plan.models.iter().map(|m| m.run.as_ref().map(|r| r.step)).collect();
    assert_eq!(steps, [None, Some(100), Some(200)]);
    assert!(
        plan.models.iter().all(|m| m.scale == Some(20.0)),
        "one configuration serves the whole folder: {:?}",
        plan.questions
    );
}

#[test]
fn the_same_weights_twice_in_a_folder_are_one_model() {
    let folder = Folder::new("twice");
    folder.copy("full_pytorch_bin/base/model.safetensors", "base/model.safetensors");
    folder.copy(
        "full_pytorch_bin/base/model.safetensors",
        "base/consolidated.safetensors",
    );
    folder.copy("full_pytorch_bin/tuned/pytorch_model.bin", "tuned/pytorch_model.bin");
    let plan = folder.visit().plan(&[]);
    assert_eq!(
        (plan.base.as_ref().unwrap().label.as_str(), labels(&plan)),
        ("base", vec!["tuned"])
    );
    let unread = plan
        .left_out
        .iter()
        .find(|l| l.what.contains("same weights in another format"))
        .unwrap();
    assert_eq!(unread.names, ["base/consolidated.safetensors"]);
}

#[test]
fn types_and_names_are_switched_and_the_counts_follow() {
    let mut visit = Visit::open_folders(&fixtures().join("zoo/llama_lora"), &["base", "adapter"]);
    let all = visit.plan(&[]);
    let on = |plan: &Plan| {
        plan.types
            .iter()
            .filter(|t| t.on)
            .map(|t| t.kind.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(on(&all), ["q", "k", "v", "o", "gate", "up", "down"]);
    assert!(
        all.types.iter().any(|t| !t.on),
        "embeddings are there to be switched on"
    );
    let some = visit.plan(&[("types", "q,v")]);
    assert_eq!((on(&some), some.matrices.len()), (vec!["q".to_owned(), "v".into()], 4));
    assert_eq!(some.models[0].matching.matched, all.models[0].matching.matched);
    let first = visit.plan(&[("types", "q,v"), ("pattern", r"layers\.0\.")]);
    assert_eq!(first.matrices.len(), 2);
    assert!(
        first.left_out.iter().any(|l| l.what.contains("switched off")),
        "{:?}",
        first.left_out
    );
    let broken = visit.plan(&[("pattern", "(")]);
    assert!(broken.pattern_fault.is_some() && broken.matrices.len() == all.matrices.len());
}

#[test]
fn two_tensors_are_paired_by_hand() {
    let folder = Folder::new("hand");
    folder.copy("llama_lora/base/model.safetensors", "base/model.safetensors");
    // The same adapter with one module renamed beyond any prefix rule.
    let bytes = std::fs::read(fixtures().join("zoo/llama_lora/adapter/adapter_model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file
        .tensors()
        .into_iter()
        .map(|(n, t)| (n.replace("layers.1.self_attn.q_proj", "layers.1.self_attn.other"), t));
    folder.put(
        "adapter/adapter_model.safetensors",
        &safetensors::serialize(tensors, None).unwrap(),
    );
    folder.copy("llama_lora/adapter/adapter_config.json", "adapter/adapter_config.json");
    let mut visit = folder.visit();
    let plan = visit.plan(&[]);
    let name = "model.layers.1.self_attn.other.weight";
    assert_eq!(plan.models[0].matching.unmatched, [name]);
    let base = "model.layers.1.self_attn.q_proj.weight";
    assert!(plan.models[0].matching.only_in_base.iter().any(|n| n == base));
    let paired = visit.plan(&[(&format!("pair:adapter:{name}"), base)]);
    assert_eq!(
        (paired.models[0].matching.unmatched.len(), paired.matrices.len()),
        (0, plan.matrices.len() + 1)
    );
    assert!(
        paired.models[0].matching.rules.iter().any(|r| r == "by hand"),
        "{:?}",
        paired.models[0].matching.rules
    );
    // A shape that does not fit is not believed.
    let wrong = visit.plan(&[(&format!("pair:adapter:{name}"), "model.layers.1.mlp.down_proj.weight")]);
    assert_eq!(wrong.models[0].matching.unmatched, [name]);
}

/// diffusers of 2025 and later keeps rank and alpha in the file; before, alpha was the rank.
#[test]
fn alpha_from_the_metadata_of_diffusers() {
    let folder = Folder::new("diffusers");
    folder.copy(
        "sd_diffusers/base/unet/diffusion_pytorch_model.safetensors",
        "base/diffusion_pytorch_model.safetensors",
    );
    let bytes = std::fs::read(fixtures().join("zoo/sd_diffusers/tuned/pytorch_lora_weights.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let said = r#"{"unet.r": 3, "unet.lora_alpha": 6, "unet.use_rslora": false, "text_encoder.lora_alpha": 1}"#;
    for (json, scale, source) in [
        (said, 2.0, "the file’s metadata"),
        ("{}", 1.0, "α = r, the convention of image models"),
    ] {
        let metadata = [("lora_adapter_metadata".to_owned(), json.to_owned())].into();
        let file = safetensors::serialize(file.tensors(), Some(metadata)).unwrap();
        let plan = folder
            .put("tuned/pytorch_lora_weights.safetensors", &file)
            .visit()
            .plan(&[]);
        assert_eq!(
            (plan.models[0].scale, plan.models[0].scale_source.as_str()),
            (Some(scale), source)
        );
        assert!(plan.questions.is_empty());
    }
}

/// The head is not in the file: it is the embedding.
#[test]
fn an_adapter_of_a_tied_head_finds_its_base() {
    let folder = Folder::new("tied");
    folder.copy("qwen2_fp16/base/model.safetensors", "base/model.safetensors");
    folder.copy("qwen2_fp16/adapter/adapter_config.json", "adapter/adapter_config.json");
    let bytes = std::fs::read(folder.0.join("base/model.safetensors")).unwrap();
    let base = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let [vocabulary, width] = base.tensor("model.embed_tokens.weight").unwrap().shape()[..] else {
        panic!()
    };
    let ones = 1f32.to_le_bytes().repeat(vocabulary.max(width) * 2);
    let view = |shape: Vec<usize>| {
        let bytes = shape.iter().product::<usize>() * 4;
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, &ones[..bytes]).unwrap()
    };
    let start = "base_model.model.lm_head";
    let tensors = [
        (format!("{start}.lora_A.weight"), view(vec![2, width])),
        (format!("{start}.lora_B.weight"), view(vec![vocabulary, 2])),
    ];
    folder.put(
        "adapter/adapter_model.safetensors",
        &safetensors::serialize(tensors, None).unwrap(),
    );
    let plan = folder.visit().plan(&[("types", "outside")]);
    assert_eq!(plan.models[0].matching.matched, 1, "{:?}", plan.problems);
    let names: Vec<&str> = plan.matrices.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["lm_head.weight"]);
}

/// GPT-2's c_attn is stored `[in, 3 x out]`: its parts are the rows of the transpose, in W0 and in W alike.
#[test]
fn fused_layers_are_taken_apart_on_request() {
    let mut visit = Visit::open_folders(&fixtures().join("zoo/gpt2_lora"), &["base", "adapter"]);
    let whole = visit.plan(&[]);
    let at = whole
        .matrices
        .iter()
        .position(|m| m.kind.as_deref() == Some("qkv"))
        .unwrap();
    let (matrix, fused) = (whole.matrices[at].clone(), visit.merged(at).remove(0).unwrap());
    assert_eq!(whole.split, Some(false));
    let parts = visit.plan(&[("split", "yes")]);
    let own: Vec<usize> = (0..parts.matrices.len())
        .filter(|i| parts.matrices[*i].name.starts_with(&format!("{} [", matrix.name)))
        .collect();
    let kinds: Vec<_> = own.iter().filter_map(|i| parts.matrices[*i].kind.as_deref()).collect();
    assert_eq!(kinds, ["q", "k", "v"]);
    let joined: Vec<f32> = own.iter().flat_map(|i| visit.merged(*i).remove(0).unwrap()).collect();
    assert_eq!(joined, fused);
    let report = visit.run_with(&[("split", "yes")]);
    let analyzed = report.models[0]
        .matrices
        .iter()
        .filter(|m| m.name.contains(" ["))
        .all(|m| m.status == lorascope::report::Status::Analyzed);
    assert!(
        analyzed && report.models[0].matrices.len() == whole.matrices.len() + 2 * 2,
        "{}",
        report.models[0].matrices.len()
    );
}

/// Sparse: neither the disk nor the memory holds what the header promises.
#[test]
fn offsets_past_4_gib_and_tensors_past_512_mib_are_planned_and_read() {
    let folder = Folder::new("giant");
    let big: u64 = 600 << 20;
    let begin = 8 * big;
    let mut entries: Vec<String> = (0..8)
        .map(|i| {
            format!(
                r#""layers.{i}.up_proj.weight":{{"dtype":"BF16","shape":[15360,20480],"data_offsets":[{},{}]}}"#,
                i * big,
                (i + 1) * big
            )
        })
        .collect();
    entries.push(format!(
        r#""layers.9.q_proj.weight":{{"dtype":"F32","shape":[2,2],"data_offsets":[{begin},{}]}}"#,
        begin + 16
    ));
    let header = format!("{{{}}}", entries.join(","));
    for (name, values) in [("base", [1.0f32, 0.0, 0.0, 2.0]), ("tuned", [1.0, 0.5, 0.0, 2.0])] {
        use std::io::{Seek, SeekFrom, Write};
        folder.put(
            &format!("{name}/model.safetensors"),
            &[&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat(),
        );
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .open(folder.0.join(name).join("model.safetensors"))
            .unwrap();
        file.seek(SeekFrom::Start(8 + header.len() as u64 + begin)).unwrap();
        file.write_all(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
            .unwrap();
    }
    let mut visit = folder.visit();
    let plan = visit.plan(&[]);
    assert_eq!((plan.problems.len(), plan.matrices.len()), (0, 9));
    assert!(begin > 1 << 32 && plan.matrices.iter().any(|m| m.memory > (1u64 << 30) as f64));
    let small = plan.matrices.iter().position(|m| m.layer == Some(9)).unwrap();
    assert_eq!(visit.merged(small), [Some(vec![1.0, 0.5, 0.0, 2.0])]);
}
