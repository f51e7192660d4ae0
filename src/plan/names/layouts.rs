//! Layouts: what each library calls the blocks of a network, which file of a model has that layout, and how its own adapters reach another.
//! A new library is one entry.

use regex::RegexSet;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// One library's names.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// After "in ...".
    pub name: &'static str,
    /// A pattern on canonical names, their components joined by dots or underscores.
    known_by: &'static str,
    /// A network for images, video or sound: alpha = r where nobody says it.
    pub image: bool,
    /// The file that has it, after "drop".
    pub file: &'static str,
    /// The way from it to another layout, for an adapter or a model.
    pub way: &'static str,
    /// A fixture or test that has it.
    pub proof: &'static str,
}

/// The first whose pattern fits a name is that name's.
pub static LAYOUTS: [Layout; 22] = [
    Layout {
        name: "Black Forest Labs’ layout",
        known_by: r"(?:^|[._])(?:double_blocks|single_blocks)[._]\d",
        image: true,
        file: "the single file of the model’s makers (flux1-dev.safetensors, or hunyuan_video_*.safetensors)",
        way: "Or convert the LoRA with diffusers: load_lora_weights, then save_lora_weights.",
        proof: "35-kohya-flux-diffusers-base",
    },
    // Before diffusers’, whose words stand inside its names.
    Layout {
        name: "Stability’s (sgm, ldm) layout",
        known_by: r"(?:^|[._])(?:input_blocks|output_blocks|middle_block)[._]\d",
        image: true,
        file: "the single-file checkpoint (sd_xl_base_1.0.safetensors, v1-5-pruned.safetensors)",
        way: "Or convert the LoRA with diffusers: load_lora_weights, then save_lora_weights.",
        proof: "tests/field_kinds.rs",
    },
    Layout {
        name: "Stability’s layout of SD3",
        known_by: r"(?:^|[._])joint_blocks[._]\d",
        image: true,
        file: "the single file (sd3_medium.safetensors)",
        way: "Or convert the LoRA with diffusers: load_lora_weights, then save_lora_weights.",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "diffusers’ layout",
        known_by: r"(?:^|[._])(?:single_|joint_|temporal_)?transformer_blocks[._]\d.*(?:to_q|to_k|to_v|to_out|to_add_out|add_[qkv]_proj|ff(?:_context)?[._]net|proj_mlp|proj_out|norm\d*[._]linear)|^(?:unet[._])?(?:down_blocks|up_blocks|mid_block)[._]",
        image: true,
        file: "the model’s diffusers folder (transformer/ or unet/, diffusion_pytorch_model.safetensors)",
        way: "Or convert the LoRA to the single file’s names (diffusers: scripts/convert_diffusers_to_original_*.py; kohya: networks/convert_flux_lora.py).",
        proof: "31-flux-lora-no-alpha",
    },
    Layout {
        name: "Wan’s own layout",
        known_by: r"(?:^|[._])blocks[._]\d+[._](?:(?:self|cross)_attn[._](?:q|k|v|o)|ffn[._][02])$",
        image: true,
        file: "the single file of the makers (wan2.1_t2v_*.safetensors)",
        way: "Or convert the LoRA with diffusers: load_lora_weights, then save_lora_weights.",
        proof: "33-wan-lora-with-diffs",
    },
    Layout {
        name: "ComfyUI’s layout of Z-Image and Lumina",
        known_by: r"(?:^|[._])(?:layers|context_refiner|noise_refiner)[._]\d+[._](?:attention[._](?:qkv|out)|adaLN_modulation[._]\d)$",
        image: true,
        file: "the single file (z_image_*.safetensors, lumina_2*.safetensors)",
        way: "Or convert the LoRA with diffusers: load_lora_weights, then save_lora_weights.",
        proof: "tests/field_meet.rs",
    },
    Layout {
        name: "diffusers’ layout",
        known_by: r"(?:^|[._])(?:attn\d?|attention|attn_block)[._](?:to_[qkv]|to_out|add_[qkv]_proj)",
        image: true,
        file: "the model’s diffusers folder (transformer/, diffusion_pytorch_model.safetensors)",
        way: "Or convert the LoRA to the single file’s names.",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "Megatron’s layout (NeMo, Megatron-Bridge)",
        known_by: r"(?:linear_qkv|linear_proj|linear_fc1|linear_fc2)(?:[._]|$)|language_model\.encoder\.layers\.",
        image: false,
        file: "the Megatron checkpoint exported to safetensors",
        way: "Export it to Hugging Face form first: Megatron-Bridge AutoBridge.export_adapter_ckpt (adapters, as PEFT) or AutoBridge.export_ckpt (models).",
        proof: "15-megatron-bridge-adapter",
    },
    Layout {
        name: "Mistral’s or Meta’s own layout",
        known_by: r"(?:^|\.)layers\.\d+\.attention\.w[qkvo]$",
        image: false,
        file: "consolidated.safetensors (Mistral) or consolidated.*.pth (Meta)",
        way: "Their q and k rows stand in another order than Hugging Face’s, so names alone do not pair them. Convert with transformers: src/transformers/models/llama/convert_llama_weights_to_hf.py.",
        proof: "tests/field_kinds.rs",
    },
    Layout {
        name: "torchtune’s layout",
        known_by: r"(?:^|\.)layers\.\d+\.(?:attn\.(?:[qkv]_proj|output_proj)|mlp\.w[123])$",
        image: false,
        file: "the base as torchtune’s checkpointer saves it",
        way: "Save it in Hugging Face form: torchtune’s FullModelHFCheckpointer writes adapter_model.safetensors with PEFT’s names beside adapter_config.json.",
        proof: "12-torchtune-native-adapter",
    },
    Layout {
        name: "OpenAI’s layout of Whisper",
        known_by: r"(?:^|\.)(?:encoder|decoder)\.blocks\.\d+\.(?:attn|cross_attn)\.(?:query|key|value|out)$",
        image: false,
        file: "the .pt file of OpenAI",
        way: "Convert it with transformers: src/transformers/models/whisper/convert_openai_to_hf.py.",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "llama.cpp’s layout",
        known_by: r"(?:^|\.)blk\.\d+\.(?:attn|ffn)_",
        image: false,
        file: "the .safetensors files that the GGUF was made from",
        way: "Use the adapter before it was converted (adapter_model.safetensors).",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "OpenCLIP’s layout",
        known_by: r"(?:^|[._])resblocks[._]\d",
        image: false,
        file: "open_clip_model.safetensors",
        way: "",
        proof: "08-openclip-multihead-attention",
    },
    Layout {
        name: "mlx-lm’s layout of experts",
        known_by: r"(?:^|\.)switch_mlp\.",
        image: false,
        file: "the 16-bit model that mlx-lm was given",
        way: "Fuse it with mlx-lm: mlx_lm.fuse --model BASE --adapter-path ADAPTER --save-path fused.",
        proof: "tests/field_kinds.rs",
    },
    Layout {
        name: "GPT-2’s layout",
        known_by: r"(?:^|\.)h\.\d+\.(?:attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)$",
        image: false,
        file: "a base with GPT-2’s names",
        way: "",
        proof: "gpt2_lora",
    },
    Layout {
        name: "BERT’s layout",
        known_by: r"(?:^|\.)encoder\.layer\.\d+\.(?:attention\.self|attention\.output|intermediate|output)\.",
        image: false,
        file: "a base with BERT’s names",
        way: "",
        proof: "roberta_lora",
    },
    Layout {
        name: "fairseq’s layout",
        known_by: r"(?:^|\.)sentence_encoder\.layers\.\d|(?:^|\.)(?:w2v_encoder|w2v_model)\.",
        image: false,
        file: "the checkpoint as fairseq saves it (checkpoint_best.pt)",
        way: "Or convert it with transformers 4: its folder src/transformers/models/MODEL has a script convert_*_checkpoint_to_pytorch.py for every model of fairseq.",
        proof: "src/plan/names/layouts.rs",
    },
    // Before CLIP’s: names of attention alone, without `text_model` or `vision_model`, are more likely these.
    Layout {
        name: "the encoder-decoder layout of transformers (Whisper, BART, NLLB and others)",
        known_by: r"^(?:[a-z0-9]+\.)*(?:encoder|decoder)\.layers\.\d+\.(?:(?:self_attn|encoder_attn)\.(?:[qkv]|out)_proj|fc[12])$",
        image: false,
        file: "the model as transformers saves it (model.safetensors from the Hugging Face Hub)",
        way: "",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "the layout of transformers’ speech encoders (wav2vec 2.0, HuBERT, WavLM)",
        known_by: r"(?:^|[._])encoder[._]layers[._]\d+[._](?:attention[._](?:[qkv]|out)_proj|feed_forward[._](?:intermediate|output)_dense)$",
        image: false,
        file: "the model as transformers saves it (model.safetensors from the Hugging Face Hub)",
        way: "",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "the layout of CLIP and SigLIP in transformers",
        known_by: r"(?:^|[._])encoder[._]layers[._]\d+[._](?:self_attn[._](?:[qkv]|out)_proj|mlp[._]fc[12])$",
        image: false,
        file: "the encoder as transformers saves it (text_encoder/model.safetensors, or the model.safetensors of the whole model)",
        way: "",
        proof: "44-kohya-te-on-new-clip",
    },
    Layout {
        name: "LitGPT’s layout",
        known_by: r"(?:^|\.)transformer\.h\.\d+\.(?:attn\.(?:qkv|attn|proj)|mlp\.(?:fc_[12]|fc|proj))$",
        image: false,
        file: "the lit_model.pth of LitGPT",
        way: "Or merge and convert it with LitGPT: litgpt merge_lora FOLDER, then litgpt convert_from_litgpt FOLDER OUTPUT.",
        proof: "src/plan/names/layouts.rs",
    },
    Layout {
        name: "Hugging Face’s layout",
        known_by: r"(?:^|\.)layers\.\d+\.(?:self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj|mlp\.experts)",
        image: false,
        file: "the model’s .safetensors files from the Hugging Face Hub",
        way: "",
        proof: "llama_lora",
    },
];

static PATTERNS: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(LAYOUTS.iter().map(|l| l.known_by)).expect("the patterns compile: tested"));

/// The layout of most of these names; none where less than a third has a known one. Some names are of several layouts: those beside them tell.
pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'static Layout> {
    let mut votes = [0usize; LAYOUTS.len()];
    let mut all = 0usize;
    // A layout may have several entries; the first stands for it.
    let own = |at: usize| {
        let name = LAYOUTS.get(at)?.name;
        LAYOUTS.iter().position(|l| l.name == name)
    };
    for name in names {
        let module = name.strip_suffix(".weight").unwrap_or(name);
        all = all.saturating_add(1);
        let fitting: BTreeSet<usize> = PATTERNS.matches(module).iter().filter_map(own).collect();
        for (_, n) in votes.iter_mut().enumerate().filter(|(at, _)| fitting.contains(at)) {
            *n = n.saturating_add(1);
        }
    }
    let (best, votes) = votes
        .iter()
        .enumerate()
        .max_by_key(|(i, n)| (**n, std::cmp::Reverse(*i)))?;
    LAYOUTS
        .get(best)
        .filter(|_| *votes > 0 && votes.saturating_mul(3) >= all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_is_told_by_its_names() {
        let check = |names: &[&str], layout: &str| {
            assert_eq!(of(names.iter().copied()).map(|l| l.name), Some(layout), "{names:?}")
        };
        check(
            &["double_blocks.0.img_attn.qkv.weight", "single_blocks.3.linear1"],
            "Black Forest Labs’ layout",
        );
        check(&["double_blocks_0_img_attn_qkv"], "Black Forest Labs’ layout");
        check(
            &[
                "transformer.transformer_blocks.0.attn.to_q",
                "single_transformer_blocks.0.proj_mlp",
            ],
            "diffusers’ layout",
        );
        check(
            &["down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"],
            "diffusers’ layout",
        );
        check(&["blocks.0.attn1.to_q.weight"], "diffusers’ layout");
        check(
            &["blocks.0.self_attn.q.weight", "diffusion_model.blocks.1.ffn.0"],
            "Wan’s own layout",
        );
        check(
            &["input_blocks_4_1_transformer_blocks_0_attn1_to_q"],
            "Stability’s (sgm, ldm) layout",
        );
        check(&["model.layers.0.self_attn.q_proj.weight"], "Hugging Face’s layout");
        check(&["layers.0.attn.q_proj", "layers.0.mlp.w1"], "torchtune’s layout");
        check(&["layers.0.attention.wq.weight"], "Mistral’s or Meta’s own layout");
        check(
            &["decoder.layers.0.self_attention.linear_qkv"],
            "Megatron’s layout (NeMo, Megatron-Bridge)",
        );
        check(&["transformer.h.0.attn.c_attn.weight"], "GPT-2’s layout");
        check(&["joint_blocks.0.x_block.attn.qkv"], "Stability’s layout of SD3");
        check(&["encoder.blocks.0.attn.query.weight"], "OpenAI’s layout of Whisper");
        check(
            &[
                "layers.0.attention.qkv",
                "layers.0.attention.out",
                "layers.0.feed_forward.w1",
            ],
            "ComfyUI’s layout of Z-Image and Lumina",
        );
        check(&["blk.0.attn_q.weight"], "llama.cpp’s layout");
        let seq2seq = "the encoder-decoder layout of transformers (Whisper, BART, NLLB and others)";
        check(
            &[
                "model.encoder.layers.0.self_attn.q_proj",
                "model.decoder.layers.0.self_attn.v_proj",
            ],
            seq2seq,
        );
        check(&["model.encoder.layers.0.self_attn.q_proj"], seq2seq);
        check(
            &["decoder.layers.0.encoder_attn.k_proj", "decoder.layers.0.fc1"],
            seq2seq,
        );
        let clip = "the layout of CLIP and SigLIP in transformers";
        check(&["encoder.layers.0.self_attn.q_proj", "encoder.layers.0.mlp.fc1"], clip);
        check(&["text_model_encoder_layers_0_mlp_fc1"], clip);
        check(&["vision_model.encoder.layers.0.self_attn.q_proj"], clip);
        check(&["text_model.encoder.layers.0.self_attn.q_proj"], clip);
        check(
            &[
                "decoder.sentence_encoder.layers.0.self_attn.q_proj",
                "decoder.sentence_encoder.layers.0.fc1",
            ],
            "fairseq’s layout",
        );
        check(
            &[
                "wav2vec2.encoder.layers.0.attention.q_proj",
                "wav2vec2.encoder.layers.0.feed_forward.output_dense",
            ],
            "the layout of transformers’ speech encoders (wav2vec 2.0, HuBERT, WavLM)",
        );
        check(
            &["transformer.h.0.attn.qkv", "transformer.h.0.mlp.fc_1"],
            "LitGPT’s layout",
        );
        assert_eq!(of(["lm_head.weight"].into_iter()), None);
    }
}
