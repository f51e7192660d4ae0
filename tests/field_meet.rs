//! Pairing across names and layouts: each pair of writers built here, with its merge computed here.

use crate::field_kinds::{Dropped, KOHYA, PEFT, Tensors, close, config, lora, matrix, no_errors, random, tensors};
use lorascope::plan::Plan;
use nalgebra::DMatrix;

/// Factors of rank 2 for modules of these shapes; for each its name, and its matrix in the base.
struct Change {
    base: Tensors,
    adapter: Tensors,
    /// Module of the adapter, matrix of the base.
    pairs: Vec<(String, String)>,
    ends: [&'static str; 2],
}

impl Change {
    /// `of`: matrix in the base without `.weight`, module in the adapter, `[out, in]`.
    fn new(ends: [&'static str; 2], of: &[(&str, &str, [usize; 2])]) -> Change {
        let mut change = Change {
            base: Tensors::new(),
            adapter: Tensors::new(),
            pairs: Vec::new(),
            ends,
        };
        for (matrix, module, [out, inputs]) in of {
            let name = format!("{matrix}.weight");
            change.base.extend(tensors(&[(&name, &[*out, *inputs])]));
            change.adapter.extend(tensors(&[
                (&format!("{module}{}", ends[0]), &[2, *inputs]),
                (&format!("{module}{}", ends[1]), &[*out, 2]),
            ]));
            change.pairs.push(((*module).to_owned(), name));
        }
        change
    }

    /// Every matrix is as it should be, and nothing is left over.
    #[track_caller]
    fn is_merged(&self, drop: &Dropped, answers: &[(&str, &str)], s: f32) {
        let matching = &drop.visit().plan(answers).models[0].matching;
        assert_eq!(matching.unmatched, Vec::<String>::new(), "{:?}", matching.rules);
        let found = drop.merged(answers);
        for (module, name) in &self.pairs {
            close(
                &found,
                name,
                &lora(&self.base, name, &self.adapter, module, self.ends, s),
            );
        }
        assert_eq!(found.len(), self.pairs.len(), "{:?}", found.keys());
    }
}

fn joined(parts: impl IntoIterator<Item = Tensors>) -> Tensors {
    parts.into_iter().flatten().collect()
}

fn left_out(plan: &Plan, words: &[&str]) -> bool {
    plan.left_out.iter().any(|l| words.iter().all(|w| l.what.contains(w)))
}

#[track_caller]
fn nothing_is_asked(plan: &Plan) {
    assert!(plan.questions.is_empty(), "{:#?}", plan.questions);
    no_errors(plan);
}

/// The parts of a UNet: its makers' names, and diffusers'.
const UNET: [(&str, &str); 14] = [
    ("input_blocks.0.0", "conv_in"),
    ("time_embed.2", "time_embedding.linear_2"),
    ("label_emb.0.0", "add_embedding.linear_1"),
    ("input_blocks.1.0.in_layers.2", "down_blocks.0.resnets.0.conv1"),
    ("input_blocks.3.0.op", "down_blocks.0.downsamplers.0.conv"),
    ("input_blocks.4.0.emb_layers.1", "down_blocks.1.resnets.0.time_emb_proj"),
    (
        "input_blocks.5.1.transformer_blocks.0.attn1.to_q",
        "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_q",
    ),
    (
        "middle_block.1.transformer_blocks.0.ff.net.0.proj",
        "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
    ),
    ("middle_block.2.out_layers.3", "mid_block.resnets.1.conv2"),
    (
        "output_blocks.2.1.transformer_blocks.0.attn2.to_out.0",
        "up_blocks.0.attentions.2.transformer_blocks.0.attn2.to_out.0",
    ),
    ("output_blocks.2.2.conv", "up_blocks.0.upsamplers.0.conv"),
    ("output_blocks.4.1.proj_in", "up_blocks.1.attentions.1.proj_in"),
    (
        "output_blocks.7.0.skip_connection",
        "up_blocks.2.resnets.1.conv_shortcut",
    ),
    ("out.2", "conv_out"),
];

fn unet(
    base: impl Fn(&str, &str) -> String,
    adapter: impl Fn(&str, &str) -> String,
    ends: [&'static str; 2],
) -> Change {
    let names: Vec<(String, String)> = UNET
        .iter()
        .map(|(makers, diffusers)| (base(makers, diffusers), adapter(makers, diffusers)))
        .collect();
    let of: Vec<(&str, &str, [usize; 2])> = names.iter().map(|(b, a)| (b.as_str(), a.as_str(), [12, 10])).collect();
    Change::new(ends, &of)
}

/// SD 1.5, SD 2 and SDXL: kohya's and diffusers' LoRAs in either naming, on the single file and on diffusers' folder.
#[test]
fn a_unet_of_either_naming_takes_the_other() {
    let kohya = |name: &str| format!("lora_unet_{}", name.replace('.', "_"));
    let single = |makers: &str, _: &str| format!("model.diffusion_model.{makers}");
    let folder = |_: &str, diffusers: &str| diffusers.to_owned();
    let check = |name: &str, change: Change, path: &str| {
        let drop = Dropped::new(name)
            .weights(path, &change.base)
            .weights("lora.safetensors", &change.adapter);
        nothing_is_asked(&drop.plan());
        change.is_merged(&drop, &[], 1.0);
    };
    let file = "v1-5-pruned-emaonly.safetensors";
    let diffusers = "unet/diffusion_pytorch_model.safetensors";
    check("unet-kohya", unet(single, |_, d| kohya(d), KOHYA), file);
    check("unet-kohya-own", unet(single, |m, _| kohya(m), KOHYA), file);
    check("unet-kohya-sgm", unet(folder, |m, _| kohya(m), KOHYA), diffusers);
    check("unet-dotted", unet(single, |_, d| format!("unet.{d}"), PEFT), file);
    let comfy = |m: &str, _: &str| format!("diffusion_model.{m}");
    check("unet-comfy", unet(folder, comfy, PEFT), diffusers);
}

/// Layouts that meet are not blamed where the network is another: the LoRA of one UNet on a smaller one.
#[test]
fn another_unet_is_no_other_layout() {
    let kohya = |m: &str, _: &str| format!("lora_unet_{}", m.replace('.', "_"));
    let change = unet(|_, d| d.to_owned(), kohya, KOHYA);
    let base: Tensors = change.base.keys().flat_map(|n| tensors(&[(n, &[6, 5])])).collect();
    let plan = Dropped::new("other-unet")
        .weights("unet/diffusion_pytorch_model.safetensors", &base)
        .weights("lora.safetensors", &change.adapter)
        .plan();
    let codes: Vec<&str> = plan.problems.iter().map(|p| p.code.as_str()).collect();
    assert!(
        plan.models.is_empty() && codes == ["shape-mismatch"],
        "{:#?}",
        plan.problems
    );
}

/// A full fine-tune in the other naming, with its kernels.
#[test]
fn a_single_file_is_compared_with_diffusers_folder() {
    let shape: &[usize] = &[8, 6, 3, 3];
    let base = tensors(&[
        ("model.diffusion_model.input_blocks.1.0.in_layers.2.weight", shape),
        ("model.diffusion_model.output_blocks.5.2.conv.weight", shape),
    ]);
    let names = [
        "down_blocks.0.resnets.0.conv1.weight",
        "up_blocks.1.upsamplers.0.conv.weight",
    ];
    let tuned = tensors(&names.map(|n| (n, shape)));
    let drop = Dropped::new("unet-full")
        .weights("base/sd15.safetensors", &base)
        .weights("tuned/unet/diffusion_pytorch_model.safetensors", &tuned);
    no_errors(&drop.plan());
    let found = drop.merged(&[("base", "base")]);
    for (own, name) in base.keys().zip(names) {
        close(&found, own, &DMatrix::from_row_slice(8, 54, &tuned[name].1));
    }
}

/// Both text encoders of SDXL in its single file: CLIP as transformers has it, and OpenCLIP with q, k, v fused.
#[test]
fn text_encoders_in_a_single_file_meet_their_adapters() {
    let first = "conditioner.embedders.0.transformer.text_model.encoder.layers.0";
    let second = "conditioner.embedders.1.model.transformer.resblocks.0";
    let mut base = tensors(&[
        (&format!("{first}.self_attn.q_proj.weight"), &[8, 8]),
        (&format!("{second}.attn.in_proj_weight"), &[36, 12]),
        (&format!("{second}.mlp.c_fc.weight"), &[16, 12]),
        ("model.diffusion_model.input_blocks.4.1.proj_in.weight", &[8, 8]),
    ]);
    base.extend(tensors(&[(
        "model.diffusion_model.input_blocks.5.1.proj_in.weight",
        &[8, 8],
    )]));
    let module = |te: u8, name: &str| format!("lora_te{te}_text_model_encoder_layers_0_{name}");
    let pair = |module: &str, out: usize, inputs: usize| {
        tensors(&[
            (&format!("{module}{}", KOHYA[0]), &[2, inputs]),
            (&format!("{module}{}", KOHYA[1]), &[out, 2]),
        ])
    };
    let parts = ["q_proj", "k_proj", "v_proj"].map(|p| module(2, &format!("self_attn_{p}")));
    let adapter = joined(
        [
            pair(&module(1, "self_attn_q_proj"), 8, 8),
            pair(&module(2, "mlp_fc1"), 16, 12),
            pair("lora_unet_input_blocks_4_1_proj_in", 8, 8),
        ]
        .into_iter()
        .chain(parts.iter().map(|p| pair(p, 12, 12))),
    );
    let drop = Dropped::new("sdxl-te")
        .weights("sd_xl_base_1.0.safetensors", &base)
        .weights("lora.safetensors", &adapter);
    nothing_is_asked(&drop.plan());
    let found = drop.merged(&[]);
    let q = format!("{first}.self_attn.q_proj.weight");
    close(
        &found,
        &q,
        &lora(&base, &q, &adapter, &module(1, "self_attn_q_proj"), KOHYA, 1.0),
    );
    let fc = format!("{second}.mlp.c_fc.weight");
    close(
        &found,
        &fc,
        &lora(&base, &fc, &adapter, &module(2, "mlp_fc1"), KOHYA, 1.0),
    );
    let fused = format!("{second}.attn.in_proj_weight");
    let mut wanted = matrix(&base, &fused);
    for (i, part) in parts.iter().enumerate() {
        let [a, b] = KOHYA.map(|end| matrix(&adapter, &format!("{part}{end}")));
        let mut rows = wanted.rows_mut(12 * i, 12);
        rows += b * a;
    }
    close(&found, &fused, &wanted);
}

/// Wan: its makers' names and diffusers', with dots and joined, in both directions, with the parts for images and of VACE.
#[test]
fn every_module_of_wan_meets_diffusers() {
    const WAN: [(&str, &str); 9] = [
        ("blocks.0.self_attn.q", "blocks.0.attn1.to_q"),
        ("blocks.0.self_attn.o", "blocks.0.attn1.to_out.0"),
        ("blocks.1.cross_attn.v", "blocks.1.attn2.to_v"),
        ("blocks.1.cross_attn.k_img", "blocks.1.attn2.add_k_proj"),
        ("blocks.1.cross_attn.v_img", "blocks.1.attn2.add_v_proj"),
        ("blocks.1.ffn.0", "blocks.1.ffn.net.0.proj"),
        ("blocks.1.ffn.2", "blocks.1.ffn.net.2"),
        ("vace_blocks.0.self_attn.k", "vace_blocks.0.attn1.to_k"),
        ("vace_blocks.0.after_proj", "vace_blocks.0.proj_out"),
    ];
    let check = |name: &str, base: usize, adapter: &dyn Fn(&str) -> String, ends| {
        let of = |pair: &(&'static str, &'static str)| {
            let both = [pair.0, pair.1];
            (both[base], adapter(both[1 - base]))
        };
        let names: Vec<(&str, String)> = WAN.iter().map(of).collect();
        let list: Vec<(&str, &str, [usize; 2])> = names.iter().map(|(b, a)| (*b, a.as_str(), [12, 10])).collect();
        let change = Change::new(ends, &list);
        let path = [
            "wan2.1_i2v.safetensors",
            "transformer/diffusion_pytorch_model.safetensors",
        ][base];
        let drop = Dropped::new(name)
            .weights(path, &change.base)
            .weights("lora.safetensors", &change.adapter);
        nothing_is_asked(&drop.plan());
        change.is_merged(&drop, &[], 1.0);
    };
    let dotted = |name: &str| format!("diffusion_model.{name}");
    let joined = |name: &str| format!("lora_unet_{}", name.replace('.', "_"));
    check("wan-dotted", 1, &dotted, PEFT);
    check("wan-musubi", 1, &joined, KOHYA);
    check("wan-diffusers", 0, &|n| format!("transformer.{n}"), PEFT);
    check("wan-diffusers-kohya", 0, &joined, KOHYA);
}

/// Z-Image and Lumina 2: q, k, v of diffusers on the fused file of ComfyUI, with grouped keys too; and the reverse.
#[test]
fn split_attention_meets_the_fused_file_of_comfyui() {
    let lumina = [
        ("layers.0.attn.to_q", 16),
        ("layers.0.attn.to_k", 8),
        ("layers.0.attn.to_v", 8),
    ];
    let z_image = [
        ("layers.0.attention.to_q", 16),
        ("layers.0.attention.to_k", 16),
        ("layers.0.attention.to_v", 16),
    ];
    for (name, parts, out, ff) in [
        (
            "lumina",
            lumina,
            "layers.0.attn.to_out.0",
            "layers.0.feed_forward.linear_2",
        ),
        (
            "z-image",
            z_image,
            "layers.0.attention.to_out.0",
            "layers.0.feed_forward.w2",
        ),
    ] {
        let rows: usize = parts.iter().map(|p| p.1).sum();
        let fused = "layers.0.attention.qkv.weight";
        let base = tensors(&[
            (fused, &[rows, 16]),
            ("layers.0.attention.out.weight", &[16, 16]),
            ("layers.0.feed_forward.w2.weight", &[16, 24]),
            ("layers.0.feed_forward.w1.weight", &[24, 16]),
        ]);
        let pair = |module: &str, out: usize, inputs: usize| {
            tensors(&[
                (&format!("{module}{}", PEFT[0]), &[2, inputs]),
                (&format!("{module}{}", PEFT[1]), &[out, 2]),
            ])
        };
        let module = |name: &str| format!("transformer.{name}");
        let adapter = joined(
            parts
                .iter()
                .map(|(part, out)| pair(&module(part), *out, 16))
                .chain([pair(&module(out), 16, 16), pair(&module(ff), 16, 24)]),
        );
        let drop = Dropped::new(name)
            .weights("image_model_bf16.safetensors", &base)
            .weights("lora.safetensors", &adapter);
        nothing_is_asked(&drop.plan());
        let found = drop.merged(&[]);
        let mut wanted = matrix(&base, fused);
        let mut first = 0;
        for (part, n) in parts {
            let [a, b] = PEFT.map(|end| matrix(&adapter, &format!("{}{end}", module(part))));
            let mut own = wanted.rows_mut(first, n);
            own += b * a;
            first += n;
        }
        close(&found, fused, &wanted);
        for (name, own) in [
            ("layers.0.attention.out.weight", out),
            ("layers.0.feed_forward.w2.weight", ff),
        ] {
            close(&found, name, &lora(&base, name, &adapter, &module(own), PEFT, 1.0));
        }
    }
    // The reverse: a LoRA of the fused layer on diffusers' folder.
    let base = tensors(&["to_q", "to_k", "to_v"].map(|p| {
        let name: &'static str = Box::leak(format!("noise_refiner.0.attention.{p}.weight").into_boxed_str());
        (name, &[16usize, 16][..])
    }));
    let m = "diffusion_model.noise_refiner.0.attention.qkv";
    let adapter = tensors(&[
        (&format!("{m}{}", PEFT[0]), &[2, 16]),
        (&format!("{m}{}", PEFT[1]), &[48, 2]),
    ]);
    let drop = Dropped::new("z-image-reverse")
        .weights("transformer/diffusion_pytorch_model.safetensors", &base)
        .weights("lora.safetensors", &adapter);
    nothing_is_asked(&drop.plan());
    let found = drop.merged(&[]);
    let [a, b] = PEFT.map(|end| matrix(&adapter, &format!("{m}{end}")));
    for (i, part) in ["to_q", "to_k", "to_v"].iter().enumerate() {
        let name = format!("noise_refiner.0.attention.{part}.weight");
        close(&found, &name, &(matrix(&base, &name) + b.rows(16 * i, 16) * &a));
    }
}

/// `transformer.` and `text_encoder.` are words of language models too.
#[test]
fn a_language_model_is_no_pipeline() {
    let molmo = Change::new(
        PEFT,
        &[
            (
                "model.transformer.blocks.0.att_proj",
                "base_model.model.transformer.blocks.0.att_proj",
                [24, 12],
            ),
            (
                "model.vision_backbone.image_vit.transformer.resblocks.0.attention.wq",
                "base_model.model.vision_backbone.image_vit.transformer.resblocks.0.attention.wq",
                [12, 12],
            ),
        ],
    );
    let drop = Dropped::new("molmo")
        .weights("molmo/model.safetensors", &molmo.base)
        .weights("a/adapter_model.safetensors", &molmo.adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    nothing_is_asked(&drop.plan());
    molmo.is_merged(&drop, &[], 2.0);

    // A head beside `transformer.h`, which the base has under the name of its embedding.
    let mut gpt2 = Change::new(
        PEFT,
        &[(
            "transformer.h.0.mlp.c_fc",
            "base_model.model.transformer.h.0.mlp.c_fc",
            [20, 12],
        )],
    );
    gpt2.base.extend(tensors(&[("transformer.wte.weight", &[30, 12])]));
    let head = "base_model.model.lm_head";
    gpt2.adapter.extend(tensors(&[
        (&format!("{head}{}", PEFT[0]), &[2, 12]),
        (&format!("{head}{}", PEFT[1]), &[30, 2]),
    ]));
    let drop = Dropped::new("gpt2-head")
        .weights("gpt2/model.safetensors", &gpt2.base)
        .weights("a/adapter_model.safetensors", &gpt2.adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    let plan = drop.plan();
    nothing_is_asked(&plan);
    assert!(!left_out(&plan, &["another model"]), "{:#?}", plan.left_out);
    assert_eq!((plan.models[0].matching.matched, plan.models[0].matching.total), (2, 2));

    // MusicGen's encoder of text does not make its adapter one of images: what alpha is is asked, with a language model's default.
    let music = Change::new(
        PEFT,
        &[
            (
                "decoder.model.decoder.layers.0.self_attn.q_proj",
                "base_model.model.decoder.model.decoder.layers.0.self_attn.q_proj",
                [12, 12],
            ),
            (
                "text_encoder.encoder.block.0.layer.0.SelfAttention.q",
                "base_model.model.text_encoder.encoder.block.0.layer.0.SelfAttention.q",
                [10, 10],
            ),
        ],
    );
    let drop = Dropped::new("musicgen")
        .weights("mg/model.safetensors", &music.base)
        .weights("music.safetensors", &music.adapter);
    let plan = drop.plan();
    let question = &plan.questions[0];
    assert_eq!((question.id.as_str(), question.value.as_str()), ("alpha:music", "2r"));
    music.is_merged(&drop, &[], 2.0);
}

/// Tinker: one factor for all experts, on experts one by one and in one tensor.
#[test]
fn a_factor_of_all_experts_is_every_experts() {
    let shapes = [("gate_proj", "w1", [10, 8]), ("down_proj", "w2", [8, 10])];
    let mut base = tensors(&[("model.layers.0.input_layernorm.weight", &[8])]);
    let mut adapter = Tensors::new();
    let module = |w: &str| format!("base_model.model.model.layers.0.mlp.experts.{w}");
    for (own, w, [out, inputs]) in shapes {
        for e in 0..3 {
            let name = format!("model.layers.0.mlp.experts.{e}.{own}.weight");
            base.extend(tensors(&[(&name, &[out, inputs])]));
        }
        let [of_a, of_b] = if w == "w1" { [1, 3] } else { [3, 1] };
        adapter.extend(tensors(&[
            (&format!("{}{}", module(w), PEFT[0]), &[of_a, 2, inputs]),
            (&format!("{}{}", module(w), PEFT[1]), &[of_b, out, 2]),
        ]));
    }
    let drop = Dropped::new("tinker")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    nothing_is_asked(&drop.plan());
    let found = drop.merged(&[]);
    for (own, w, _) in shapes {
        for e in 0..3 {
            let name = format!("model.layers.0.mlp.experts.{e}.{own}.weight");
            let factor = |end: &str, shared: bool| {
                matrix(&adapter, &format!("{}{end}[{}]", module(w), if shared { 0 } else { e }))
            };
            let (a, b) = (factor(PEFT[0], w == "w1"), factor(PEFT[1], w == "w2"));
            close(&found, &name, &(matrix(&base, &name) + b * a * 2.0));
        }
    }
    // Both shared: how many experts they stand for is not in the file.
    let m = module("w1");
    let adapter = tensors(&[
        (&format!("{m}{}", PEFT[0]), &[1, 2, 8]),
        (&format!("{m}{}", PEFT[1]), &[1, 10, 2]),
    ]);
    let drop = Dropped::new("tinker-both")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    assert!(drop.plan().problems.iter().any(|p| p.code == "adapter-rank"));
}

/// ComfyUI's folders hold everything bare: what is not the network is its company, whatever is dropped first.
#[test]
fn bare_encoders_beside_a_network_are_its_company() {
    let flux = Change::new(
        PEFT,
        &[(
            "double_blocks.0.img_attn.qkv",
            "diffusion_model.double_blocks.0.img_attn.qkv",
            [36, 12],
        )],
    );
    let clip = tensors(&[
        ("text_model.encoder.layers.0.self_attn.q_proj.weight", &[8, 8]),
        ("text_model.embeddings.token_embedding.weight", &[20, 8]),
    ]);
    let large = tensors(&[
        ("text_model.encoder.layers.0.self_attn.q_proj.weight", &[10, 10]),
        ("text_model.embeddings.token_embedding.weight", &[20, 10]),
    ]);
    let t5 = tensors(&[
        ("shared.weight", &[20, 14]),
        ("encoder.block.0.layer.0.SelfAttention.q.weight", &[14, 14]),
    ]);
    let vae = tensors(&[
        ("encoder.down.0.block.0.conv1.weight", &[4, 4, 3, 3]),
        ("decoder.up.0.block.0.conv1.weight", &[4, 4, 3, 3]),
    ]);
    let vision = tensors(&[("vision_model.encoder.layers.0.self_attn.q_proj.weight", &[14, 14])]);
    let language = tensors(&[
        ("model.embed_tokens.weight", &[20, 40]),
        ("model.layers.0.self_attn.q_proj.weight", &[40, 40]),
    ]);
    let files = [
        ("clip_l.safetensors", &clip),
        ("clip_g.safetensors", &large),
        ("t5xxl_fp16.safetensors", &t5),
        ("ae.safetensors", &vae),
        ("clip_vision_h.safetensors", &vision),
        ("qwen_2.5_vl_7b.safetensors", &language),
    ];
    let with = |name: &str, first: bool| {
        let network = |drop: Dropped| drop.weights("flux1-dev.safetensors", &flux.base);
        let drop = Dropped::new(name);
        let drop = if first { network(drop) } else { drop };
        let drop = files.iter().fold(drop, |drop, (path, t)| drop.weights(path, t));
        if first { drop } else { network(drop) }
    };
    for first in [true, false] {
        let drop = with("comfy", first).weights("style.safetensors", &flux.adapter);
        let plan = drop.plan();
        nothing_is_asked(&plan);
        for (path, _) in files {
            let label = path.trim_end_matches(".safetensors");
            assert!(
                left_out(&plan, &[label, "not compared"]),
                "{label}: {:#?}",
                plan.left_out
            );
        }
        flux.is_merged(&drop, &[], 1.0);
    }
    // A LoRA of the encoder alone says what is meant.
    let encoder = Change::new(
        KOHYA,
        &[(
            "text_model.encoder.layers.0.self_attn.q_proj",
            "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
            [8, 8],
        )],
    );
    let drop = with("comfy-te", true).weights("te.safetensors", &encoder.adapter);
    let plan = drop.plan();
    no_errors(&plan);
    assert_eq!(plan.base.unwrap().label, "clip_l");
}

/// An encoder that was trained further is compared with the one in a single file, though it is bare too.
#[test]
fn an_encoder_is_compared_with_its_own_in_a_pipeline() {
    let encoder = tensors(&[
        ("text_model.encoder.layers.0.self_attn.q_proj.weight", &[8, 8]),
        ("text_model.embeddings.token_embedding.weight", &[20, 8]),
    ]);
    let own = "cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.q_proj.weight";
    let single = tensors(&[
        (own, &[8, 8]),
        ("model.diffusion_model.input_blocks.1.1.proj_in.weight", &[12, 12]),
    ]);
    let drop = Dropped::new("te-tuned")
        .weights("v1-5-pruned.safetensors", &single)
        .weights("my_encoder.safetensors", &encoder);
    no_errors(&drop.plan());
    let name = "text_model.encoder.layers.0.self_attn.q_proj.weight";
    close(&drop.merged(&[("base", "v1-5-pruned")]), own, &matrix(&encoder, name));
}

/// A network for images that nothing pairs with, beside a language model with its adapter.
#[test]
fn what_is_of_another_kind_is_no_fine_tune() {
    let language = Change::new(
        PEFT,
        &[(
            "model.layers.0.self_attn.q_proj",
            "base_model.model.model.layers.0.self_attn.q_proj",
            [12, 12],
        )],
    );
    let image = tensors(&[
        ("transformer_blocks.0.attn.to_q.weight", &[40, 40]),
        ("transformer_blocks.0.attn.to_k.weight", &[40, 40]),
    ]);
    let drop = Dropped::new("other-kind")
        .weights("transformer/diffusion_pytorch_model.safetensors", &image)
        .weights("base/model.safetensors", &language.base)
        .weights("a/adapter_model.safetensors", &language.adapter)
        .put("a/adapter_config.json", &config(2, 4, ""));
    let plan = drop.plan();
    nothing_is_asked(&plan);
    assert!(
        left_out(&plan, &["transformer", "images", "not compared"]),
        "{:#?}",
        plan.left_out
    );
    language.is_merged(&drop, &[], 2.0);
}

/// A repository with the network twice: the base is the one that the LoRA is of.
#[test]
fn the_base_is_the_one_that_the_adapter_pairs_with() {
    let pipeline = |name: &str, adapter: &Tensors| {
        let folder = tensors(&[
            ("transformer_blocks.0.attn.to_q.weight", &[12, 12]),
            ("transformer_blocks.0.attn.to_k.weight", &[12, 12]),
        ]);
        let single = tensors(&[
            ("double_blocks.0.img_attn.qkv.weight", &[36, 12]),
            ("double_blocks.0.img_attn.proj.weight", &[12, 12]),
        ]);
        Dropped::new(name)
            .put("FLUX.1-dev/model_index.json", br#"{"_class_name":"FluxPipeline"}"#)
            .weights("FLUX.1-dev/flux1-dev.safetensors", &single)
            .weights("FLUX.1-dev/transformer/diffusion_pytorch_model.safetensors", &folder)
            .put(
                "FLUX.1-dev/transformer/config.json",
                br#"{"_class_name":"FluxTransformer2DModel"}"#,
            )
            .weights("lora.safetensors", adapter)
    };
    let pair = |module: &str, out: usize| {
        tensors(&[
            (&format!("{module}{}", PEFT[0]), &[2, 12]),
            (&format!("{module}{}", PEFT[1]), &[out, 2]),
        ])
    };
    for (module, out, base) in [
        ("transformer.transformer_blocks.0.attn.to_q", 12, "transformer/"),
        ("diffusion_model.double_blocks.0.img_attn.qkv", 36, "flux1-dev."),
    ] {
        let plan = pipeline(&format!("flux-{out}"), &pair(module, out)).plan();
        no_errors(&plan);
        assert!(
            plan.base.as_ref().unwrap().files[0].name.contains(base),
            "{:#?}",
            plan.base
        );
        assert_eq!(plan.models.len(), 1, "{:#?}", plan.models);
        assert!(
            left_out(&plan, &["same pipeline", "not compared"]),
            "{:#?}",
            plan.left_out
        );
    }
}

/// Two models, each with its own adapter: one is compared, the other said in a line.
#[test]
fn another_base_with_its_own_adapter_is_no_error() {
    let llama = Change::new(
        PEFT,
        &[(
            "model.layers.0.self_attn.q_proj",
            "base_model.model.model.layers.0.self_attn.q_proj",
            [12, 12],
        )],
    );
    let bert = Change::new(
        PEFT,
        &[(
            "encoder.layer.0.attention.self.query",
            "base_model.model.encoder.layer.0.attention.self.query",
            [10, 10],
        )],
    );
    let drop = Dropped::new("two-bases")
        .weights("llama/model.safetensors", &llama.base)
        .weights("bert/model.safetensors", &bert.base)
        .weights("a/adapter_model.safetensors", &llama.adapter)
        .put("a/adapter_config.json", &config(2, 4, ""))
        .weights("b/adapter_model.safetensors", &bert.adapter)
        .put("b/adapter_config.json", &config(2, 4, ""));
    for (base, other, adapter) in [("llama", "bert", "b"), ("bert", "llama", "a")] {
        let plan = drop.visit().plan(&[("base", base)]);
        no_errors(&plan);
        assert_eq!(plan.models.len(), 1, "{:#?}", plan.models);
        assert!(left_out(&plan, &[other, "base of", adapter]), "{:#?}", plan.left_out);
        assert!(left_out(&plan, &[adapter, "pairs with", other]), "{:#?}", plan.left_out);
    }
    llama.is_merged(&drop, &[("base", "llama")], 2.0);
}

/// Versions of transformers: an adapter under today's names on a base under those of before, and the reverse.
#[test]
fn names_of_two_versions_of_transformers_meet() {
    const RENAMED: [(&str, &[(&str, &str)]); 5] = [
        (
            "dinov2",
            &[
                (
                    "encoder.layer.0.attention.attention.query",
                    "encoder.layer.0.attention.q_proj",
                ),
                (
                    "encoder.layer.0.attention.output.dense",
                    "encoder.layer.0.attention.o_proj",
                ),
                ("encoder.layer.0.mlp.fc1", "encoder.layer.0.mlp.fc1"),
            ],
        ),
        (
            "mae",
            &[
                (
                    "vit.encoder.layer.0.attention.attention.key",
                    "vit.layers.0.attention.k_proj",
                ),
                (
                    "decoder.decoder_layers.0.attention.attention.key",
                    "decoder.decoder_layers.0.attention.k_proj",
                ),
                (
                    "decoder.decoder_layers.0.output.dense",
                    "decoder.decoder_layers.0.mlp.fc2",
                ),
            ],
        ),
        (
            "swin",
            &[
                (
                    "swin.encoder.layers.0.blocks.1.attention.self.query",
                    "swin.encoder.layers.0.blocks.1.attention.q_proj",
                ),
                (
                    "swin.encoder.layers.0.blocks.1.intermediate.dense",
                    "swin.encoder.layers.0.blocks.1.mlp.fc1",
                ),
            ],
        ),
        (
            "segformer",
            &[
                (
                    "segformer.encoder.block.1.0.attention.self.value",
                    "segformer.stages.1.blocks.0.attention.v_proj",
                ),
                (
                    "segformer.encoder.block.1.0.mlp.dense1",
                    "segformer.stages.1.blocks.0.mlp.fc1",
                ),
            ],
        ),
        (
            "detr",
            &[
                (
                    "model.decoder.layers.0.self_attn.q_proj",
                    "model.decoder.layers.0.self_attn.q_proj",
                ),
                (
                    "model.decoder.layers.0.encoder_attn.out_proj",
                    "model.decoder.layers.0.encoder_attn.o_proj",
                ),
                ("model.encoder.layers.0.fc2", "model.encoder.layers.0.mlp.fc2"),
            ],
        ),
    ];
    for (family, names) in RENAMED {
        for is_new in [true, false] {
            let both = |(old, new): &(&'static str, &'static str)| if is_new { (*old, *new) } else { (*new, *old) };
            let modules: Vec<(&str, String)> = names
                .iter()
                .map(both)
                .map(|(base, own)| (base, format!("base_model.model.{own}")))
                .collect();
            let list: Vec<(&str, &str, [usize; 2])> = modules.iter().map(|(b, a)| (*b, a.as_str(), [14, 12])).collect();
            let change = Change::new(PEFT, &list);
            let drop = Dropped::new(&format!("{family}-{is_new}"))
                .weights("base/model.safetensors", &change.base)
                .weights("a/adapter_model.safetensors", &change.adapter)
                .put("a/adapter_config.json", &config(2, 4, ""));
            nothing_is_asked(&drop.plan());
            change.is_merged(&drop, &[], 2.0);
        }
    }
}

/// Blocks were put into the network that the adapter was trained on: the numbers of both do not mean the same.
#[test]
fn an_adapter_of_a_deeper_network_is_said() {
    let name = |i: usize| format!("model.layers.{i}.self_attn.q_proj");
    let base: Tensors = (0..3)
        .flat_map(|i| tensors(&[(&format!("{}.weight", name(i)), &[12, 12])]))
        .collect();
    let adapter: Tensors = (0..5)
        .flat_map(|i| {
            let module = format!("base_model.model.{}", name(i));
            tensors(&[
                (&format!("{module}{}", PEFT[0]), &[2, 12]),
                (&format!("{module}{}", PEFT[1]), &[12, 2]),
            ])
        })
        .collect();
    let drop = Dropped::new("deeper")
        .weights("base/model.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put(
            "a/adapter_config.json",
            &config(2, 4, r#","base_model_name_or_path":"org/Base-Pro""#),
        );
    let plan = drop.plan();
    let said = plan.problems.iter().find(|p| p.code == "depth-differs");
    let said = said.unwrap_or_else(|| panic!("{:#?}", plan.problems));
    assert!(
        said.cause.contains("number 4") && said.cause.contains("to 2"),
        "{said:?}"
    );
    assert!(said.fix.as_ref().unwrap().contains("org/Base-Pro"), "{said:?}");
}

/// A LoRA of Whisper on OpenAI's file: its names are those of an encoder and decoder, not CLIP's, and its own base is named.
#[test]
fn a_speech_models_layout_is_named() {
    let base = tensors(&[
        ("encoder.blocks.0.attn.query.weight", &[12, 12]),
        ("decoder.blocks.0.attn.query.weight", &[12, 12]),
    ]);
    let adapter: Tensors = ["encoder", "decoder"]
        .iter()
        .flat_map(|side| {
            let module = format!("base_model.model.model.{side}.layers.0.self_attn.q_proj");
            tensors(&[
                (&format!("{module}{}", PEFT[0]), &[2, 12]),
                (&format!("{module}{}", PEFT[1]), &[12, 2]),
            ])
        })
        .collect();
    let drop = Dropped::new("whisper")
        .weights("large-v3.safetensors", &base)
        .weights("a/adapter_model.safetensors", &adapter)
        .put(
            "a/adapter_config.json",
            &config(2, 4, r#","base_model_name_or_path":"openai/whisper-large-v3""#),
        );
    let plan = drop.plan();
    let said = plan.problems.iter().find(|p| p.code == "layouts-differ");
    let said = said.unwrap_or_else(|| panic!("{:#?}", plan.problems));
    assert!(
        said.title.contains("Whisper, BART") && said.title.contains("OpenAI"),
        "{said:?}"
    );
    assert!(
        said.fix.as_ref().unwrap().contains("openai/whisper-large-v3"),
        "{said:?}"
    );
}

/// LyCORIS decomposes all modules or none: one without its lengths is damaged, not plain.
#[test]
fn a_module_without_its_lengths_is_said() {
    let names = [0, 1, 2].map(|i| format!("down_blocks.{i}.attentions.0.proj_in"));
    let base: Tensors = names
        .iter()
        .flat_map(|n| tensors(&[(&format!("{n}.weight"), &[12, 12])]))
        .collect();
    let mut adapter = Tensors::new();
    for (i, name) in names.iter().enumerate() {
        let m = format!("lycoris_{}", name.replace('.', "_"));
        adapter.extend(tensors(&[
            (&format!("{m}.lokr_w1"), &[3, 3]),
            (&format!("{m}.lokr_w2"), &[4, 4]),
        ]));
        if i > 0 {
            let lengths: Vec<f32> = random(&m, 12).iter().map(|x| 2.0 + x).collect();
            adapter.insert(format!("{m}.dora_scale"), (vec![12, 1], lengths));
        }
    }
    let drop = Dropped::new("dokr-half")
        .weights("unet/diffusion_pytorch_model.safetensors", &base)
        .weights("x.safetensors", &adapter);
    let plan = drop.plan();
    assert!(
        plan.problems.iter().any(|p| p.code == "adapter-half"),
        "{:#?}",
        plan.problems
    );
    let found = drop.merged(&[]);
    assert_eq!(found.len(), 2);
    let name = format!("{}.weight", names[1]);
    let m = format!("lycoris_{}", names[1].replace('.', "_"));
    let [one, two] = ["lokr_w1", "lokr_w2"].map(|part| matrix(&adapter, &format!("{m}.{part}")));
    let mut wanted = matrix(&base, &name) + one.kronecker(&two);
    let lengths = &adapter[&format!("{m}.dora_scale")].1;
    for (mut row, length) in wanted.row_iter_mut().zip(lengths) {
        row *= *length / row.norm();
    }
    close(&found, &name, &wanted);
}

/// Experts were taken out and the others renumbered: their router says so, also where the file has no embedding to call it whole by.
#[test]
fn pruned_experts_are_known_by_their_router() {
    let of = |experts: usize| {
        let mut all = tensors(&[
            ("model.layers.0.self_attn.q_proj.weight", &[8, 8]),
            ("model.layers.0.mlp.gate.weight", &[experts, 8]),
        ]);
        for e in 0..experts {
            all.extend(tensors(&[(
                &format!("model.layers.0.mlp.experts.{e}.up_proj.weight"),
                &[12, 8],
            )]));
        }
        all
    };
    let drop = Dropped::new("reap")
        .weights("base/model.safetensors", &of(4))
        .weights("pruned/model.safetensors", &of(3));
    let plan = drop.visit().plan(&[("base", "base")]);
    assert!(
        plan.questions
            .iter()
            .any(|q| q.id == "experts:pruned" && q.value == "out"),
        "{:#?}",
        plan.questions
    );
    let found = drop.merged(&[("base", "base")]);
    assert!(found.keys().all(|n| !n.contains("experts")), "{:?}", found.keys());
}
