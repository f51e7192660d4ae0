//! Messages with a way out: each kind of file that is not read, or is beside the point, named with its own way out.

use crate::field_kinds::{Dropped, PEFT, Tensors, close, config, lora, no_errors, random, tensors};
use lorascope::plan::{Plan, Problem};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

const Q: &str = "base_model.model.model.layers.0.self_attn.q_proj";
const Q_WEIGHT: &str = "model.layers.0.self_attn.q_proj.weight";

fn all(parts: impl IntoIterator<Item = Tensors>) -> Tensors {
    parts.into_iter().flatten().collect()
}

fn pair(module: &str, out: usize, r: usize, inputs: usize) -> Tensors {
    tensors(&[
        (&format!("{module}.lora_A.weight"), &[r, inputs]),
        (&format!("{module}.lora_B.weight"), &[out, r]),
    ])
}

fn llama(layers: usize) -> Tensors {
    all((0..layers).map(|i| {
        tensors(&[
            (&format!("model.layers.{i}.self_attn.q_proj.weight"), &[12, 12]),
            (&format!("model.layers.{i}.mlp.up_proj.weight"), &[20, 12]),
        ])
    }))
}

fn adapted(drop: Dropped) -> Dropped {
    drop.weights("ad/adapter_model.safetensors", &pair(Q, 12, 2, 12))
        .put("ad/adapter_config.json", &config(2, 4, ""))
}

#[track_caller]
fn said<'a>(plan: &'a Plan, code: &str) -> &'a Problem {
    plan.problems
        .iter()
        .find(|p| p.code == code)
        .unwrap_or_else(|| panic!("{code}: {:#?}", plan.problems))
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.problems.iter().map(|p| p.code.as_str()).collect()
}

fn fix(problem: &Problem) -> &str {
    problem.fix.as_deref().unwrap_or_default()
}

/// A file of tensors of any type, zeros all.
fn zeros(list: &[(String, Dtype, Vec<usize>)]) -> Vec<u8> {
    let width = |t: Dtype| match t {
        Dtype::F32 | Dtype::I32 | Dtype::U32 => 4,
        Dtype::F16 | Dtype::BF16 => 2,
        _ => 1,
    };
    let bytes: Vec<Vec<u8>> = list
        .iter()
        .map(|(_, t, shape)| vec![0; width(*t) * shape.iter().product::<usize>()])
        .collect();
    let views = list
        .iter()
        .zip(&bytes)
        .map(|((name, t, shape), bytes)| (name.clone(), TensorView::new(*t, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn index(names: &[&str], shard: &str) -> Vec<u8> {
    let map: Vec<String> = names.iter().map(|n| format!(r#""{n}":"{shard}""#)).collect();
    format!(r#"{{"metadata":{{}},"weight_map":{{{}}}}}"#, map.join(",")).into_bytes()
}

/// An index of files that are not here says nothing where what it lists is here in other files.
#[test]
fn a_stray_index_is_no_error() {
    let base = llama(1);
    let names: Vec<&str> = base.keys().map(String::as_str).collect();
    // The other format's, that of before the shards were merged, and another variant's.
    for name in [
        "pytorch_model.bin.index.json",
        "model.safetensors.index.json",
        "model.safetensors.index.fp16.json",
    ] {
        let drop = adapted(Dropped::new("stray").weights("base/model.safetensors", &base))
            .put(&format!("base/{name}"), &index(&names, "model-00001-of-00002.bin"));
        no_errors(&drop.plan());
    }
    // What it lists is not here.
    let other = index(
        &["model.layers.7.mlp.up_proj.weight"],
        "model-00002-of-00002.safetensors",
    );
    let drop = adapted(Dropped::new("stray-other").weights("base/model.safetensors", &base))
        .put("base/model.safetensors.index.json", &other);
    assert!(codes(&drop.plan()).contains(&"missing-shard"));
}

/// A shard that is here and cannot be read is not missing, and a base that cannot be read is not missing either.
#[test]
fn one_fault_is_said_once() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 4\n";
    let shard = |n: u32| format!("base/model-0000{n}-of-00002.safetensors");
    let names = ["a.weight", "b.weight"];
    let drop = adapted(Dropped::new("pointers"))
        .put(&shard(1), pointer)
        .put(&shard(2), pointer)
        .put(
            "base/model.safetensors.index.json",
            &index(&names, "model-00001-of-00002.safetensors"),
        );
    assert_eq!(codes(&drop.plan()), ["file-type", "file-type"]);
    let drop = adapted(Dropped::new("pointer-one"))
        .put(&shard(1), pointer)
        .weights(&shard(2), &llama(1));
    assert_eq!(codes(&drop.plan()), ["file-type"]);
    let drop = adapted(Dropped::new("no-base"));
    assert_eq!(codes(&drop.plan()), ["no-base"]);
}

/// Factors of several outputs of a fused layer, one after the other: merged as PEFT's they would be wrong.
#[test]
fn grouped_factors_are_named() {
    let factors = |module: &str, a: usize| {
        tensors(&[
            (&format!("{module}.lora_A"), &[a, 12]),
            (&format!("{module}.lora_B"), &[24, 2]),
        ])
    };
    for (module, rows, writer, way) in [
        ("transformer.h.0.attn.qkv", 6, "LitGPT", "litgpt merge_lora"),
        ("transformer.h.0.attn.qkv", 4, "LitGPT", "litgpt convert_from_litgpt"),
        ("transformer.h.0.attn.c_attn", 4, "loralib", "model.eval()"),
        (
            "roberta.encoder.layer.0.attention.self.qv",
            4,
            "loralib",
            "model.eval()",
        ),
    ] {
        let plain = tensors(&[
            ("transformer.h.0.attn.proj.lora_A", &[2, 12]),
            ("transformer.h.0.attn.proj.lora_B", &[12, 2]),
        ]);
        let drop = Dropped::new("grouped")
            .weights("base/model.safetensors", &llama(1))
            .weights("out/lit_model.pth.lora", &all([factors(module, rows), plain]));
        let plan = drop.plan();
        let named = said(&plan, "foreign-adapter");
        assert!(named.title.contains(writer) && fix(named).contains(way), "{named:#?}");
        assert!(!codes(&plan).contains(&"adapter-rank") && !codes(&plan).contains(&"no-match"));
    }
    // The ranks of a damaged file of PEFT differ too: those are layers.
    let damaged = tensors(&[
        (&format!("{Q}.lora_A.weight"), &[4, 12]),
        (&format!("{Q}.lora_B.weight"), &[12, 2]),
    ]);
    let drop = Dropped::new("ungrouped")
        .weights("base/model.safetensors", &llama(1))
        .weights("ad/adapter_model.safetensors", &damaged);
    assert!(codes(&drop.plan()).contains(&"adapter-rank"));
}

/// AdapterHub's two kinds, under names of its own.
#[test]
fn adapters_of_adapterhub_are_named() {
    let base: Tensors = all((0..2).map(|i| {
        tensors(&[(
            &format!("bert.encoder.layer.{i}.attention.self.query.weight"),
            &[48, 48],
        )])
    }));
    let bottleneck = all((0..2).map(|i| {
        let module = format!("bert.encoder.layer.{i}.output.adapters.sst");
        tensors(&[
            (&format!("{module}.adapter_down.0.weight"), &[4, 48]),
            (&format!("{module}.adapter_down.0.bias"), &[4]),
            (&format!("{module}.adapter_up.weight"), &[48, 4]),
        ])
    }));
    let loras = all((0..2).map(|i| {
        let module = format!("bert.encoder.layer.{i}.attention.self.query.loras.sst");
        tensors(&[
            (&format!("{module}.lora_A"), &[4, 48]),
            (&format!("{module}.lora_B"), &[48, 4]),
        ])
    }));
    for (file, way) in [(&bottleneck, "nothing to compare"), (&loras, "merge_adapter")] {
        let drop = Dropped::new("adapterhub")
            .weights("base/model.safetensors", &base)
            .weights("sst/pytorch_adapter.bin", file)
            .put(
                "sst/adapter_config.json",
                br#"{"config":{"reduction_factor":16},"model_class":"BertAdapterModel","name":"sst"}"#,
            );
        let plan = drop.plan();
        let named = said(&plan, "foreign-adapter");
        assert!(
            named.title.contains("AdapterHub") && fix(named).contains(way),
            "{named:#?}"
        );
        assert!(plan.questions.is_empty() && plan.models.is_empty());
    }
}

/// An adapter of embeddings alone is said to be one, with the way to see them.
#[test]
fn adapters_of_embeddings_only_are_said_so() {
    let embed = "base_model.model.model.embed_tokens";
    let factors = tensors(&[
        (&format!("{embed}.lora_embedding_A"), &[2, 30]),
        (&format!("{embed}.lora_embedding_B"), &[12, 2]),
    ]);
    let tokens = tensors(&[(&format!("{embed}.token_adapter.trainable_tokens_delta"), &[3, 12])]);
    let trainable = br#"{"peft_type":"TRAINABLE_TOKENS","token_indices":[1,2,3]}"#;
    for (file, own) in [
        (&factors, Some(&config(2, 4, "")[..])),
        (&tokens, Some(&trainable[..])),
        (&tokens, None),
    ] {
        let mut drop = Dropped::new("embeddings")
            .weights("base/model.safetensors", &llama(1))
            .weights("ad/adapter_model.safetensors", file);
        if let Some(own) = own {
            drop = drop.put("ad/adapter_config.json", own);
        }
        let plan = drop.plan();
        let named = said(&plan, "embeddings-only");
        assert!(
            fix(named).contains("embeddings") && plan.models.is_empty(),
            "{named:#?}"
        );
    }
}

/// PEFT's newer methods by their tensors alone; none is taken for a LoRA, a model or another library's.
#[test]
fn newer_methods_without_a_configuration_are_named() {
    let cases: [(&str, Tensors); 6] = [
        (
            "GraLoRA",
            tensors(&[
                (&format!("{Q}.gralora_A"), &[2, 6, 2]),
                (&format!("{Q}.gralora_B"), &[2, 2, 6]),
            ]),
        ),
        (
            "DeLoRA",
            tensors(&[
                (&format!("{Q}.delora_A"), &[2, 12]),
                (&format!("{Q}.delora_B"), &[12, 2]),
                (&format!("{Q}.delora_lambda"), &[1]),
            ]),
        ),
        (
            "RoAd",
            tensors(&[(&format!("{Q}.road_theta"), &[6]), (&format!("{Q}.road_alpha"), &[6])]),
        ),
        ("C3A", tensors(&[(&format!("{Q}.c3a_kernel"), &[2, 2, 6])])),
        ("WaveFT", tensors(&[(&format!("{Q}.waveft_spectrum"), &[9])])),
        ("MiSS", tensors(&[(&format!("{Q}.miss_block"), &[2, 12])])),
    ];
    for (name, file) in cases {
        let drop = Dropped::new("newer")
            .weights("base/model.safetensors", &llama(1))
            .weights("new.safetensors", &file);
        let plan = drop.plan();
        let named = said(&plan, "method-unsupported");
        assert!(
            named.title.contains(name) && fix(named).contains("merge_and_unload"),
            "{named:#?}"
        );
        assert!(plan.questions.is_empty() && plan.models.is_empty(), "{name}");
    }
}

/// Layouts of speech and translation are not CLIP's.
#[test]
fn whisper_and_its_kin_are_not_called_clip() {
    let speech: Tensors = all(["encoder", "decoder"].map(|side| {
        all((0..2).map(|i| {
            tensors(&[
                (&format!("{side}.blocks.{i}.attn.query.weight"), &[12, 12]),
                (&format!("{side}.blocks.{i}.attn.out.weight"), &[12, 12]),
            ])
        }))
    }));
    let t5: Tensors =
        all((0..2).map(|i| tensors(&[(&format!("encoder.block.{i}.layer.0.SelfAttention.q.weight"), &[12, 12])])));
    let adapter = |sides: &[&str]| {
        all(sides.iter().map(|side| {
            all((0..2).map(|i| {
                pair(
                    &format!("base_model.model.model.{side}.layers.{i}.self_attn.q_proj"),
                    12,
                    2,
                    12,
                )
            }))
        }))
    };
    let drop = |name: &str, base: &Tensors, adapter: &Tensors| {
        let named = config(2, 4, r#","base_model_name_or_path":"openai/whisper-small""#);
        Dropped::new(name)
            .weights("base.safetensors", base)
            .weights("ad/adapter_model.safetensors", adapter)
            .put("ad/adapter_config.json", &named)
            .plan()
    };
    let plan = drop("whisper", &speech, &adapter(&["encoder", "decoder"]));
    let differ = said(&plan, "layouts-differ");
    assert!(
        differ.title.contains("Whisper, BART") && differ.title.contains("OpenAI’s layout of Whisper"),
        "{differ:#?}"
    );
    assert!(
        fix(differ).contains("openai/whisper-small") && !fix(differ).contains("text_encoder"),
        "{differ:#?}"
    );
    // Nothing is known of T5's layout: the base that the configuration names is.
    let plan = drop("bart", &t5, &adapter(&["encoder"]));
    let none = said(&plan, "no-match");
    assert!(
        fix(none).contains("openai/whisper-small") && !fix(none).contains("same architecture"),
        "{none:#?}"
    );
}

/// A packed base is named, and stays in the question which model is the base: no other takes its place unasked.
#[test]
fn a_packed_base_is_named_and_does_not_vanish() {
    let t = |end: &str, t: Dtype, shape: &[usize]| {
        (0..2)
            .map(|i| (format!("model.layers.{i}.self_attn.q_proj{end}"), t, shape.to_vec()))
            .collect::<Vec<_>>()
    };
    let cases = [
        (
            "ModelOpt",
            [t(".weight", Dtype::U8, &[12, 6]), t(".weight_scale_2", Dtype::F32, &[])].concat(),
        ),
        (
            "quanto",
            [
                t(".weight._data", Dtype::I8, &[12, 12]),
                t(".weight._scale", Dtype::F32, &[12, 1]),
            ]
            .concat(),
        ),
        (
            "HQQ",
            [t(".W_q", Dtype::U8, &[6, 12]), t(".meta", Dtype::F32, &[1])].concat(),
        ),
        (
            "EXL2",
            [t(".q_weight", Dtype::I32, &[2, 12]), t(".q_scale", Dtype::I32, &[1, 2])].concat(),
        ),
        (
            "EXL3",
            [t(".trellis", Dtype::I32, &[1, 1, 48]), t(".suh", Dtype::F16, &[12])].concat(),
        ),
        (
            "8-bit integers",
            [
                t(".weight", Dtype::I8, &[12, 12]),
                t(".weight_scale", Dtype::BF16, &[12, 1]),
            ]
            .concat(),
        ),
        (
            "torchao",
            [
                t(".weight_qdata", Dtype::I8, &[12, 12]),
                t(".weight_scale", Dtype::F32, &[12]),
            ]
            .concat(),
        ),
        (
            "AQLM",
            [t(".codes", Dtype::U8, &[12, 2]), t(".codebooks", Dtype::F16, &[2, 4])].concat(),
        ),
        ("not known here", t(".weight", Dtype::I32, &[2, 12])),
    ];
    for (scheme, packed) in cases {
        let named = config(2, 4, r#","base_model_name_or_path":"org/llama-packed""#);
        let drop = Dropped::new("packed")
            .put("org/llama-packed/model.safetensors", &zeros(&packed))
            .weights("ad/adapter_model.safetensors", &pair(Q, 12, 2, 12))
            .put("ad/adapter_config.json", &named);
        let plan = drop.plan();
        let refused = said(&plan, "quantized");
        assert!(
            refused.title.contains(scheme) && fix(refused).contains("16-bit"),
            "{refused:#?}"
        );
        assert_eq!(codes(&plan), ["quantized"], "{scheme}");
        // With a fine-tune beside it, that is not taken for the base.
        let drop = drop.weights("tuned/model.safetensors", &llama(2));
        let plan = drop.plan();
        let question = plan.questions.iter().find(|q| q.id == "base").expect("asked");
        let option = question
            .options
            .iter()
            .find(|o| o.value == "llama-packed")
            .expect("offered");
        assert!(
            question.value == "llama-packed" && option.note.contains("cannot be read"),
            "{question:#?}"
        );
        assert!(plan.models.is_empty() && plan.matrices.is_empty(), "{scheme}");
        let plan = drop.visit().plan(&[("base", "tuned")]);
        assert_eq!(plan.models.len(), 1, "{scheme}: {:#?}", plan.problems);
    }
}

/// All experts of a block in one tensor of 8-bit floats, with a scale for each expert's blocks.
#[test]
fn fused_experts_of_eight_bit_floats_are_read_with_their_scales() {
    let experts = "model.layers.0.mlp.experts.down_proj";
    let codes: Vec<u8> = (0..2 * 8 * 12).map(|i| 0x30 + (i % 24) as u8).collect();
    let scales: Vec<u8> = [0.5f32, 2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let q = random(Q_WEIGHT, 144);
    let q: Vec<u8> = q.iter().flat_map(|x| x.to_le_bytes()).collect();
    let file = |scales: &[u8]| {
        let scale = format!("{experts}_scale_inv");
        let views = [
            (
                experts,
                TensorView::new(Dtype::F8_E4M3, vec![2, 8, 12], &codes).unwrap(),
            ),
            (&scale, TensorView::new(Dtype::F32, vec![2, 1, 1], scales).unwrap()),
            (Q_WEIGHT, TensorView::new(Dtype::F32, vec![12, 12], &q).unwrap()),
        ];
        safetensors::serialize(views, None).unwrap()
    };
    let twice: Vec<u8> = [1.0f32, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let drop = Dropped::new("fp8-experts")
        .put("base/model.safetensors", &file(&scales))
        .put("tuned/model.safetensors", &file(&twice));
    let merged = drop.merged(&[]);
    let base = drop.visit().plan(&[("types", "experts,q")]);
    let names: Vec<&str> = base.matrices.iter().map(|m| m.name.as_str()).collect();
    assert!(!names.iter().any(|n| n.contains("scale")), "{names:?}");
    // E4M3: 0x30 is 0.5, 0x38 is 1.
    let (first, second) = (&merged[&format!("{experts}[0]")], &merged[&format!("{experts}[1]")]);
    assert_eq!(
        (first[(0, 0)], first[(0, 8)], second[(0, 0)], second[(0, 8)]),
        (0.5, 1.0, 2.0, 4.0)
    );
}

/// Checkpoints of other frameworks and runtimes, alone: said, with the way to weights that are read.
#[test]
fn what_only_its_own_library_reads_is_said() {
    for (path, title, way) in [
        ("tuned/flax_model.msgpack", "Flax", "from_flax=True"),
        ("flax_model.msgpack", "Flax", "from_flax=True"),
        ("tuned/model.onnx", "ONNX", "exported from"),
        ("model.tflite", "TensorFlow Lite", "exported from"),
        ("tuned/openvino_model.xml", "OpenVINO", "exported from"),
        ("tuned/llama.engine", "TensorRT", "exported from"),
        ("tuned/x.mlpackage/Data/weights.bin", "Core ML", "exported from"),
        ("nemo/weights/__0_0.distcp", "NeMo", "NeMo"),
        ("fsdp/weights/__0_0.distcp", "distributed", "Accelerate"),
    ] {
        let drop = Dropped::new("alone")
            .weights("base/model.safetensors", &llama(1))
            .put("nemo/context/model.yaml", b"name: x")
            .put(path, &[0x93; 64]);
        let plan = drop.plan();
        let named = plan
            .problems
            .iter()
            .find(|p| p.title.contains(title))
            .unwrap_or_else(|| panic!("{path}: {:#?}", plan.problems));
        let words = format!("{} {}", fix(named), named.command.as_deref().unwrap_or_default());
        assert!(words.contains(way), "{path}: {named:#?}");
    }
    // Megatron-Core keeps what is common to its pieces beside them.
    let drop = Dropped::new("megatron-core")
        .weights("base/model.safetensors", &llama(1))
        .put("run/__0_0.distcp", &[1; 64])
        .put("run/common.pt", &[1; 64]);
    assert!(drop.plan().problems.iter().any(|p| p.title.contains("Megatron")));
    // Beside the model itself, or below it, they are of no interest.
    let mut drop = adapted(Dropped::new("beside-model").weights("base/model.safetensors", &llama(1)));
    for path in [
        "base/flax_model.msgpack",
        "base/onnx/model.onnx",
        "base/openvino/openvino_model.xml",
    ] {
        drop = drop.put(path, &[0x93; 64]);
    }
    no_errors(&drop.plan());
}

/// Trained weights and their average in one file: the former are used, and it is said.
#[test]
fn two_copies_of_the_weights_are_said() {
    let base = llama(2);
    let under = |lead: &str| -> Tensors { base.iter().map(|(n, t)| (format!("{lead}{n}"), t.clone())).collect() };
    for leads in [
        ["state_dict.", "state_dict_ema."],
        ["student.module.", "teacher."],
        ["", "ema."],
    ] {
        let drop = Dropped::new("copies")
            .weights("base/model.safetensors", &base)
            .weights("out/checkpoint.safetensors", &all(leads.map(under)));
        let plan = drop.plan();
        no_errors(&plan);
        let matching = &plan.models[0].matching;
        assert_eq!((matching.matched, matching.total), (4, 4), "{leads:?}: {matching:?}");
        let aside = leads[usize::from(leads[0] != "student.module.")]
            .trim_end_matches('.')
            .trim_end_matches(".module");
        let note = format!("two copies of the weights; “{aside}” is not used");
        let notes = &plan.models[0].notes;
        assert!(notes.iter().any(|n| n.contains(&note)), "{leads:?}: {notes:?}");
        let aside = plan
            .left_out
            .iter()
            .find(|l| l.what.contains("second copy"))
            .expect("said");
        assert_eq!(aside.count, 4);
    }
}

/// A head that is not in the base is milder than a wrong base.
#[test]
fn what_is_outside_the_blocks_is_milder() {
    let head = all([
        pair(Q, 12, 2, 12),
        pair("base_model.model.extra_head", 30, 2, 12),
        pair("base_model.model.other_head", 30, 2, 12),
    ]);
    let drop = Dropped::new("outside")
        .weights("base/model.safetensors", &llama(1))
        .weights("ad/adapter_model.safetensors", &head)
        .put("ad/adapter_config.json", &config(2, 4, ""));
    let plan = drop.plan();
    no_errors(&plan);
    let mild = said(&plan, "some-unmatched");
    assert!(
        fix(mild).contains("their numbers stand") && !fix(mild).contains("trained from"),
        "{mild:#?}"
    );
    let missing = all([
        pair(Q, 12, 2, 12),
        pair("base_model.model.model.layers.9.self_attn.q_proj", 12, 2, 12),
        pair("base_model.model.model.layers.0.mlp.up_proj", 20, 2, 12),
    ]);
    let named = config(2, 4, r#","base_model_name_or_path":"org/deeper""#);
    let drop = Dropped::new("inside")
        .weights("base/model.safetensors", &llama(1))
        .weights("ad/adapter_model.safetensors", &missing)
        .put("ad/adapter_config.json", &named);
    assert!(fix(said(&drop.plan(), "depth-differs")).contains("org/deeper"));
}

/// Encoders as single files beside a network for images, as ComfyUI keeps them; alone they are models like any other.
#[test]
fn single_file_encoders_lie_beside_the_network() {
    let flux = all((0..2).map(|i| tensors(&[(&format!("double_blocks.{i}.img_attn.qkv.weight"), &[36, 12])])));
    let clip = tensors(&[
        ("text_model.encoder.layers.0.self_attn.q_proj.weight", &[12, 12]),
        ("text_model.encoder.layers.0.mlp.fc1.weight", &[20, 12]),
    ]);
    let t5 = tensors(&[("encoder.block.0.layer.0.SelfAttention.q.weight", &[12, 12])]);
    for [network, first, second] in [
        ["flux1-dev.safetensors", "clip_l.safetensors", "t5xxl.safetensors"],
        [
            "models/unet/flux1-dev.safetensors",
            "models/clip/clip_l.safetensors",
            "models/text_encoders/t5xxl.safetensors",
        ],
    ] {
        let drop = Dropped::new("comfy")
            .weights(first, &clip)
            .weights(second, &t5)
            .weights(network, &flux)
            .weights(
                "style.safetensors",
                &pair("diffusion_model.double_blocks.0.img_attn.qkv", 36, 2, 12),
            );
        let plan = drop.plan();
        assert!(
            plan.questions.is_empty() && plan.problems.is_empty(),
            "{:#?} {:#?}",
            plan.questions,
            plan.problems
        );
        assert_eq!(plan.models.len(), 1);
        assert_eq!(
            plan.left_out.iter().filter(|l| l.what.contains("text encoder")).count(),
            2
        );
    }
    let tuned = all([
        clip.clone(),
        tensors(&[("text_model.encoder.layers.1.mlp.fc1.weight", &[20, 12])]),
    ]);
    let drop = Dropped::new("clip-alone")
        .weights("a/clip.safetensors", &clip)
        .weights("b/clip.safetensors", &tuned);
    assert_eq!(drop.plan().models.len(), 1);
}

/// Two bases and the adapters of both: the way is to choose the other, which is here.
#[test]
fn a_base_that_is_here_is_to_be_chosen() {
    let bert = tensors(&[("encoder.layer.0.attention.self.query.weight", &[12, 12])]);
    let of_bert = pair("base_model.model.encoder.layer.0.attention.self.query", 12, 2, 12);
    let named = |name: &str| config(2, 4, &format!(r#","base_model_name_or_path":"org/{name}""#));
    let drop = Dropped::new("two-bases")
        .weights("Llama/model.safetensors", &llama(1))
        .weights("bert/model.safetensors", &bert)
        .weights("one/adapter_model.safetensors", &pair(Q, 12, 2, 12))
        .put("one/adapter_config.json", &named("Llama"))
        .weights("two/adapter_model.safetensors", &of_bert)
        .put("two/adapter_config.json", &named("bert"));
    let plan = drop.plan();
    no_errors(&plan);
    assert!(
        plan.left_out.iter().any(|l| l
            .what
            .contains("it pairs with “bert”; to see it, choose that as the base")),
        "{:#?}",
        plan.left_out
    );
    assert!(plan.left_out.iter().any(|l| l.what.contains("the base of “two”")));
}

/// Equal folder names are told apart by those above them.
#[test]
fn labels_say_whose_folder_it_is() {
    let unet = tensors(&[(
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight",
        &[12, 12],
    )]);
    let drop = Dropped::new("labels")
        .weights("sd15/unet/diffusion_pytorch_model.safetensors", &unet)
        .weights("dreambooth/unet/diffusion_pytorch_model.safetensors", &unet);
    let plan = drop.plan();
    let labels: Vec<&str> = plan.questions[0].options.iter().map(|o| o.value.as_str()).collect();
    assert_eq!(labels, ["sd15/unet", "dreambooth/unet"]);
    // The Hub's cache: the repository, not the hash of the revision.
    let hash = "0123456789012345678901234567890123456789";
    let drop = adapted(Dropped::new("cache").weights(
        &format!("models--org--Base/snapshots/{hash}/model.safetensors"),
        &llama(1),
    ));
    assert_eq!(drop.plan().base.unwrap().label, "Base");
}

/// A text encoder does not make a network one for images: MusicGen has one too.
#[test]
fn a_text_encoder_alone_makes_no_image_network() {
    let names = [
        "decoder.model.decoder.layers.0.self_attn.q_proj",
        "text_encoder.encoder.block.0.layer.0.SelfAttention.q",
    ];
    let base = all(names.map(|n| tensors(&[(&format!("{n}.weight"), &[12, 12])])));
    let adapter = all(names.map(|n| pair(&format!("base_model.model.{n}"), 12, 2, 12)));
    let drop = Dropped::new("musicgen")
        .weights("mg/model.safetensors", &base)
        .weights("mgad.safetensors", &adapter);
    let question = &drop.plan().questions[0];
    assert_eq!((question.id.as_str(), question.value.as_str()), ("alpha:mgad", "2r"));
    // The text encoder of a pipeline, in diffusers' names.
    let name = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj";
    let base = tensors(&[("text_model.encoder.layers.0.self_attn.q_proj.weight", &[12, 12])]);
    let drop = Dropped::new("pipeline-encoder")
        .weights("te/model.safetensors", &base)
        .weights("te.safetensors", &pair(name, 12, 2, 12));
    assert!(drop.plan().questions.is_empty());
}

/// Names that fit two stacks of the base equally well are asked, and the answer is followed.
#[test]
fn a_tie_between_two_parts_is_a_question() {
    let stack = |lead: &str| {
        all((0..2).map(|i| tensors(&[(&format!("{lead}.layers.{i}.self_attn.q_proj.weight"), &[12, 12])])))
    };
    let adapter = all((0..2).map(|i| pair(&format!("base_model.model.layers.{i}.self_attn.q_proj"), 12, 2, 12)));
    for [one, other] in [
        ["encoder", "decoder"],
        ["text_model", "vision_model"],
        ["thinker.model", "talker.model"],
    ] {
        let base = all([stack(one), stack(other)]);
        let drop = Dropped::new("two-parts")
            .weights("base/model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &adapter)
            .put("ad/adapter_config.json", &config(2, 4, ""));
        let plan = drop.plan();
        let question = plan.questions.iter().find(|q| q.id == "part:ad").expect("asked");
        assert_eq!(question.options.len(), 2);
        no_errors(&plan);
        for option in &question.options {
            let merged = drop.merged(&[("part:ad", &option.value)]);
            assert_eq!(merged.len(), 2, "{one}: {}", option.value);
            let name = format!("{}.layers.1.self_attn.q_proj.weight", option.value);
            let module = "base_model.model.layers.1.self_attn.q_proj";
            close(&merged, &name, &lora(&base, &name, &adapter, module, PEFT, 2.0));
        }
    }
    // One of them has another shape, or the names say which: nothing is asked.
    let base = all([
        stack("encoder"),
        tensors(&[("decoder.layers.0.self_attn.q_proj.weight", &[14, 12])]),
    ]);
    let drop = Dropped::new("one-part")
        .weights("base/model.safetensors", &base)
        .weights("ad/adapter_model.safetensors", &adapter)
        .put("ad/adapter_config.json", &config(2, 4, ""));
    assert!(drop.plan().questions.is_empty());
}

/// Matrices that are not called weights are not called buffers either.
#[test]
fn parameters_without_a_weight_in_their_names_are_left_out_by_what_they_are() {
    let base = all([
        llama(1),
        tensors(&[("transformer.blocks.0.ffn.experts.mlp.w1", &[24, 12])]),
    ]);
    let plan = adapted(Dropped::new("dbrx").weights("base/model.safetensors", &base)).plan();
    let row = plan
        .left_out
        .iter()
        .find(|l| l.names.iter().any(|n| n.ends_with("mlp.w1")))
        .expect("said");
    assert!(
        row.what.contains("parameters that are not called weights"),
        "{}",
        row.what
    );
}

/// Two files of one folder in two formats are the same model only under the same name.
#[test]
fn a_fine_tune_in_another_format_is_not_passed_over() {
    let zoo = crate::common::fixtures().join("zoo/full_pytorch_bin");
    let read = |path: &str| std::fs::read(zoo.join(path)).unwrap();
    let both = |base: &str, tuned: &str| {
        Dropped::new("formats")
            .put(base, &read("base/model.safetensors"))
            .put(tuned, &read("tuned/pytorch_model.bin"))
            .plan()
    };
    assert_eq!(both("base.safetensors", "tuned.bin").models.len(), 1);
    assert_eq!(both("x/model.safetensors", "x/sst2.pt").models.len(), 1);
    assert!(both("x/model.safetensors", "x/pytorch_model.bin").models.is_empty());
}
