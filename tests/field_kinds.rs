//! The kinds behind the field's failures, in writers that no report named: each built here, with its merge computed here.

use crate::common::Visit;
use lorascope::plan::{Plan, Severity};
use nalgebra::DMatrix;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub(crate) type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Files in a folder that goes when the test ends.
pub(crate) struct Dropped(PathBuf, Vec<String>);

impl Dropped {
    pub(crate) fn new(name: &str) -> Dropped {
        Dropped(
            std::env::temp_dir().join(format!("lorascope-kind-{name}-{}", std::process::id())),
            Vec::new(),
        )
    }

    pub(crate) fn put(mut self, path: &str, bytes: &[u8]) -> Dropped {
        let to = self.0.join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, bytes).unwrap();
        self.1.push(path.to_owned());
        self
    }

    pub(crate) fn weights(self, path: &str, tensors: &Tensors) -> Dropped {
        self.weights_saying(path, tensors, &[])
    }

    pub(crate) fn weights_saying(self, path: &str, tensors: &Tensors, metadata: &[(&str, &str)]) -> Dropped {
        let bytes: BTreeMap<&String, Vec<u8>> = tensors
            .iter()
            .map(|(n, (_, v))| (n, v.iter().flat_map(|x| x.to_le_bytes()).collect()))
            .collect();
        let views = tensors.iter().map(|(n, (shape, _))| {
            (
                n.as_str(),
                TensorView::new(Dtype::F32, shape.clone(), &bytes[n]).unwrap(),
            )
        });
        let metadata: HashMap<String, String> = metadata
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let file = safetensors::serialize(views, Some(metadata).filter(|m| !m.is_empty())).unwrap();
        self.put(path, &file)
    }

    pub(crate) fn visit(&self) -> Visit {
        Visit::open(&self.0, &self.1.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn plan(&self) -> Plan {
        self.visit().plan(&[])
    }

    /// What every matrix of the first model becomes, `[out, in]`, with all types on.
    pub(crate) fn merged(&self, answers: &[(&str, &str)]) -> BTreeMap<String, DMatrix<f32>> {
        let mut visit = self.visit();
        let types = visit
            .plan(answers)
            .types
            .into_iter()
            .map(|t| t.kind)
            .collect::<Vec<_>>()
            .join(",");
        let plan = visit.plan(&[answers, &[("types", &types)]].concat());
        if std::env::var_os("LORASCOPE_SHOW").is_some() {
            eprintln!("{plan:#?}");
        }
        let one = |(i, m): (usize, &lorascope::plan::PlanMatrix)| {
            let at = visit.session.jobs()[i]
                .tuned
                .iter()
                .position(|(model, _)| *model == 0)?;
            let w = visit.merged(i).swap_remove(at)?;
            Some((
                m.name.clone(),
                DMatrix::from_row_slice(m.rows as usize, m.cols as usize, &w),
            ))
        };
        plan.matrices.iter().enumerate().filter_map(one).collect()
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The same numbers for the same name.
pub(crate) fn random(name: &str, count: usize) -> Vec<f32> {
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    }) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

pub(crate) fn tensors(list: &[(&str, &[usize])]) -> Tensors {
    list.iter()
        .map(|(n, shape)| ((*n).to_owned(), (shape.to_vec(), random(n, shape.iter().product()))))
        .collect()
}

/// A tensor's matrix as stored; `[e]` for one expert of three dimensions.
pub(crate) fn matrix(tensors: &Tensors, name: &str) -> DMatrix<f32> {
    let (plain, expert) = match name.split_once('[') {
        Some((plain, e)) => (plain, e.trim_end_matches(']').parse().unwrap()),
        None => (name, 0usize),
    };
    let (shape, values) = tensors
        .get(plain)
        .unwrap_or_else(|| panic!("{name} of {:?}", tensors.keys()));
    let [rows, cols] = shape[shape.len() - 2..] else {
        panic!()
    };
    DMatrix::from_row_slice(rows, cols, &values[expert * rows * cols..(expert + 1) * rows * cols])
}

/// W0 + s B A.
pub(crate) fn lora(
    base: &Tensors,
    name: &str,
    adapter: &Tensors,
    module: &str,
    [a, b]: [&str; 2],
    s: f32,
) -> DMatrix<f32> {
    matrix(base, name) + matrix(adapter, &format!("{module}{b}")) * matrix(adapter, &format!("{module}{a}")) * s
}

pub(crate) const PEFT: [&str; 2] = [".lora_A.weight", ".lora_B.weight"];
pub(crate) const KOHYA: [&str; 2] = [".lora_down.weight", ".lora_up.weight"];

#[track_caller]
pub(crate) fn close(found: &BTreeMap<String, DMatrix<f32>>, name: &str, wanted: &DMatrix<f32>) {
    let m = found
        .get(name)
        .unwrap_or_else(|| panic!("{name} was not analysed: {:?}", found.keys()));
    assert_eq!(m.shape(), wanted.shape(), "{name}");
    let off = (m - wanted).abs().max();
    assert!(off < 1e-5 * wanted.abs().max().max(1.0), "{name}: off by {off}");
}

pub(crate) fn config(r: u32, alpha: u32, rest: &str) -> Vec<u8> {
    format!(r#"{{"peft_type":"LORA","r":{r},"lora_alpha":{alpha}{rest}}}"#).into_bytes()
}

#[track_caller]
pub(crate) fn no_errors(plan: &Plan) {
    assert!(
        plan.problems.iter().all(|p| p.severity == Severity::Warning),
        "{:#?}",
        plan.problems
    );
}

/// K1: video models, and a trainer that saves PEFT's names without PEFT's configuration.
#[test]
fn image_and_video_networks_by_their_names() {
    let base = tensors(&[
        ("transformer_blocks.0.attn1.to_q.weight", &[12, 12]),
        ("transformer_blocks.0.attn1.to_out.0.weight", &[12, 12]),
    ]);
    let names = [
        "transformer.transformer_blocks.0.attn1.to_q",
        "transformer.transformer_blocks.0.attn1.to_out.0",
    ];
    let adapter = |lead: &str| -> Tensors {
        names
            .iter()
            .flat_map(|n| {
                tensors(&[
                    (&format!("{lead}{n}.lora_A.weight"), &[2, 12]),
                    (&format!("{lead}{n}.lora_B.weight"), &[12, 2]),
                ])
            })
            .collect()
    };
    let ltx = adapter("");
    let drop = Dropped::new("ltx")
        .weights("base/ltxv.safetensors", &base)
        .weights("lora.safetensors", &ltx);
    let plan = drop.plan();
    assert!(
        plan.questions.is_empty() && plan.problems.is_empty(),
        "{:?} {:?}",
        plan.questions,
        plan.problems
    );
    close(
        &drop.merged(&[]),
        "transformer_blocks.0.attn1.to_q.weight",
        &lora(
            &base,
            "transformer_blocks.0.attn1.to_q.weight",
            &ltx,
            names[0],
            PEFT,
            1.0,
        ),
    );
    let drop = Dropped::new("ltx-peft")
        .weights("base/ltxv.safetensors", &base)
        .weights("lora.safetensors", &adapter("base_model.model."));
    let question = &drop.plan().questions[0];
    assert_eq!((question.id.as_str(), question.value.as_str()), ("alpha:lora", "r"));
}

/// K2: Llama 4 stores its experts `[E, in, out]`; hidden and intermediate are equal, so that only its configuration says so.
#[test]
fn full_fine_tunes_of_turned_experts_are_out_in() {
    let names: &[(&str, &[usize])] = &[
        ("model.layers.0.feed_forward.experts.down_proj", &[2, 8, 8]),
        ("model.layers.0.self_attn.q_proj.weight", &[8, 8]),
    ];
    let base = tensors(names);
    let tuned: Tensors = base
        .iter()
        .map(|(n, (s, v))| {
            (
                n.clone(),
                (
                    s.clone(),
                    v.iter()
                        .zip(random("tuned", v.len()))
                        .map(|(x, d)| x + d * 0.1)
                        .collect(),
                ),
            )
        })
        .collect();
    let llama4 = br#"{"model_type":"llama4"}"#;
    let drop = Dropped::new("llama4")
        .weights("base/model.safetensors", &base)
        .put("base/config.json", llama4)
        .weights("tuned/model.safetensors", &tuned);
    let found = drop.merged(&[]);
    for e in 0..2 {
        let name = format!("model.layers.0.feed_forward.experts.down_proj[{e}]");
        close(&found, &name, &matrix(&tuned, &name).transpose());
    }
    close(
        &found,
        "model.layers.0.self_attn.q_proj.weight",
        &matrix(&tuned, "model.layers.0.self_attn.q_proj.weight"),
    );
}

/// K2: the same family saved in both ways: what is there is believed, file by file.
#[test]
fn a_turned_copy_of_the_same_experts_is_unchanged() {
    let base = tensors(&[
        ("model.layers.0.mlp.experts.gate_up_proj", &[2, 8, 12]),
        ("model.layers.0.input_layernorm.weight", &[8]),
    ]);
    let mut tuned = base.clone();
    let (_, values) = base["model.layers.0.mlp.experts.gate_up_proj"].clone();
    let turned: Vec<f32> = (0..2)
        .flat_map(|e| (0..12).flat_map(move |o| (0..8).map(move |i| (e, o, i))))
        .map(|(e, o, i)| values[e * 96 + i * 12 + o])
        .collect();
    tuned.insert(
        "model.layers.0.mlp.experts.gate_up_proj".into(),
        (vec![2, 12, 8], turned),
    );
    let drop = Dropped::new("turned")
        .weights("base/model.safetensors", &base)
        .weights("tuned/model.safetensors", &tuned);
    let mut visit = drop.visit();
    let plan = visit.plan(&[("types", "experts")]);
    assert_eq!(plan.matrices.len(), 2, "{:?}", plan.problems);
    let report = visit.run_with(&[("types", "experts")]);
    assert!(
        report.models[0]
            .matrices
            .iter()
            .all(|m| m.status == lorascope::report::Status::Unchanged)
    );
}

/// K2, K3: experts without a gate (Nemotron-H): up `[I, H]` and down `[H, I]` fit either way round, and each finds its own.
#[test]
fn experts_without_a_gate_find_their_parameter() {
    let base = tensors(&[
        ("model.layers.0.mixer.experts.up_proj", &[2, 12, 8]),
        ("model.layers.0.mixer.experts.down_proj", &[2, 8, 12]),
        ("model.layers.0.input_layernorm.weight", &[8]),
    ]);
    let m = "base_model.model.model.layers.0.mixer.experts";
    let adapter = tensors(&[
        (&format!("{m}.base_layer.lora_A.weight"), &[4, 8]),
        (&format!("{m}.base_layer.lora_B.weight"), &[12, 4]),
        (&format!("{m}.lora_A.weight"), &[4, 12]),
        (&format!("{m}.lora_B.weight"), &[8, 4]),
    ]);
    let rest = r#","target_parameters":["experts.up_proj","experts.down_proj"]"#;
    let drop = Dropped::new("nemotron")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put("a/adapter_config.json", &config(2, 2, rest));
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    for (parameter, module) in [("up_proj", format!("{m}.base_layer")), ("down_proj", m.to_owned())] {
        for e in 0..2 {
            let name = format!("model.layers.0.mixer.experts.{parameter}[{e}]");
            let a = matrix(&adapter, &format!("{module}.lora_A.weight"))
                .rows(2 * e, 2)
                .into_owned();
            let b = matrix(&adapter, &format!("{module}.lora_B.weight")).select_columns(&[e, 2 + e]);
            close(&found, &name, &(matrix(&base, &name) + b * a));
        }
    }
}

/// K3: Mixtral's names on the fused tensor of transformers 5, gate and up apart.
#[test]
fn experts_one_by_one_meet_one_tensor() {
    let base = tensors(&[
        ("model.layers.0.mlp.experts.gate_up_proj", &[2, 24, 8]),
        ("model.layers.0.mlp.experts.down_proj", &[2, 8, 12]),
        ("model.layers.0.input_layernorm.weight", &[8]),
    ]);
    let lead = "base_model.model.model.layers.0.block_sparse_moe.experts.1";
    let adapter = tensors(&[
        (&format!("{lead}.w1.lora_A.weight"), &[2, 8]),
        (&format!("{lead}.w1.lora_B.weight"), &[12, 2]),
        (&format!("{lead}.w3.lora_A.weight"), &[2, 8]),
        (&format!("{lead}.w3.lora_B.weight"), &[12, 2]),
        (&format!("{lead}.w2.lora_A.weight"), &[2, 12]),
        (&format!("{lead}.w2.lora_B.weight"), &[8, 2]),
    ]);
    let drop = Dropped::new("mixtral")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    let fused = "model.layers.0.mlp.experts.gate_up_proj[1]";
    let mut wanted = matrix(&base, fused);
    for (first, w) in [(0, "w1"), (12, "w3")] {
        let change = matrix(&adapter, &format!("{lead}.{w}.lora_B.weight"))
            * matrix(&adapter, &format!("{lead}.{w}.lora_A.weight"))
            * 2.0;
        let mut rows = wanted.rows_mut(first, 12);
        rows += change;
    }
    close(&found, fused, &wanted);
    let down = "model.layers.0.mlp.experts.down_proj[1]";
    close(
        &found,
        down,
        &lora(&base, down, &adapter, &format!("{lead}.w2"), PEFT, 2.0),
    );
    assert_eq!(found.len(), 2, "expert 0 is not changed");
}

/// K3: a full fine-tune saved with fused layers, on a base with their parts; and the reverse.
#[test]
fn full_fine_tunes_meet_across_layouts() {
    let parts = tensors(&[
        ("model.layers.0.self_attn.q_proj.weight", &[8, 8]),
        ("model.layers.0.self_attn.k_proj.weight", &[4, 8]),
        ("model.layers.0.self_attn.v_proj.weight", &[4, 8]),
        ("model.layers.0.mlp.gate_proj.weight", &[12, 8]),
        ("model.layers.0.mlp.up_proj.weight", &[12, 8]),
    ]);
    let fused = tensors(&[
        ("model.layers.0.self_attn.qkv_proj.weight", &[16, 8]),
        ("model.layers.0.mlp.gate_up_proj.weight", &[24, 8]),
    ]);
    let drop = Dropped::new("fused-on-parts")
        .weights("base/model.safetensors", &parts)
        .weights("tuned/model.safetensors", &fused);
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    let qkv = matrix(&fused, "model.layers.0.self_attn.qkv_proj.weight");
    close(
        &found,
        "model.layers.0.self_attn.k_proj.weight",
        &qkv.rows(8, 4).into_owned(),
    );
    close(
        &found,
        "model.layers.0.mlp.up_proj.weight",
        &matrix(&fused, "model.layers.0.mlp.gate_up_proj.weight")
            .rows(12, 12)
            .into_owned(),
    );
    let drop = Dropped::new("parts-on-fused")
        .weights("base/model.safetensors", &fused)
        .weights("tuned/model.safetensors", &parts);
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    let mut wanted = DMatrix::zeros(16, 8);
    for (first, part) in [(0, "q"), (8, "k"), (12, "v")] {
        let m = matrix(&parts, &format!("model.layers.0.self_attn.{part}_proj.weight"));
        wanted.rows_mut(first, m.nrows()).copy_from(&m);
    }
    close(&found, "model.layers.0.self_attn.qkv_proj.weight", &wanted);
}

/// K3: mlx-lm's experts, factors of three dimensions.
#[test]
fn stacked_factors_are_one_an_expert() {
    let base = tensors(&[
        ("model.layers.0.mlp.experts.0.up_proj.weight", &[12, 8]),
        ("model.layers.0.mlp.experts.1.up_proj.weight", &[12, 8]),
    ]);
    let adapter = tensors(&[
        ("model.layers.0.mlp.switch_mlp.up_proj.lora_a", &[2, 2, 8]),
        ("model.layers.0.mlp.switch_mlp.up_proj.lora_b", &[2, 12, 2]),
    ]);
    let mlx = br#"{"fine_tune_type":"lora","lora_parameters":{"rank":2,"scale":3.0}}"#;
    let drop = Dropped::new("switch")
        .weights("base/model.safetensors", &base)
        .weights("a/adapters.safetensors", &adapter)
        .put("a/adapter_config.json", mlx);
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    for e in 0..2 {
        let name = format!("model.layers.0.mlp.experts.{e}.up_proj.weight");
        let factor = |part: &str| matrix(&adapter, &format!("model.layers.0.mlp.switch_mlp.up_proj.{part}[{e}]"));
        close(
            &found,
            &name,
            &(matrix(&base, &name) + factor("lora_b") * factor("lora_a") * 3.0),
        );
    }
}

/// K4: LyCORIS mixes algorithms by module; one that is refused leaves the others.
#[test]
fn one_refused_module_leaves_the_others() {
    let base = tensors(&[
        ("blocks.0.attn.to_q.weight", &[8, 8]),
        ("blocks.0.attn.to_k.weight", &[8, 8]),
    ]);
    let mut adapter = tensors(&[
        ("lora_unet_blocks_0_attn_to_q.lora_down.weight", &[2, 8]),
        ("lora_unet_blocks_0_attn_to_q.lora_up.weight", &[8, 2]),
        ("lora_unet_blocks_0_attn_to_k.oft_blocks", &[2, 4, 4]),
    ]);
    adapter.insert("lora_unet_blocks_0_attn_to_q.alpha".into(), (vec![], vec![1.0]));
    let drop = Dropped::new("mixed")
        .weights("base/model.safetensors", &base)
        .weights("style.safetensors", &adapter);
    let plan = drop.plan();
    let refused = plan
        .problems
        .iter()
        .find(|p| p.code == "method-unsupported")
        .expect("it is said");
    assert!(
        refused.blocks.contains("1 matrix") && refused.command.as_ref().unwrap().contains("merge.py"),
        "{refused:?}"
    );
    close(
        &drop.merged(&[]),
        "blocks.0.attn.to_q.weight",
        &lora(
            &base,
            "blocks.0.attn.to_q.weight",
            &adapter,
            "lora_unet_blocks_0_attn_to_q",
            KOHYA,
            0.5,
        ),
    );
}

/// K5: a single file holds both encoders, the second under OpenCLIP's names with q, k and v fused.
#[test]
fn encoders_of_equal_width_in_one_file_are_kept_apart() {
    let one = "conditioner.embedders.0.transformer.text_model.encoder.layers.0.self_attn";
    let two = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight";
    let unet = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight";
    let base = tensors(&[
        (&format!("{one}.q_proj.weight"), &[8, 8]),
        (&format!("{one}.k_proj.weight"), &[8, 8]),
        (two, &[24, 8]),
        (unet, &[8, 8]),
    ]);
    let modules = [
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj",
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj",
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q",
    ];
    let mut adapter = Tensors::new();
    for m in modules {
        adapter.extend(tensors(&[
            (&format!("{m}.lora_down.weight"), &[2, 8]),
            (&format!("{m}.lora_up.weight"), &[8, 2]),
        ]));
        adapter.insert(format!("{m}.alpha"), (vec![], vec![2.0]));
    }
    let drop = Dropped::new("single")
        .weights("sd_xl_base_1.0.safetensors", &base)
        .weights("lora.safetensors", &adapter);
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    close(
        &found,
        &format!("{one}.q_proj.weight"),
        &lora(&base, &format!("{one}.q_proj.weight"), &adapter, modules[0], KOHYA, 1.0),
    );
    close(&found, unet, &lora(&base, unet, &adapter, modules[2], KOHYA, 1.0));
    let mut wanted = matrix(&base, two);
    let change = matrix(&adapter, &format!("{}.lora_up.weight", modules[1]))
        * matrix(&adapter, &format!("{}.lora_down.weight", modules[1]));
    let mut rows = wanted.rows_mut(0, 8);
    rows += change;
    close(&found, two, &wanted);
    assert_eq!(found.len(), 3);
}

/// K6: alpha where trainers keep it, and configurations that belong together by their names.
#[test]
fn alpha_wherever_it_stands() {
    let name = "model.layers.0.self_attn.q_proj";
    let base = tensors(&[(&format!("{name}.weight"), &[8, 8])]);
    let adapter = tensors(&[
        (&format!("base_model.model.{name}.lora_A.weight"), &[2, 8]),
        (&format!("base_model.model.{name}.lora_B.weight"), &[8, 2]),
    ]);
    let module = format!("base_model.model.{name}");
    let check = |drop: &Dropped, s: f32| {
        assert!(drop.plan().questions.is_empty(), "{:?}", drop.plan().questions);
        close(
            &drop.merged(&[]),
            &format!("{name}.weight"),
            &lora(&base, &format!("{name}.weight"), &adapter, &module, PEFT, s),
        );
    };
    let wide: Vec<u8> = [
        vec![0xff, 0xfe],
        String::from_utf8(config(2, 8, ""))
            .unwrap()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
    ]
    .concat();
    let drop = Dropped::new("utf16")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put("a/adapter_config.json", &wide);
    check(&drop, 4.0);
    let drop = Dropped::new("ss")
        .weights("base/model.safetensors", &base)
        .weights_saying(
            "a.safetensors",
            &adapter,
            &[("ss_network_alpha", "6"), ("ss_network_dim", "2")],
        );
    check(&drop, 3.0);
    // Two pairs of files without folders, told apart by their names only.
    for order in [[0, 1, 2, 3], [3, 0, 1, 2], [1, 2, 3, 0]] {
        let mut drop = Dropped::new(&format!("marks-{}", order[0])).weights("model.safetensors", &base);
        for i in order {
            drop = match i {
                0 => drop.weights("adapter_model_math.safetensors", &adapter),
                1 => drop.put("adapter_config_code.json", &config(2, 1, "")),
                2 => drop.weights("adapter_model_code.safetensors", &adapter),
                _ => drop.put("adapter_config_math.json", &config(2, 10, "")),
            };
        }
        for model in drop.plan().models {
            let wanted = if model.files[0].name.contains("math") { 5.0 } else { 0.5 };
            assert_eq!(model.scale, Some(wanted), "{order:?} {:?}", model.files);
        }
    }
}

/// K6: where nothing but the order of arrival tells two configurations apart, it is asked.
#[test]
fn a_doubtful_configuration_is_a_question() {
    let name = "model.layers.0.self_attn.q_proj";
    let base = tensors(&[(&format!("{name}.weight"), &[8, 8])]);
    let adapter = tensors(&[
        (&format!("base_model.model.{name}.lora_A.weight"), &[2, 8]),
        (&format!("base_model.model.{name}.lora_B.weight"), &[8, 2]),
    ]);
    let drop = Dropped::new("doubt")
        .weights("base/model.safetensors", &base)
        .weights("dl/first.safetensors", &adapter)
        .weights("dl/second.safetensors", &adapter)
        .put("dl/one.json", &config(2, 2, ""))
        .put("dl/two.json", &config(2, 8, ""));
    let plan = drop.plan();
    let ids: Vec<&str> = plan.questions.iter().map(|q| q.id.as_str()).collect();
    assert_eq!(ids, ["config:dl/first", "config:dl/second"]);
    let answered = drop.visit().plan(&[("config:dl/first", "dl/two.json")]);
    let scale = |label: &str| answered.models.iter().find(|m| m.label == label).unwrap().scale;
    assert_eq!((scale("dl/first"), scale("dl/second")), (Some(4.0), Some(1.0)));
}

/// K7: other libraries' factors are no model, and two layouts that do not meet are both named with a way out.
#[test]
fn other_libraries_are_named() {
    let q = "model.layers.0.self_attn.q_proj";
    let base = tensors(&[
        (&format!("{q}.weight"), &[16, 16]),
        ("model.layers.0.mlp.up_proj.weight", &[24, 16]),
    ]);
    let unknown = tensors(&[
        ("decoder.0.q.factor.A", &[2, 16]),
        ("decoder.0.q.factor.B", &[16, 2]),
        ("decoder.1.q.factor.A", &[2, 16]),
        ("decoder.1.q.factor.B", &[16, 2]),
    ]);
    let drop = Dropped::new("unknown")
        .weights("base/model.safetensors", &base)
        .weights("x.safetensors", &unknown);
    let plan = drop.plan();
    let named = plan
        .problems
        .iter()
        .find(|p| p.code == "foreign-adapter")
        .unwrap_or_else(|| panic!("{:?}", plan.problems));
    assert!(
        named.fix.as_ref().unwrap().contains("PEFT’s names") && plan.questions.is_empty(),
        "{named:?}"
    );
    let mistral = tensors(&[
        ("layers.0.attention.wq.weight", &[16, 16]),
        ("layers.0.feed_forward.w3.weight", &[24, 16]),
    ]);
    let drop = Dropped::new("mistral")
        .weights("base/model.safetensors", &base)
        .weights("tuned/consolidated.safetensors", &mistral);
    let plan = drop.plan();
    let differ = plan
        .problems
        .iter()
        .find(|p| p.code == "layouts-differ")
        .unwrap_or_else(|| panic!("{:?}", plan.problems));
    assert!(
        differ.title.contains("Mistral") && differ.title.contains("Hugging Face"),
        "{differ:?}"
    );
}

/// K7: a base with one stray tensor that adapters have too is a base.
#[test]
fn one_stray_tensor_makes_no_adapter() {
    let mut base = tensors(&[
        ("model.layers.0.self_attn.q_proj.weight", &[8, 8]),
        ("model.layers.0.self_attn.k_proj.weight", &[8, 8]),
    ]);
    base.extend(tensors(&[(
        "model.layers.0.self_attn.q_proj.lora_A.old.weight",
        &[2, 8],
    )]));
    let drop = Dropped::new("stray")
        .weights("base/model.safetensors", &base)
        .weights("tuned/model.safetensors", &base);
    let plan = drop.plan();
    assert_eq!(
        (plan.base.as_ref().map(|b| b.label.as_str()), plan.models.len()),
        (Some("base"), 1),
        "{:?}",
        plan.problems
    );
}

/// K8: pieces of training libraries, by their paths.
#[test]
fn pieces_have_their_own_way_out() {
    let base = tensors(&[("model.layers.0.self_attn.q_proj.weight", &[8, 8])]);
    for (path, command) in [
        ("actor/model_world_size_2_rank_0.pt", "verl.model_merger"),
        ("iter_0000100/mp_rank_00/model_optim_rng.pt", "AutoBridge"),
        ("ckpt/weights/__0_0.distcp", "accelerate merge-weights"),
        ("step_10/mp_rank_00_model_states.pt", "zero_to_fp32.py"),
    ] {
        let drop = Dropped::new("pieces")
            .weights("base/model.safetensors", &base)
            .put(path, b"not to be opened");
        let plan = drop.plan();
        let pieces = plan
            .problems
            .iter()
            .find(|p| p.code == "in-pieces")
            .unwrap_or_else(|| panic!("{path}: {:?}", plan.problems));
        assert!(pieces.command.as_ref().unwrap().contains(command), "{path}: {pieces:?}");
    }
}

/// K9: what lies beside a model is said in one line.
#[test]
fn companions_are_no_errors() {
    let base = tensors(&[("encoder.layer.0.attention.self.query.weight", &[8, 8])]);
    let dense = tensors(&[("linear.weight", &[4, 8])]);
    let head = tensors(&[("v_head.summary.weight", &[1, 8])]);
    let drop = Dropped::new("beside")
        .weights("base/model.safetensors", &base)
        .weights(
            "tuned/model.safetensors",
            &tensors(&[("encoder.layer.0.attention.self.query.weight", &[8, 8])]),
        )
        .weights("tuned/2_Dense/model.safetensors", &dense)
        .weights("tuned/value_head.safetensors", &head);
    let plan = drop.plan();
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    assert_eq!(plan.models.len(), 1);
    for what in ["2_Dense", "value"] {
        assert!(
            plan.left_out.iter().any(|l| l.what.contains(what)),
            "{:?}",
            plan.left_out
        );
    }
}

/// K11: up-scaled and pruned networks.
#[test]
fn other_depths_are_asked() {
    let layers = |n: usize| -> Tensors {
        (0..n)
            .flat_map(|i| tensors(&[(&format!("model.layers.{i}.mlp.up_proj.weight"), &[6, 4])]))
            .collect()
    };
    let solar: Tensors = (0..6)
        .map(|i| {
            (
                format!("model.layers.{i}.mlp.up_proj.weight"),
                layers(4)[&format!("model.layers.{}.mlp.up_proj.weight", if i < 3 { i } else { i - 2 })].clone(),
            )
        })
        .collect();
    let drop = Dropped::new("solar")
        .weights("base/model.safetensors", &layers(4))
        .weights("tuned/model.safetensors", &solar);
    let plan = drop.visit().plan(&[("layers:tuned", "stacked")]);
    assert!(
        plan.problems.iter().any(|p| p.code == "depth-differs"),
        "{:?}",
        plan.problems
    );
    assert_eq!(plan.models[0].matching.matched, 6);
    let mut visit = drop.visit();
    let report = visit.run_with(&[("layers:tuned", "stacked")]);
    assert!(
        report.models[0]
            .matrices
            .iter()
            .all(|m| m.status == lorascope::report::Status::Unchanged),
        "the blocks are copies"
    );
    // A whole network has an embedding; without one, some blocks were saved and no others.
    let mut pruned = layers(3);
    let asks = |name: &str, tuned: &Tensors| {
        let drop = Dropped::new(name)
            .weights("base/model.safetensors", &layers(4))
            .weights("tuned/model.safetensors", tuned);
        drop.plan().questions.iter().any(|q| q.id == "layers:tuned")
    };
    assert!(!asks("part", &pruned));
    pruned.extend(tensors(&[("model.embed_tokens.weight", &[9, 4])]));
    assert!(asks("pruned", &pruned));
}

/// K12: a floor of eight bits, and none under a change that was trained.
#[test]
fn a_floor_of_eight_bits_is_known_and_none_is_invented() {
    let name = "model.layers.0.mlp.up_proj.weight";
    let base = tensors(&[(name, &[64, 48])]);
    let w = matrix(&base, name);
    let change =
        DMatrix::from_row_slice(64, 2, &random("b", 128)) * DMatrix::from_row_slice(2, 48, &random("a", 96)) * 0.02;
    let rounded = DMatrix::from_fn(64, 48, |i, j| {
        let scale = w.row(i).abs().max() / 127.0;
        (w[(i, j)] / scale).round() * scale
    });
    for (kind, merged, floor) in [("int8", rounded + &change, true), ("plain", w.clone() + &change, false)] {
        let mut tuned = base.clone();
        tuned.get_mut(name).unwrap().1 = merged.transpose().as_slice().to_vec();
        let drop = Dropped::new(kind)
            .weights("base/model.safetensors", &base)
            .weights("tuned/model.safetensors", &tuned);
        let report = drop.visit().run();
        let delta = report.models[0].matrices[0].delta.clone().unwrap();
        assert_eq!(delta.floor.is_some(), floor, "{kind}: {delta:?}");
        assert!(!floor || delta.floor.unwrap().above == 2);
    }
}
