//! The kinds behind the field's failures, in writers that no report named: each built here, with its merge computed here.

use crate::common::Visit;
use lorascope::plan::{Plan, Severity};
use nalgebra::DMatrix;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Files in a folder that goes when the test ends.
pub(crate) struct Dropped(PathBuf, Vec<String>);

impl Dropped {
    pub(crate) fn new(name: &str) -> Dropped {
        // Tests run side by side, and two may drop the same.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        Dropped(
            std::env::temp_dir().join(format!("lorascope-kind-{name}-{}-{n}", std::process::id())),
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

    pub(crate) fn root(&self) -> &std::path::Path {
        &self.0
    }

    pub(crate) fn visit(&self) -> Visit {
        Visit::open(&self.0, &self.1.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn plan(&self) -> Plan {
        self.visit().plan(&[])
    }

    /// The matrices of the first model as merged, `[out, in]`, with all types on.
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

/// K7: other libraries' factors are not a model, and two layouts that do not meet are both named with a way out.
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

/// A safetensors file of any types; the bytes are given.
fn raw(list: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = list
        .iter()
        .map(|(n, dtype, shape, bytes)| (*n, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

const FP8: Dtype = Dtype::F8_E4M3;

/// E4M3 as it is, for codes that are numbers.
fn e4m3(code: u8) -> f32 {
    let (exponent, fraction) = (i32::from(code >> 3 & 15), f32::from(code & 7) / 8.0);
    let size = match exponent {
        0 => fraction * 2f32.powi(-6),
        e => (1.0 + fraction) * 2f32.powi(e - 7),
    };
    if code & 0x80 == 0 { size } else { -size }
}

/// K12: a plain cast to FP8, as ComfyUI's tools save it, is read as it stands; norms of one dimension and kernels are in that type too.
#[test]
fn eight_bit_floats_without_scales_are_read_as_they_stand() {
    let q = "transformer_blocks.0.attn.to_q.weight";
    let codes: Vec<u8> = random("codes", 64)
        .iter()
        .map(|x| ((x + 0.5) * 63.0) as u8 | 0x80)
        .collect();
    let ones = vec![0x38; 8];
    let base = raw(&[
        (q, FP8, &[8, 8], codes.clone()),
        ("transformer_blocks.0.norm1.weight", FP8, &[8], ones),
    ]);
    let adapter = tensors(&[
        ("transformer.transformer_blocks.0.attn.to_q.lora_A.weight", &[2, 8]),
        ("transformer.transformer_blocks.0.attn.to_q.lora_B.weight", &[8, 2]),
    ]);
    let drop = |name: &str, bytes: &[u8]| {
        Dropped::new(name)
            .put("base/flux1-dev-fp8.safetensors", bytes)
            .weights("lora.safetensors", &adapter)
    };
    let plain = drop("fp8", &base);
    let plan = plain.plan();
    no_errors(&plan);
    let said = plan
        .problems
        .iter()
        .find(|p| p.code == "quantized-weights")
        .expect("it is said");
    assert!(said.title.contains("without scales"), "{said:?}");
    let w0 = DMatrix::from_row_iterator(8, 8, codes.iter().map(|c| e4m3(*c)));
    let module = "transformer.transformer_blocks.0.attn.to_q";
    let change = matrix(&adapter, &format!("{module}{}", PEFT[1])) * matrix(&adapter, &format!("{module}{}", PEFT[0]));
    close(&plain.merged(&[]), q, &(w0 + change));
    // Values at the end of the range belong to a scale that is not here: no number then.
    let full = drop("fp8-full", &raw(&[(q, FP8, &[8, 8], vec![0x7e; 64])]));
    let report = full.visit().run();
    let failed = &report.models[0].matrices[0];
    assert!(
        failed.status == lorascope::report::Status::Failed && failed.reason.as_ref().unwrap().contains("scale"),
        "{failed:?}"
    );
}

/// K12: where a scale is to be expected and is not here, the weight is refused by name.
#[test]
fn a_missing_scale_is_an_error() {
    let (q, k) = (
        "model.layers.0.self_attn.q_proj.weight",
        "model.layers.0.self_attn.k_proj.weight",
    );
    let weight = |name| (name, FP8, &[8usize, 8][..], vec![0x30; 64]);
    let scale = |name| (name, Dtype::F32, &[][..], 1f32.to_le_bytes().to_vec());
    let config = br#"{"model_type":"llama","quantization_config":{"quant_method":"fp8"}}"#;
    let plain = raw(&[weight(q)]);
    let some = raw(&[
        weight(q),
        weight(k),
        scale("model.layers.0.self_attn.k_proj.weight_scale_inv"),
    ]);
    let marked = raw(&[weight(q), ("scaled_fp8", FP8, &[2], vec![0, 0])]);
    for (name, file, config) in [
        ("scale-config", &plain, Some(config)),
        ("scale-some", &some, None),
        ("scale-marked", &marked, None),
    ] {
        let mut drop = Dropped::new(name).put("base/model.safetensors", file);
        if let Some(config) = config {
            drop = drop.put("base/config.json", config);
        }
        let plan = drop.plan();
        let refused = plan.problems.iter().find(|p| p.code == "quantized");
        assert!(
            refused.is_some_and(|p| p.tensor.as_deref() == Some(q)) && plan.base.is_none(),
            "{name}: {:?}",
            plan.problems
        );
    }
    // A shard that is not here may have the scales.
    let drop = Dropped::new("scale-shard").put("base/model-00001-of-00002.safetensors", &plain);
    assert!(drop.plan().problems.iter().any(|p| p.code == "quantized"));
}

/// K5: two encoders of equal width, and a base that does not say which it is: one question, the first encoder by default.
#[test]
fn which_text_encoder_the_base_is_is_asked_once() {
    let name = "text_model.encoder.layers.0.self_attn.q_proj.weight";
    let base = tensors(&[(name, &[8, 8])]);
    let modules = [
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj",
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj",
    ];
    let adapter: Tensors = modules
        .iter()
        .flat_map(|m| {
            tensors(&[
                (&format!("{m}.lora_down.weight"), &[2, 8]),
                (&format!("{m}.lora_up.weight"), &[8, 2]),
            ])
        })
        .collect();
    let drop = Dropped::new("which")
        .weights("clip.safetensors", &base)
        .weights("lora.safetensors", &adapter);
    let plan = drop.plan();
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    let [question] = &plan.questions[..] else {
        panic!("{:?}", plan.questions)
    };
    assert_eq!(
        (question.id.as_str(), question.value.as_str()),
        ("component:lora", "text_encoder")
    );
    for (answer, module) in [("text_encoder", modules[0]), ("text_encoder_2", modules[1])] {
        close(
            &drop.merged(&[("component:lora", answer)]),
            name,
            &lora(&base, name, &adapter, module, KOHYA, 1.0),
        );
    }
}

/// K6: JSON of every kind may have a byte order mark, and a broken one is said in JSON's words.
#[test]
fn json_is_read_with_a_mark_and_named_when_broken() {
    let mark = |text: &str| [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
    let gate_up: &[usize] = &[2, 8, 8];
    let base = tensors(&[("model.layers.0.mlp.experts.gate_up_proj", gate_up)]);
    let drop = Dropped::new("mark")
        .weights("base/model-00001-of-00001.safetensors", &base)
        .put("base/config.json", &mark(r#"{"model_type":"gpt_oss"}"#))
        .put(
            "base/model.safetensors.index.json",
            &mark(r#"{"weight_map":{"model.layers.0.mlp.experts.gate_up_proj":"model-00001-of-00001.safetensors"}}"#),
        )
        .weights("tuned/model.safetensors", &base)
        .put("tuned/config.json", br#"{"model_type":"gpt_oss"}"#);
    let mut visit = drop.visit();
    let plan = visit.plan(&[("types", "experts")]);
    no_errors(&plan);
    assert!(visit.session.jobs().iter().all(|j| j.transposed) && plan.matrices.len() == 2);
    let drop = Dropped::new("broken")
        .weights("base/model.safetensors", &base)
        .put("base/config.json", b"{\n  \"model_type\": \"gpt_oss\",\n}");
    let plan = drop.plan();
    let broken = plan
        .problems
        .iter()
        .find(|p| p.file.as_deref() == Some("base/config.json"))
        .expect("it is said");
    assert!(
        broken.code == "json-invalid" && broken.cause.contains("line 3 column 1") && broken.fix.is_some(),
        "{broken:?}"
    );
    assert!(
        !broken.title.contains("safetensors") && !broken.cause.contains("header"),
        "{broken:?}"
    );
}

/// K7: what other people end their factors with.
#[test]
fn pairs_of_factors_are_no_model_whatever_they_are_called() {
    let base = tensors(&[("model.layers.0.self_attn.q_proj.weight", &[16, 16])]);
    for (i, [a, b]) in [
        ["lora1.down", "lora1.up"],
        ["lora.A", "lora.B"],
        ["A", "B"],
        ["lora_A_q", "lora_B_q"],
    ]
    .iter()
    .enumerate()
    {
        let factors: Tensors = (0..4)
            .flat_map(|l| {
                tensors(&[
                    (&format!("layers.{l}.attn.wq.{a}.weight"), &[2, 16]),
                    (&format!("layers.{l}.attn.wq.{b}.weight"), &[16, 2]),
                ])
            })
            .collect();
        let drop = Dropped::new(&format!("factors-{i}"))
            .weights("base/model.safetensors", &base)
            .weights("x/weights.safetensors", &factors);
        let plan = drop.plan();
        assert!(
            plan.problems
                .iter()
                .any(|p| p.code == "foreign-adapter" && p.fix.is_some())
                && plan.questions.is_empty(),
            "{a}: {:?} {:?}",
            plan.problems,
            plan.questions
        );
    }
}

/// K10: torch.nn.MultiheadAttention as kohya and LyCORIS name it.
#[test]
fn multihead_attention_of_joined_names() {
    let (fused, out) = (
        "transformer.resblocks.0.attn.in_proj_weight",
        "transformer.resblocks.0.attn.out_proj.weight",
    );
    let base = tensors(&[(fused, &[24, 8]), (out, &[8, 8])]);
    for (i, prefix) in [
        "lora_te_transformer_resblocks_0_attn",
        "lycoris_transformer_resblocks_0_attn_in_proj",
    ]
    .iter()
    .enumerate()
    {
        let other = format!("{}_out_proj", prefix.trim_end_matches("_in_proj"));
        let mut adapter = tensors(&[
            (&format!("{prefix}.lora_down.weight"), &[2, 8]),
            (&format!("{prefix}.lora_up.weight"), &[24, 2]),
            (&format!("{other}.lora_down.weight"), &[2, 8]),
            (&format!("{other}.lora_up.weight"), &[8, 2]),
        ]);
        adapter.insert(format!("{prefix}.alpha"), (vec![], vec![1.0]));
        let drop = Dropped::new(&format!("mha-{i}"))
            .weights("base/open_clip_model.safetensors", &base)
            .weights("lora.safetensors", &adapter);
        let plan = drop.plan();
        assert_eq!(
            (plan.models[0].matching.matched, plan.models[0].matching.total),
            (2, 2),
            "{:?}",
            plan.problems
        );
        let found = drop.merged(&[]);
        close(&found, fused, &lora(&base, fused, &adapter, prefix, KOHYA, 0.5));
        close(&found, out, &lora(&base, out, &adapter, &other, KOHYA, 1.0));
    }
}

/// K3: a LoRA of the vision tower too, in the names of an older transformers.
#[test]
fn a_vision_tower_has_its_own_prefix() {
    let list: Vec<(String, String)> = ["self_attn.q_proj", "mlp.fc1"]
        .iter()
        .map(|m| {
            (
                format!("model.vision_tower.vision_model.encoder.layers.0.{m}.weight"),
                format!("vision_tower.vision_model.encoder.layers.0.{m}"),
            )
        })
        .chain(["self_attn.q_proj", "mlp.up_proj"].iter().map(|m| {
            (
                format!("model.language_model.layers.0.{m}.weight"),
                format!("language_model.model.layers.0.{m}"),
            )
        }))
        .collect();
    let base: Tensors = list.iter().flat_map(|(name, _)| tensors(&[(name, &[8, 8])])).collect();
    let adapter: Tensors = list
        .iter()
        .flat_map(|(_, m)| {
            tensors(&[
                (&format!("base_model.model.{m}.lora_A.weight"), &[2, 8]),
                (&format!("base_model.model.{m}.lora_B.weight"), &[8, 2]),
            ])
        })
        .collect();
    let drop = Dropped::new("vision")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    no_errors(&drop.plan());
    let found = drop.merged(&[]);
    for (name, module) in &list {
        close(
            &found,
            name,
            &lora(&base, name, &adapter, &format!("base_model.model.{module}"), PEFT, 2.0),
        );
    }
}

/// K2: adapters on experts of Llama 4 and Qwen3-VL-MoE, stored `[E, in, out]` and square.
#[test]
fn adapters_of_turned_experts() {
    for (model_type, holder) in [("llama4", "feed_forward"), ("qwen3_vl_moe", "mlp")] {
        let parameter = format!("model.layers.0.{holder}.experts.down_proj");
        let base = tensors(&[
            (&parameter, &[2, 8, 8]),
            ("model.layers.0.input_layernorm.weight", &[8]),
        ]);
        let m = format!("base_model.model.model.layers.0.{holder}.experts");
        let adapter = tensors(&[
            (&format!("{m}.lora_A.weight"), &[4, 8]),
            (&format!("{m}.lora_B.weight"), &[8, 4]),
        ]);
        let drop = Dropped::new(model_type)
            .weights("base/model.safetensors", &base)
            .put(
                "base/config.json",
                format!(r#"{{"model_type":"{model_type}"}}"#).as_bytes(),
            )
            .weights("a/adapter_model.safetensors", &adapter)
            .put(
                "a/adapter_config.json",
                &config(2, 2, r#","target_parameters":["experts.down_proj"]"#),
            );
        no_errors(&drop.plan());
        let found = drop.merged(&[]);
        for e in 0..2 {
            let name = format!("{parameter}[{e}]");
            let a = matrix(&adapter, &format!("{m}.lora_A.weight"))
                .rows(2 * e, 2)
                .into_owned();
            let b = matrix(&adapter, &format!("{m}.lora_B.weight")).select_columns(&[e, 2 + e]);
            close(&found, &name, &(matrix(&base, &name).transpose() + b * a));
        }
    }
}

/// K8: pickles of pieces under ordinary names, and a model whose tensors ZeRO left empty.
#[test]
fn pickles_of_pieces_and_empty_tensors_are_named() {
    let base = tensors(&[("model.layers.0.self_attn.q_proj.weight", &[8, 8])]);
    for class in [
        "torch.distributed._shard.sharded_tensor.api\nShardedTensor",
        "torch.distributed.tensor\nDTensor",
    ] {
        // {"…": an object of that class}
        let key = "model.layers.0.self_attn.q_proj.weight";
        let pickle = [
            &b"\x80\x02}X"[..],
            &(key.len() as u32).to_le_bytes(),
            key.as_bytes(),
            b"c",
            class.as_bytes(),
            b"\n)\x81}bs.",
        ]
        .concat();
        let drop = Dropped::new("sharded")
            .weights("base/model.safetensors", &base)
            .put("tuned/pytorch_model.bin", &zip_of("archive/data.pkl", &pickle));
        let plan = drop.plan();
        let pieces = plan
            .problems
            .iter()
            .find(|p| p.code == "in-pieces")
            .unwrap_or_else(|| panic!("{class}: {:?}", plan.problems));
        assert!(
            pieces.command.as_ref().unwrap().contains("accelerate merge-weights"),
            "{pieces:?}"
        );
    }
    let empty = tensors(&[
        ("model.layers.0.self_attn.q_proj.weight", &[0]),
        ("model.layers.0.mlp.up_proj.weight", &[0]),
    ]);
    let drop = Dropped::new("empty")
        .weights("base/model.safetensors", &base)
        .weights("tuned/model.safetensors", &empty);
    let plan = drop.plan();
    let said = plan
        .problems
        .iter()
        .find(|p| p.code == "empty-tensors")
        .expect("it is said");
    assert!(said.fix.as_ref().unwrap().contains("zero_to_fp32.py"));
}

/// A zip with one stored entry.
fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let crc = content.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 }
        })
    });
    let (size, named) = ((content.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
    let about = [
        &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5a][..],
        &(!crc).to_le_bytes(),
        &size,
        &size,
        &named,
        &[0, 0],
    ]
    .concat();
    let local = [b"PK\x03\x04", &about[..], name.as_bytes(), content].concat();
    let central = [
        b"PK\x01\x02\x14\0",
        &about[..],
        &[0; 14][..10],
        &[0; 4],
        name.as_bytes(),
    ]
    .concat();
    let (length, at) = ((central.len() as u32).to_le_bytes(), (local.len() as u32).to_le_bytes());
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &length, &at, &[0, 0]].concat();
    [local, central, end].concat()
}

/// K12: Wan's feed-forward layers have a type.
#[test]
fn numbered_feed_forward_layers_are_typed() {
    let base = tensors(&[
        ("blocks.0.ffn.0.weight", &[16, 8]),
        ("blocks.0.ffn.2.weight", &[8, 16]),
        ("blocks.0.self_attn.q.weight", &[8, 8]),
    ]);
    let plan = Dropped::new("ffn")
        .weights("base/wan2.1.safetensors", &base)
        .weights("tuned/wan2.1.safetensors", &base)
        .plan();
    let kind = |name: &str| {
        plan.matrices
            .iter()
            .find(|m| m.name == name)
            .and_then(|m| m.kind.clone())
    };
    assert_eq!(kind("blocks.0.ffn.0.weight").as_deref(), Some("up"));
    assert_eq!(kind("blocks.0.ffn.2.weight").as_deref(), Some("down"));
}

/// K6: mlx-lm's factors without their configuration: its own default stands first.
#[test]
fn the_default_for_mlx_is_its_own() {
    let q = "model.layers.0.self_attn.q_proj";
    let base = tensors(&[(&format!("{q}.weight"), &[8, 8])]);
    let adapter = tensors(&[(&format!("{q}.lora_a"), &[8, 2]), (&format!("{q}.lora_b"), &[2, 8])]);
    let drop = Dropped::new("mlx")
        .weights("base/model.safetensors", &base)
        .weights("a/adapters.safetensors", &adapter);
    let plan = drop.plan();
    assert_eq!(
        plan.questions
            .iter()
            .map(|q| (q.id.as_str(), q.value.as_str()))
            .collect::<Vec<_>>(),
        [("alpha:a", "20r")]
    );
    let change = (matrix(&adapter, &format!("{q}.lora_a")) * matrix(&adapter, &format!("{q}.lora_b"))).transpose();
    let name = format!("{q}.weight");
    for (answer, scale) in [("20r", 20.0), ("2r", 2.0), ("8", 4.0)] {
        close(
            &drop.merged(&[("alpha:a", answer)]),
            &name,
            &(matrix(&base, &name) + &change * scale),
        );
    }
}
