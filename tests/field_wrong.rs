//! Numbers that were silently wrong, and refusals and messages that led nowhere: each kind with its right values.

use crate::field_kinds::{Dropped, PEFT, Tensors, close, config, lora, matrix, no_errors, tensors};
use lorascope::plan::{Plan, Severity};
use nalgebra::DMatrix;

/// The two factors of a module, `[r, in]` and `[out, r]`.
fn pair(module: &str, out: usize, r: usize, inputs: usize) -> Tensors {
    tensors(&[
        (&format!("{module}.lora_A.weight"), &[r, inputs]),
        (&format!("{module}.lora_B.weight"), &[out, r]),
    ])
}

fn all(parts: impl IntoIterator<Item = Tensors>) -> Tensors {
    parts.into_iter().flatten().collect()
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.problems.iter().map(|p| p.code.as_str()).collect()
}

fn labels(plan: &Plan) -> Vec<&str> {
    plan.models.iter().map(|m| m.label.as_str()).collect()
}

/// No word of a plan shows what stands in for a name inside.
#[track_caller]
fn no_placeholders(plan: &Plan) {
    let words = format!("{plan:?}");
    assert!(
        !words.contains("\\0") && !words.contains('\u{0}'),
        "{:#?}",
        plan.problems
    );
}

/// A network that steers another is not a base, however large, and whatever its names say it is.
#[test]
fn a_controlnet_is_not_the_base() {
    let blocks = |lead: &str, n: usize| -> Tensors {
        all((0..n).map(|i| {
            tensors(&[(
                &format!("{lead}input_blocks.{i}.1.transformer_blocks.0.attn1.to_q.weight"),
                &[16, 16],
            )])
        }))
    };
    let base = blocks("model.diffusion_model.", 4);
    let steering = [
        (
            "control",
            all([
                blocks("control_model.", 6),
                tensors(&[("control_model.input_hint_block.0.weight", &[16, 3, 3, 3])]),
            ]),
        ),
        (
            "diffusers",
            all([
                blocks("", 6),
                tensors(&[("controlnet_cond_embedding.conv_in.weight", &[16, 3, 3, 3])]),
            ]),
        ),
    ];
    for (name, control) in steering {
        let adapter: Tensors = tensors(&[
            (
                "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
                &[2, 16],
            ),
            (
                "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_up.weight",
                &[16, 2],
            ),
        ]);
        let drop = Dropped::new(&format!("steering-{name}"))
            .weights("control.safetensors", &control)
            .weights("sdxl.safetensors", &base)
            .weights("s.safetensors", &adapter);
        let plan = drop.plan();
        assert_eq!(plan.base.as_ref().unwrap().label, "sdxl", "{name}");
        assert_eq!(labels(&plan), ["s"], "{name}");
        assert!(
            plan.left_out.iter().any(|l| l.what.contains("steers another")),
            "{name}"
        );
        let weight = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight";
        let module = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q";
        let kohya = [".lora_down.weight", ".lora_up.weight"];
        close(
            &drop.merged(&[]),
            weight,
            &lora(&base, weight, &adapter, module, kohya, 1.0),
        );
    }
}

/// Two networks of one pipeline are two models: Wan 2.2's `transformer` and `transformer_2`, SDXL's two encoders.
#[test]
fn the_halves_of_a_pipeline_are_not_taken_for_each_other() {
    let weight = "blocks.0.attn1.to_q.weight";
    let base = tensors(&[(weight, &[12, 12]), ("blocks.1.attn1.to_q.weight", &[12, 12])]);
    let second: Tensors = base
        .iter()
        .map(|(n, (s, v))| (n.clone(), (s.clone(), v.iter().map(|x| x * 1.5).collect())))
        .collect();
    let both = all([
        pair("transformer.blocks.0.attn1.to_q", 12, 2, 12),
        pair("transformer_2.blocks.0.attn1.to_q", 12, 2, 12),
    ]);
    for folder in ["transformer", "transformer_2"] {
        let drop = Dropped::new(&format!("half-{folder}"))
            .weights(&format!("{folder}/diffusion_pytorch_model.safetensors"), &base)
            .put(
                &format!("{folder}/config.json"),
                br#"{"_class_name":"WanTransformer3DModel"}"#,
            )
            .weights("both.safetensors", &both);
        let module = format!("{folder}.blocks.0.attn1.to_q");
        close(
            &drop.merged(&[]),
            weight,
            &lora(&base, weight, &both, &module, PEFT, 1.0),
        );
    }
    let drop = Dropped::new("halves")
        .weights("wan/transformer/diffusion_pytorch_model.safetensors", &base)
        .put(
            "wan/transformer/config.json",
            br#"{"_class_name":"WanTransformer3DModel"}"#,
        )
        .weights("wan/transformer_2/diffusion_pytorch_model.safetensors", &second)
        .put(
            "wan/transformer_2/config.json",
            br#"{"_class_name":"WanTransformer3DModel"}"#,
        )
        .weights("lora.safetensors", &pair("transformer.blocks.0.attn1.to_q", 12, 2, 12));
    let plan = drop.plan();
    assert_eq!(labels(&plan), ["lora"], "{:#?}", plan.left_out);
    assert!(
        plan.left_out
            .iter()
            .any(|l| l.what.contains("another model of the pipeline"))
    );
    let encoder = |name: &str| -> Tensors {
        let base = tensors(&[("text_model.encoder.layers.0.self_attn.q_proj.weight", &[12, 12])]);
        base.into_iter()
            .map(|(n, (s, v))| (n, (s, v.iter().map(|x| x * name.len() as f32).collect())))
            .collect()
    };
    let plan = Dropped::new("encoders")
        .weights("text_encoder/model.safetensors", &encoder("one"))
        .weights("text_encoder_2/model.safetensors", &encoder("other"))
        .plan();
    assert!(plan.models.is_empty(), "{:?}", labels(&plan));
    // A fine-tuned encoder is still one, in a folder of its own name.
    let plan = Dropped::new("encoder-tuned")
        .weights("sd/text_encoder/model.safetensors", &encoder("one"))
        .weights("tuned/text_encoder/model.safetensors", &encoder("other"))
        .plan();
    assert_eq!(plan.models.len(), 1);
}

/// The part of the base that PiSSA takes out is the whole's, not that of each part.
#[test]
fn pissa_of_a_fused_layer_is_refused_by_name_over_its_parts() {
    let base: Tensors =
        all(["q", "k", "v"].map(|p| tensors(&[(&format!("model.layers.0.self_attn.{p}_proj.weight"), &[12, 12])])));
    for (init, name) in [("pissa", "PiSSA"), ("olora", "OLoRA")] {
        let drop = Dropped::new(&format!("fused-{init}"))
            .weights("base/model.safetensors", &base)
            .weights(
                "ad/adapter_model.safetensors",
                &pair("base_model.model.model.layers.0.self_attn.qkv_proj", 36, 2, 12),
            )
            .put(
                "ad/adapter_config.json",
                &config(2, 4, &format!(r#","init_lora_weights":"{init}""#)),
            );
        assert!(drop.merged(&[]).is_empty(), "{init}: something is merged");
        let report = drop.visit().run();
        let skipped = format!("{:?}", report.models[0]);
        assert!(
            skipped.contains(&format!("{name} of a fused layer is not taken apart")),
            "{skipped}"
        );
    }
}

/// A tower that an adapter names is the one that it is merged onto, where both have the same shapes.
#[test]
fn a_vision_adapter_is_merged_onto_the_vision_tower() {
    let module = |lead: &str, n: usize| format!("{lead}resblocks.{n}.mlp.c_fc.weight");
    let base: Tensors = all((0..2).map(|n| {
        tensors(&[
            (&module("transformer.", n), &[16, 12]),
            (&module("visual.transformer.", n), &[16, 12]),
        ])
    }));
    let one = |tower: &str| -> Tensors {
        all((0..2).map(|n| {
            pair(
                &format!("base_model.model.{tower}.encoder.layers.{n}.mlp.fc1"),
                16,
                2,
                12,
            )
        }))
    };
    for (tower, lead) in [("vision_model", "visual.transformer."), ("text_model", "transformer.")] {
        let adapter = one(tower);
        let drop = Dropped::new(&format!("tower-{tower}"))
            .weights("clip/open_clip_model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &adapter)
            .put("ad/adapter_config.json", &config(2, 4, ""));
        let found = drop.merged(&[]);
        assert_eq!(found.len(), 2, "{tower}: {:?}", found.keys());
        for n in 0..2 {
            let name = module(lead, n);
            let own = format!("base_model.model.{tower}.encoder.layers.{n}.mlp.fc1");
            close(&found, &name, &lora(&base, &name, &adapter, &own, PEFT, 2.0));
        }
    }
    let both = all([one("vision_model"), one("text_model")]);
    let drop = Dropped::new("tower-both")
        .weights("clip/open_clip_model.safetensors", &base)
        .weights("ad/adapter_model.safetensors", &both)
        .put("ad/adapter_config.json", &config(2, 4, ""));
    let name = module("visual.transformer.", 1);
    let own = "base_model.model.vision_model.encoder.layers.1.mlp.fc1";
    close(&drop.merged(&[]), &name, &lora(&base, &name, &both, own, PEFT, 2.0));
    assert!(drop.plan().questions.iter().all(|q| !q.id.starts_with("part:")));
    // Names that say neither: asked.
    let neither = all((0..2).map(|n| pair(&format!("base_model.model.encoder.layers.{n}.mlp.fc1"), 16, 2, 12)));
    let drop = Dropped::new("tower-neither")
        .weights(
            "clip/model.safetensors",
            &all((0..2).map(|n| {
                tensors(&[
                    (&format!("text_model.encoder.layers.{n}.mlp.fc1.weight"), &[16, 12]),
                    (&format!("vision_model.encoder.layers.{n}.mlp.fc1.weight"), &[16, 12]),
                ])
            })),
        )
        .weights("ad/adapter_model.safetensors", &neither)
        .put("ad/adapter_config.json", &config(2, 4, ""));
    let plan = drop.plan();
    let question = plan.questions.iter().find(|q| q.id == "part:ad").expect("it is asked");
    let parts: Vec<&str> = question.options.iter().map(|o| o.value.as_str()).collect();
    assert_eq!(parts, ["text_model", "vision_model"]);
}

/// Where shapes do not tell which parameter of the experts it is, the configuration does.
#[test]
fn target_parameters_decide_the_parameter() {
    let base: Tensors = all((0..3).map(|e| {
        tensors(&[
            (&format!("model.layers.0.mlp.experts.{e}.up_proj.weight"), &[12, 12]),
            (&format!("model.layers.0.mlp.experts.{e}.down_proj.weight"), &[12, 12]),
        ])
    }));
    let module = "base_model.model.model.layers.0.mlp.experts";
    let adapter = tensors(&[
        (&format!("{module}.lora_A.weight"), &[6, 12]),
        (&format!("{module}.lora_B.weight"), &[12, 6]),
    ]);
    for name in ["up_proj", "down_proj"] {
        let drop = Dropped::new(&format!("parameter-{name}"))
            .weights("base/model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &adapter)
            .put(
                "ad/adapter_config.json",
                &config(2, 4, &format!(r#","target_parameters":["mlp.experts.{name}"]"#)),
            );
        let found = drop.merged(&[]);
        let a = matrix(&adapter, &format!("{module}.lora_A.weight"));
        let b = matrix(&adapter, &format!("{module}.lora_B.weight"));
        assert_eq!(found.len(), 3, "{name}: {:?}", found.keys());
        for e in 0..3 {
            let weight = format!("model.layers.0.mlp.experts.{e}.{name}.weight");
            let own_a = a.rows(2 * e, 2).into_owned();
            let own_b = DMatrix::from_fn(12, 2, |i, r| b[(i, r * 3 + e)]);
            close(&found, &weight, &(matrix(&base, &weight) + own_b * own_a * 2.0));
        }
    }
}

fn llama(layers: usize) -> Tensors {
    all((0..layers).map(|l| {
        tensors(&[
            (&format!("model.layers.{l}.self_attn.q_proj.weight"), &[12, 12]),
            (&format!("model.layers.{l}.self_attn.v_proj.weight"), &[6, 12]),
        ])
    }))
}

const Q: &str = "base_model.model.model.layers.0.self_attn.q_proj";
const Q_WEIGHT: &str = "model.layers.0.self_attn.q_proj.weight";

/// A configuration that lies elsewhere than the only weights that lack one is theirs.
#[test]
fn a_configuration_outside_the_folder_is_found() {
    let base = llama(2);
    let adapter = pair(Q, 12, 2, 12);
    for (at, weights) in [
        ("adapter_config.json", "lora/adapter_model.safetensors"),
        ("out/adapter_config.json", "out/checkpoint-5/adapter_model.safetensors"),
    ] {
        let drop = Dropped::new(&format!("elsewhere-{}", at.len()))
            .weights("base/model.safetensors", &base)
            .put(at, &config(2, 1, ""))
            .weights(weights, &adapter);
        let plan = drop.plan();
        no_errors(&plan);
        assert!(plan.questions.is_empty(), "{:?}", plan.questions);
        assert_eq!(plan.models[0].scale_source, at);
        close(
            &drop.merged(&[]),
            Q_WEIGHT,
            &lora(&base, Q_WEIGHT, &adapter, Q, PEFT, 0.5),
        );
    }
    // One of another rank is of another adapter.
    let plan = Dropped::new("elsewhere-rank")
        .weights("base/model.safetensors", &base)
        .put("adapter_config.json", &config(4, 1, ""))
        .weights("lora/adapter_model.safetensors", &adapter)
        .plan();
    assert_eq!(plan.questions.len(), 1);
    assert!(codes(&plan).contains(&"config-without-weights"));
}

/// One configuration serves the adapters of its folder that it fits; another's rank is not its own.
#[test]
fn a_configuration_of_another_rank_is_not_shared() {
    let base = llama(2);
    let (own, other) = (pair(Q, 12, 2, 12), pair(Q, 12, 4, 12));
    let drop = Dropped::new("shared-rank")
        .weights("base/model.safetensors", &base)
        .weights("dl/adapter_model.safetensors", &own)
        .put("dl/adapter_config.json", &config(2, 2, ""))
        .weights("dl/adapter_model_r4.safetensors", &other);
    let plan = drop.plan();
    let by = |n: usize| (plan.models[n].rank, plan.models[n].scale);
    assert_eq!(by(0), (Some(2), Some(1.0)));
    // Asked, with the convention as the default.
    assert_eq!(by(1), (Some(4), Some(2.0)));
    assert_eq!(plan.questions.len(), 1, "{:?}", plan.questions);
}

/// `math.safetensors` and `math_config.json` are a pair, in whatever order they arrive.
#[test]
fn renamed_pairs_are_told_by_their_names() {
    let base = llama(2);
    for first in ["math", "code"] {
        let second = if first == "math" { "code" } else { "math" };
        let alpha = |name: &str| if name == "math" { 8 } else { 2 };
        let drop = Dropped::new(&format!("renamed-{first}"))
            .weights("base/model.safetensors", &base)
            .weights("dl/math.safetensors", &pair(Q, 12, 2, 12))
            .put(&format!("dl/{first}_config.json"), &config(2, alpha(first), ""))
            .put(&format!("dl/{second}_config.json"), &config(2, alpha(second), ""))
            .weights("dl/code.safetensors", &pair(Q, 12, 2, 12));
        let plan = drop.plan();
        assert!(plan.questions.is_empty(), "{:?}", plan.questions);
        for (label, scale) in [("math", 4.0), ("code", 1.0)] {
            let model = plan.models.iter().find(|m| m.label.ends_with(label)).unwrap();
            assert_eq!(model.scale, Some(scale), "{first} first: {label}");
        }
    }
}

/// Python writes NaN and Infinity into JSON.
#[test]
fn a_configuration_with_nan_is_read() {
    let base = llama(2);
    let adapter = pair(Q, 12, 2, 12);
    let drop = Dropped::new("nan")
        .weights("base/model.safetensors", &base)
        .weights("ad/adapter_model.safetensors", &adapter)
        .put(
            "ad/adapter_config.json",
            br#"{"peft_type":"LORA","r":2,"lora_alpha":1,"lora_dropout":NaN,"x":[-Infinity,Infinity],"note":"a NaN, \"Infinity\""}"#,
        )
        .put("ad/trainer_state.json", br#"{"loss": NaN}"#);
    let plan = drop.plan();
    assert!(
        plan.problems.is_empty() && plan.questions.is_empty(),
        "{:#?}",
        plan.problems
    );
    close(
        &drop.merged(&[]),
        Q_WEIGHT,
        &lora(&base, Q_WEIGHT, &adapter, Q, PEFT, 0.5),
    );
    // A number that matters is still one.
    let plan = Dropped::new("nan-alpha")
        .weights("base/model.safetensors", &base)
        .weights("ad/adapter_model.safetensors", &adapter)
        .put(
            "ad/adapter_config.json",
            br#"{"peft_type":"LORA","r":2,"lora_alpha":NaN}"#,
        )
        .plan();
    assert!(
        plan.problems.iter().any(|p| p.severity == Severity::Error),
        "{:#?}",
        plan.problems
    );
}

/// A fine-tune whose changes are all of types that are off is not a stranger.
#[test]
fn changes_of_switched_off_types_are_said_so() {
    let base = all([llama(1), tensors(&[("model.layers.0.mlp.gate.weight", &[4, 12])])]);
    let tuned = tensors(&[("model.layers.0.mlp.gate.weight", &[4, 12])]);
    let tuned: Tensors = tuned
        .into_iter()
        .map(|(n, (s, v))| (n, (s, v.iter().map(|x| x + 1.0).collect())))
        .collect();
    let drop = Dropped::new("off")
        .weights("base/model.safetensors", &base)
        .weights("router/model.safetensors", &tuned);
    let plan = drop.plan();
    assert_eq!(codes(&plan), ["all-switched-off"], "{:#?}", plan.problems);
    assert!(plan.problems[0].cause.contains("router"), "{}", plan.problems[0].cause);
    close(
        &drop.merged(&[]),
        "model.layers.0.mlp.gate.weight",
        &matrix(&tuned, "model.layers.0.mlp.gate.weight"),
    );
}

fn raw(tensors: &[(&str, safetensors::Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(n, dtype, shape, bytes)| {
        (
            *n,
            safetensors::tensor::TensorView::new(*dtype, shape.to_vec(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// One packed kind of tensors does not sink a base whose other weights are plain.
#[test]
fn a_base_with_packed_experts_is_read_but_for_them() {
    use safetensors::Dtype::{F32, U8};
    let base = tensors(&[(Q_WEIGHT, &[12, 12]), ("model.layers.0.mlp.router.weight", &[4, 12])]);
    let mut stored: Vec<(&str, safetensors::Dtype, &[usize], Vec<u8>)> = base
        .iter()
        .map(|(n, (s, v))| (n.as_str(), F32, s.as_slice(), bytes(v)))
        .collect();
    stored.push((
        "model.layers.0.mlp.experts.gate_up_proj_blocks",
        U8,
        &[4, 24, 1, 16],
        vec![7; 1536],
    ));
    stored.push((
        "model.layers.0.mlp.experts.gate_up_proj_scales",
        U8,
        &[4, 24, 1],
        vec![127; 96],
    ));
    let adapter = pair(Q, 12, 2, 12);
    let makers = tensors(&[("block.0.attn.qkv.weight", &[24, 12])]);
    let drop = Dropped::new("mxfp4")
        .put("gpt-oss/model.safetensors", &raw(&stored))
        .put(
            "gpt-oss/config.json",
            br#"{"model_type":"gpt_oss","quantization_config":{"quant_method":"mxfp4"}}"#,
        )
        .weights("gpt-oss/original/model.safetensors", &makers)
        .weights("ad/adapter_model.safetensors", &adapter)
        .put("ad/adapter_config.json", &config(2, 4, ""));
    let plan = drop.plan();
    no_errors(&plan);
    assert!(plan.questions.is_empty(), "{:?}", plan.questions);
    let said = plan
        .problems
        .iter()
        .find(|p| p.code == "partly-quantized")
        .expect("it is said");
    assert!(said.cause.contains("MXFP4") && said.fix.is_some(), "{said:?}");
    close(
        &drop.merged(&[]),
        Q_WEIGHT,
        &lora(&base, Q_WEIGHT, &adapter, Q, PEFT, 2.0),
    );
}

/// A scalar that is a whole number is a number.
#[test]
fn alpha_as_an_integer_is_read() {
    use safetensors::Dtype::{F32, I32, I64, U8};
    let base = llama(1);
    let module = "lora_unet_model_layers_0_self_attn_q_proj";
    let factors = tensors(&[
        (&format!("{module}.lora_down.weight"), &[2, 12]),
        (&format!("{module}.lora_up.weight"), &[12, 2]),
    ]);
    let alphas = [
        (I64, 1i64.to_le_bytes().to_vec()),
        (I32, 1i32.to_le_bytes().to_vec()),
        (U8, vec![1]),
    ];
    for (dtype, value) in alphas {
        let mut stored: Vec<(&str, safetensors::Dtype, &[usize], Vec<u8>)> = factors
            .iter()
            .map(|(n, (s, v))| (n.as_str(), F32, s.as_slice(), bytes(v)))
            .collect();
        let alpha = format!("{module}.alpha");
        stored.push((&alpha, dtype, &[], value));
        let drop = Dropped::new(&format!("alpha-{dtype:?}"))
            .weights("base/model.safetensors", &base)
            .put("lora.safetensors", &raw(&stored));
        let kohya = [".lora_down.weight", ".lora_up.weight"];
        close(
            &drop.merged(&[]),
            Q_WEIGHT,
            &lora(&base, Q_WEIGHT, &factors, module, kohya, 0.5),
        );
    }
}

/// A module that AdaLoRA pruned to nothing is the base's own; the others are merged.
#[test]
fn a_module_of_rank_zero_is_unchanged() {
    let base = llama(1);
    let v = "base_model.model.model.layers.0.self_attn.v_proj";
    let part = |module: &str, out: usize, r: usize| {
        tensors(&[
            (&format!("{module}.lora_A"), &[r, 12]),
            (&format!("{module}.lora_B"), &[out, r]),
            (&format!("{module}.lora_E"), &[r, 1]),
        ])
    };
    let adapter = all([part(Q, 12, 2), part(v, 6, 0)]);
    let drop = Dropped::new("rank-zero")
        .weights("base/model.safetensors", &base)
        .weights("ad/adapter_model.safetensors", &adapter)
        .put(
            "ad/adapter_config.json",
            br#"{"peft_type":"ADALORA","r":2,"init_r":2,"lora_alpha":2}"#,
        );
    let plan = drop.plan();
    no_errors(&plan);
    assert!(
        plan.models[0].notes.iter().any(|n| n.contains("rank 0")),
        "{:?}",
        plan.models[0].notes
    );
    let mut a = matrix(&adapter, &format!("{Q}.lora_A"));
    let e = matrix(&adapter, &format!("{Q}.lora_E"));
    a.row_iter_mut().zip(e.iter()).for_each(|(mut row, e)| row *= *e);
    let scale = (2.0 / (2.0 + 1e-5)) as f32;
    let wanted = matrix(&base, Q_WEIGHT) + matrix(&adapter, &format!("{Q}.lora_B")) * a * scale;
    close(&drop.merged(&[]), Q_WEIGHT, &wanted);
    // All of them empty is what a sharded save leaves.
    let plan = Dropped::new("rank-zero-all")
        .weights("base/model.safetensors", &base)
        .weights("ad/adapter_model.safetensors", &part(Q, 12, 0))
        .put(
            "ad/adapter_config.json",
            br#"{"peft_type":"ADALORA","r":2,"init_r":2,"lora_alpha":2}"#,
        )
        .plan();
    assert!(codes(&plan).contains(&"adapter-empty-tensors"), "{:?}", codes(&plan));
}

/// Messages name tensors, never what stands in for them inside.
#[test]
fn no_placeholder_is_shown() {
    let base = all((0..2).map(|n| {
        tensors(&[
            (
                &format!("model.diffusion_model.input_blocks.{n}.1.transformer_blocks.0.attn1.to_q.weight"),
                &[12, 12],
            ),
            (
                &format!("cond_stage_model.transformer.text_model.encoder.layers.{n}.self_attn.q_proj.weight"),
                &[8, 8],
            ),
        ])
    }));
    let adapter = all((0..2).map(|n| {
        let unet = format!("lora_unet_down_blocks_{n}_attentions_0_transformer_blocks_0_attn1_to_q");
        let text = format!("lora_te_text_model_encoder_layers_{n}_self_attn_q_proj");
        tensors(&[
            (&format!("{unet}.lora_down.weight"), &[2, 12]),
            (&format!("{unet}.lora_up.weight"), &[12, 2]),
            (&format!("{text}.lora_down.weight"), &[2, 8]),
            (&format!("{text}.lora_up.weight"), &[8, 2]),
        ])
    }));
    let drop = Dropped::new("placeholder")
        .weights("sd15.safetensors", &base)
        .weights("lora.safetensors", &adapter);
    no_placeholders(&drop.plan());
}

/// Shards of two models under the same names are never mixed into a third.
#[test]
fn shards_of_two_models_are_not_mixed() {
    let part = |l: usize, factor: f32| -> Tensors {
        let own = tensors(&[(&format!("model.layers.{l}.self_attn.q_proj.weight"), &[12, 12])]);
        own.into_iter()
            .map(|(n, (s, v))| (n, (s, v.iter().map(|x| x * factor).collect())))
            .collect()
    };
    let drop = Dropped::new("mixed")
        .weights("x/model-00001-of-00002.safetensors", &part(0, 1.0))
        .weights("x/model-00002-of-00002.safetensors", &part(1, 1.0))
        .weights("y/model-00001-of-00002.safetensors", &part(0, 2.0))
        .weights("y/model-00002-of-00002.safetensors", &part(1, 2.0));
    let bare = |order: [&str; 4]| {
        let mut visit = crate::common::Visit::open(drop.root(), &[]);
        for path in order {
            visit.add_as(&drop.root().join(path), path.rsplit('/').next().unwrap());
        }
        visit.plan(&[])
    };
    let [x1, x2, y1, y2] = [
        "x/model-00001-of-00002.safetensors",
        "x/model-00002-of-00002.safetensors",
        "y/model-00001-of-00002.safetensors",
        "y/model-00002-of-00002.safetensors",
    ];
    // One whole model after the other is what two drops give.
    assert_eq!(bare([x1, x2, y1, y2]).models.len(), 1);
    for order in [[x1, y2, x2, y1], [x1, y1, x2, y2]] {
        let plan = bare(order);
        assert!(plan.models.is_empty(), "{order:?}");
        assert_eq!(codes(&plan)[0], "shards-mixed", "{order:?}: {:?}", plan.problems);
    }
}
