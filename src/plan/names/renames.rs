//! Renames: what libraries, and versions of one library, call the same module. Both sides of a comparison are brought to the same names, so
//! that the direction does not matter. A new rename is one entry.

use super::unet;
use regex::{Regex, RegexSet};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A pattern on a module's name, and what it becomes; one after the other.
pub static RENAMES: [(&str, &str); 90] = [
    // transformers 5 gave the ViT family its names of today: ViT, DeiT, BEiT, MAE, MSN, AST, ViViT, I-JEPA, DINOv2.
    (r"\.attention\.attention\.query$", ".attention.q_proj"),
    (r"\.attention\.attention\.key$", ".attention.k_proj"),
    (r"\.attention\.attention\.value$", ".attention.v_proj"),
    (
        r"(^|\.)(encoder\.layer|decoder_layers)\.(\d+)\.attention\.output\.dense$",
        "${1}$2.$3.attention.o_proj",
    ),
    (
        r"(^|\.)(encoder\.layer|decoder_layers)\.(\d+)\.intermediate\.dense$",
        "${1}$2.$3.mlp.fc1",
    ),
    (
        r"(^|\.)(encoder\.layer|decoder_layers)\.(\d+)\.output\.dense$",
        "${1}$2.$3.mlp.fc2",
    ),
    (r"\.mlp\.weights_in$", ".mlp.gate_up_proj"),
    (r"\.mlp\.weights_out$", ".mlp.down_proj"),
    (
        r"(^|\.)encoder\.layer\.(\d+)\.(attention\.[qkvo]_proj|mlp\.\w+)$",
        "${1}layers.$2.$3",
    ),
    // And Segformer and Swin, whose blocks have two numbers.
    (r"(^|\.)encoder\.block\.(\d+)\.(\d+)\.", "${1}stages.$2.blocks.$3."),
    (
        r"(^|\.)blocks\.(\d+)\.attention\.self\.query$",
        "${1}blocks.$2.attention.q_proj",
    ),
    (
        r"(^|\.)blocks\.(\d+)\.attention\.self\.key$",
        "${1}blocks.$2.attention.k_proj",
    ),
    (
        r"(^|\.)blocks\.(\d+)\.attention\.self\.value$",
        "${1}blocks.$2.attention.v_proj",
    ),
    (
        r"(^|\.)blocks\.(\d+)\.attention\.self\.sr$",
        "${1}blocks.$2.attention.sequence_reduction.sequence_reduction",
    ),
    (
        r"(^|\.)blocks\.(\d+)\.attention\.output\.dense$",
        "${1}blocks.$2.attention.o_proj",
    ),
    (r"(^|\.)blocks\.(\d+)\.intermediate\.dense$", "${1}blocks.$2.mlp.fc1"),
    (r"(^|\.)blocks\.(\d+)\.output\.dense$", "${1}blocks.$2.mlp.fc2"),
    (r"(^|\.)blocks\.(\d+)\.mlp\.dense([12])$", "${1}blocks.$2.mlp.fc$3"),
    // timm's ViT and Swin, and DINOv2 as its makers save it.
    (r"(^|\.)blocks\.(\d+)\.attn\.qkv$", "${1}layers.$2.attention.qkv_proj"),
    (r"(^|\.)blocks\.(\d+)\.attn\.proj$", "${1}layers.$2.attention.o_proj"),
    (
        r"(^|\.)blocks\.(\d+)\.attention\.([qkvo]_proj)$",
        "${1}layers.$2.attention.$3",
    ),
    (r"(^|\.)blocks\.(\d+)\.mlp\.fc(\d)$", "${1}layers.$2.mlp.fc$3"),
    (r"(^|\.)blocks\.(\d+)\.mlp\.w12$", "${1}layers.$2.mlp.gate_up_proj"),
    (r"(^|\.)blocks\.(\d+)\.mlp\.w3$", "${1}layers.$2.mlp.down_proj"),
    // open_clip and Stability's text encoders, beside CLIP of transformers.
    (
        r"(^|\.)transformer\.resblocks\.(\d+)\.attn(?:\.in_proj_weight)?$",
        "${1}encoder.layers.$2.self_attn.qkv_proj",
    ),
    (
        r"(^|\.)transformer\.resblocks\.(\d+)\.attn\.out_proj$",
        "${1}encoder.layers.$2.self_attn.out_proj",
    ),
    (
        r"(^|\.)transformer\.resblocks\.(\d+)\.mlp\.c_fc$",
        "${1}encoder.layers.$2.mlp.fc1",
    ),
    (
        r"(^|\.)transformer\.resblocks\.(\d+)\.mlp\.c_proj$",
        "${1}encoder.layers.$2.mlp.fc2",
    ),
    // transformers 5: DETR and its kin.
    (
        r"(^|\.)(encoder|decoder)\.layers\.(\d+)\.(self_attn|encoder_attn)\.out_proj$",
        "${1}$2.layers.$3.$4.o_proj",
    ),
    (
        r"(^|\.)(encoder|decoder)\.layers\.(\d+)\.fc([12])$",
        "${1}$2.layers.$3.mlp.fc$4",
    ),
    (
        r"(^|\.)(encoder|decoder)\.layers\.(\d+)\.mlp\.layers\.0$",
        "${1}$2.layers.$3.mlp.fc1",
    ),
    (
        r"(^|\.)(encoder|decoder)\.layers\.(\d+)\.mlp\.layers\.1$",
        "${1}$2.layers.$3.mlp.fc2",
    ),
    (
        r"(^|\.)encoder\.encoder\.(\d+)\.layers\.",
        "${1}encoder.aifi.$2.layers.",
    ),
    // transformers 5: EXAONE; TimesFM.
    (
        r"(^|\.)transformer\.h\.(\d+)\.attn\.attention\.([qkv]_proj)$",
        "${1}model.layers.$2.self_attn.$3",
    ),
    (
        r"(^|\.)transformer\.h\.(\d+)\.attn\.attention\.out_proj$",
        "${1}model.layers.$2.self_attn.o_proj",
    ),
    (
        r"(^|\.)transformer\.h\.(\d+)\.mlp\.c_fc_0$",
        "${1}model.layers.$2.mlp.gate_proj",
    ),
    (
        r"(^|\.)transformer\.h\.(\d+)\.mlp\.c_fc_1$",
        "${1}model.layers.$2.mlp.up_proj",
    ),
    (r"\.mlp\.ff0$", ".mlp.fc1"),
    (r"\.mlp\.ff1$", ".mlp.fc2"),
    // torch.nn.MultiheadAttention: the module is the attention, its weight `in_proj_weight`.
    (r"\.in_proj_weight$", ""),
    // Experts: where they live, and what they are called.
    (
        r"\.(?:block_sparse_moe|feed_forward|moe|ffn)\.experts\.",
        ".mlp.experts.",
    ),
    (
        r"\.switch_mlp\.(gate_proj|up_proj|down_proj)(?:\.weight)?\[(\d+)\]$",
        ".experts.$2.$1",
    ),
    (
        r"\.experts\.(gate_proj|up_proj|down_proj|gate_up_proj)s?\.(\d+)$",
        ".experts.$2.$1",
    ),
    (
        r"\.experts\.(gate_proj|up_proj|down_proj|gate_up_proj)(?:\.weight)?\[(\d+)\]$",
        ".experts.$2.$1",
    ),
    (r"\.experts\.fc1(?:\.weight)?\[(\d+)\]$", ".experts.$1.gate_up_proj"),
    (r"\.experts\.fc2(?:\.weight)?\[(\d+)\]$", ".experts.$1.down_proj"),
    (r"\.experts\.w1(?:\.weight)?\[(\d+)\]$", ".experts.$1.gate_proj"),
    (r"\.experts\.w2(?:\.weight)?\[(\d+)\]$", ".experts.$1.down_proj"),
    (r"\.experts\.w3(?:\.weight)?\[(\d+)\]$", ".experts.$1.up_proj"),
    (r"\.experts\.(\d+)\.w1$", ".experts.$1.gate_proj"),
    (r"\.experts\.(\d+)\.w2$", ".experts.$1.down_proj"),
    (r"\.experts\.(\d+)\.w3$", ".experts.$1.up_proj"),
    (
        r"\.(?:block_sparse_moe|mlp)\.input_linear(?:\.weight)?\[(\d+)\]$",
        ".mlp.experts.$1.gate_up_proj",
    ),
    (
        r"\.(?:block_sparse_moe|mlp)\.output_linear(?:\.weight)?\[(\d+)\]$",
        ".mlp.experts.$1.down_proj",
    ),
    (r"\.shared_experts?\.w1$", ".shared_expert.gate_proj"),
    (r"\.shared_experts?\.w2$", ".shared_expert.down_proj"),
    (r"\.shared_experts?\.w3$", ".shared_expert.up_proj"),
    (r"\.(?:shared_experts|share_expert|shared_mlp)\.", ".shared_expert."),
    // Feed-forward layers that were fused under other names.
    (r"\.(?:w13|gate_and_up_proj|gate_up)$", ".gate_up_proj"),
    (r"\.ffn\.w12$", ".ffn.gate_up_proj"),
    // Attention of diffusers before its processors had names.
    (r"\.to_out$", ".to_out.0"),
    // Z-Image and Lumina 2 as ComfyUI and their makers have them, beside diffusers.
    (
        r"(^|\.)(layers|context_refiner|noise_refiner)\.(\d+)\.attention\.qkv$",
        "${1}$2.$3.attention.to_qkv",
    ),
    (
        r"(^|\.)(layers|context_refiner|noise_refiner)\.(\d+)\.attention\.out$",
        "${1}$2.$3.attention.to_out.0",
    ),
    (
        r"(^|\.)(layers|context_refiner|noise_refiner)\.(\d+)\.attn\.(to_[qkv]|to_out\.0)$",
        "${1}$2.$3.attention.$4",
    ),
    (r"\.feed_forward\.linear_([123])$", ".feed_forward.w$1"),
    (
        r"(^|\.)(layers|noise_refiner)\.(\d+)\.adaLN_modulation\.1$",
        "${1}$2.$3.norm1.linear",
    ),
    // Wan as its makers save it, beside diffusers; VACE has blocks of its own.
    (
        r"(^|\.)(blocks|vace_blocks)\.(\d+)\.self_attn\.([qkv])$",
        "${1}$2.$3.attn1.to_$4",
    ),
    (
        r"(^|\.)(blocks|vace_blocks)\.(\d+)\.cross_attn\.([qkv])$",
        "${1}$2.$3.attn2.to_$4",
    ),
    (
        r"(^|\.)(blocks|vace_blocks)\.(\d+)\.cross_attn\.([kv])_img$",
        "${1}$2.$3.attn2.add_${4}_proj",
    ),
    (
        r"(^|\.)(blocks|vace_blocks)\.(\d+)\.self_attn\.o$",
        "${1}$2.$3.attn1.to_out.0",
    ),
    (
        r"(^|\.)(blocks|vace_blocks)\.(\d+)\.cross_attn\.o$",
        "${1}$2.$3.attn2.to_out.0",
    ),
    (
        r"(^|\.)(blocks|vace_blocks)\.(\d+)\.ffn\.0$",
        "${1}$2.$3.ffn.net.0.proj",
    ),
    (r"(^|\.)(blocks|vace_blocks)\.(\d+)\.ffn\.2$", "${1}$2.$3.ffn.net.2"),
    (r"(^|\.)vace_blocks\.(\d+)\.before_proj$", "${1}vace_blocks.$2.proj_in"),
    (r"(^|\.)vace_blocks\.(\d+)\.after_proj$", "${1}vace_blocks.$2.proj_out"),
    (
        r"(^|\.)time_embedding\.0$",
        "${1}condition_embedder.time_embedder.linear_1",
    ),
    (
        r"(^|\.)time_embedding\.2$",
        "${1}condition_embedder.time_embedder.linear_2",
    ),
    (
        r"(^|\.)text_embedding\.0$",
        "${1}condition_embedder.text_embedder.linear_1",
    ),
    (
        r"(^|\.)text_embedding\.2$",
        "${1}condition_embedder.text_embedder.linear_2",
    ),
    (r"(^|\.)time_projection\.1$", "${1}condition_embedder.time_proj"),
    (
        r"(^|\.)img_emb\.proj\.1$",
        "${1}condition_embedder.image_embedder.ff.net.0.proj",
    ),
    (
        r"(^|\.)img_emb\.proj\.3$",
        "${1}condition_embedder.image_embedder.ff.net.2",
    ),
    (r"(^|\.)head\.head$", "${1}proj_out"),
    // The UNet of Stable Diffusion as its makers have it, beside diffusers; its blocks are renumbered in `unet`.
    (r"(^|\.)input_blocks\.0\.0$", "${1}conv_in"),
    (r"(^|diffusion_model\.)out\.0$", "${1}conv_norm_out"),
    (r"(^|diffusion_model\.)out\.2$", "${1}conv_out"),
    (r"(^|\.)time_embed\.0$", "${1}time_embedding.linear_1"),
    (r"(^|\.)time_embed\.2$", "${1}time_embedding.linear_2"),
    (r"(^|\.)label_emb\.0\.0$", "${1}add_embedding.linear_1"),
    (r"(^|\.)label_emb\.0\.2$", "${1}add_embedding.linear_2"),
];

/// The table, compiled for names whose components stand apart in one way.
struct Compiled {
    /// Most names have none of them.
    any: RegexSet,
    all: Vec<(Regex, Cow<'static, str>)>,
}

impl Compiled {
    fn new(
        own: impl Fn(&'static str) -> Cow<'static, str>,
        becomes: impl Fn(&'static str) -> Cow<'static, str>,
    ) -> Self {
        let patterns: Vec<Cow<str>> = RENAMES.iter().map(|(from, _)| own(from)).collect();
        let one = |(from, (_, to)): (&Cow<str>, &(&str, &'static str))| {
            (Regex::new(from).expect("the patterns compile: tested"), becomes(to))
        };
        Compiled {
            any: RegexSet::new(&patterns).expect("the patterns compile: tested"),
            all: patterns.iter().zip(&RENAMES).map(one).collect(),
        }
    }

    fn apply(&self, module: String) -> String {
        if !self.any.is_match(&module) {
            return module;
        }
        let next = |name: String, (from, to): &(Regex, Cow<str>)| match from.is_match(&name) {
            true => from.replace(&name, &**to).into_owned(),
            false => name,
        };
        self.all.iter().fold(module, next)
    }
}

static DOTTED: LazyLock<Compiled> = LazyLock::new(|| Compiled::new(Cow::Borrowed, Cow::Borrowed));
static GROUP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$(\d)").expect("a constant"));
/// The renames for writers that join components by underscores.
static JOINED: LazyLock<Compiled> = LazyLock::new(|| {
    Compiled::new(
        |from| from.replace(r"\.", "_").into(),
        // `$1_` would be a group called `1_`.
        |to| GROUP.replace_all(to, "$${$1}").replace('.', "_").into(),
    )
});

/// A name as every library would write it, with `.weight` at its end.
pub fn neutral(name: &str) -> String {
    let module = name.strip_suffix(".weight").unwrap_or(name);
    let module = unet::by_level(module).unwrap_or_else(|| module.to_owned());
    format!("{}.weight", DOTTED.apply(module))
}

/// The same for a module whose components a writer has joined by underscores: where they began cannot be told any more, so both sides of a
/// comparison are joined.
pub fn neutral_joined(module: &str) -> String {
    JOINED.apply(unet::by_level(module).unwrap_or_else(|| module.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::names::leaf::joined;

    /// Dots and underscores alike, and once is enough.
    #[track_caller]
    fn same_name(a: &str, b: &str) {
        assert_eq!(neutral(a), neutral(b));
        assert_eq!(neutral(&neutral(a)), neutral(a), "{a}");
        let plain = |name: &str| joined(name.trim_end_matches(".weight"));
        if !a.contains('[') && !b.contains('[') {
            assert_eq!(neutral_joined(&plain(a)), neutral_joined(&plain(b)));
        }
    }

    #[test]
    fn libraries_agree_on_neutral_names() {
        same_name(
            "vit.encoder.layer.3.attention.attention.query.weight",
            "vit.layers.3.attention.q_proj.weight",
        );
        same_name(
            "model.layers.0.mlp.experts.gate_up_proj[2]",
            "model.layers.0.mlp.experts.gate_up_projs.2.weight",
        );
        same_name(
            "model.layers.0.block_sparse_moe.experts.1.w2.weight",
            "model.layers.0.mlp.experts.down_proj[1]",
        );
        same_name(
            "model.layers.0.mlp.switch_mlp.up_proj.weight[4]",
            "model.layers.0.mlp.experts.4.up_proj.weight",
        );
        same_name(
            "visual.transformer.resblocks.0.attn.in_proj_weight",
            "visual.transformer.resblocks.0.attn.weight",
        );
        assert_eq!(
            neutral("model.layers.0.self_attn.q_proj.weight"),
            "model.layers.0.self_attn.q_proj.weight"
        );
    }

    #[test]
    fn versions_of_transformers_agree() {
        for (old, new) in [
            ("encoder.layer.0.output.dense", "layers.0.mlp.fc2"),
            ("encoder.layer.1.attention.output.dense", "layers.1.attention.o_proj"),
            (
                "dinov2.encoder.layer.1.attention.attention.value",
                "dinov2.encoder.layer.1.attention.v_proj",
            ),
            (
                "encoder.layer.1.attention.output.dense",
                "encoder.layer.1.attention.o_proj",
            ),
            ("encoder.layer.1.mlp.weights_out", "encoder.layer.1.mlp.down_proj"),
            (
                "decoder.decoder_layers.0.attention.attention.key",
                "decoder.decoder_layers.0.attention.k_proj",
            ),
            (
                "decoder.decoder_layers.0.intermediate.dense",
                "decoder.decoder_layers.0.mlp.fc1",
            ),
            (
                "segformer.encoder.block.2.1.attention.self.query",
                "segformer.stages.2.blocks.1.attention.q_proj",
            ),
            (
                "segformer.encoder.block.2.1.mlp.dense2",
                "segformer.stages.2.blocks.1.mlp.fc2",
            ),
            (
                "swin.encoder.layers.0.blocks.1.attention.self.value",
                "swin.encoder.layers.0.blocks.1.attention.v_proj",
            ),
            (
                "swin.encoder.layers.0.blocks.1.output.dense",
                "swin.encoder.layers.0.blocks.1.mlp.fc2",
            ),
            (
                "model.decoder.layers.0.encoder_attn.out_proj",
                "model.decoder.layers.0.encoder_attn.o_proj",
            ),
            ("model.encoder.layers.0.fc1", "model.encoder.layers.0.mlp.fc1"),
            (
                "transformer.h.1.attn.attention.out_proj",
                "model.layers.1.self_attn.o_proj",
            ),
            ("transformer.h.1.mlp.c_fc_0", "model.layers.1.mlp.gate_proj"),
        ] {
            same_name(old, new);
        }
    }

    #[test]
    fn makers_and_diffusers_agree() {
        for (makers, diffusers) in [
            ("blocks.0.self_attn.q", "blocks.0.attn1.to_q"),
            ("blocks.0.cross_attn.k_img", "blocks.0.attn2.add_k_proj"),
            ("blocks.0.cross_attn.v_img", "blocks.0.attn2.add_v_proj"),
            ("blocks.1.ffn.2", "blocks.1.ffn.net.2"),
            ("vace_blocks.1.self_attn.o", "vace_blocks.1.attn1.to_out.0"),
            ("vace_blocks.0.before_proj", "vace_blocks.0.proj_in"),
            ("time_projection.1", "condition_embedder.time_proj"),
            ("head.head", "proj_out"),
            ("layers.0.attention.qkv", "layers.0.attention.to_qkv"),
            ("noise_refiner.1.attention.out", "noise_refiner.1.attention.to_out.0"),
            ("layers.3.attention.out", "layers.3.attn.to_out.0"),
            ("layers.3.feed_forward.w2", "layers.3.feed_forward.linear_2"),
            ("input_blocks.0.0", "conv_in"),
            ("out.2", "conv_out"),
            ("time_embed.2", "time_embedding.linear_2"),
            ("label_emb.0.0", "add_embedding.linear_1"),
        ] {
            same_name(makers, diffusers);
            same_name(
                &format!("model.diffusion_model.{makers}"),
                &format!("model.diffusion_model.{diffusers}"),
            );
        }
    }

    /// What differs stays apart.
    #[test]
    fn other_modules_keep_their_own_names() {
        let names = [
            "encoder.layer.0.attention.self.query",
            "encoder.block.0.layer.0.SelfAttention.q",
            "transformer.h.0.mlp.c_fc",
            "model.layers.0.self_attn.out_proj",
            "attention.out.2",
        ];
        for name in names {
            assert_eq!(neutral(name), format!("{name}.weight"));
        }
    }
}
