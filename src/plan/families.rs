//! Families of models: what their configuration calls them, and how they store what others store otherwise. A new family is one entry.

/// One family.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    /// `model_type` of config.json.
    pub types: &'static [&'static str],
    /// Modules stored as `[in, out]`, by the last components of their names.
    pub in_out: &'static [&'static str],
    pub gate_up: GateUp,
    /// The fixture that proves it.
    pub proof: &'static str,
}

/// How gate and up lie in one fused matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateUp {
    /// All of gate, then all of up.
    Halves,
    /// A row of gate, a row of up.
    Alternating,
}

const EXPERTS: &[&str] = &["experts.gate_up_proj", "experts.down_proj"];

/// Families whose weights differ from `torch.nn.Linear` modules in blocks of their own.
pub static FAMILIES: [Family; 5] = [
    Family {
        name: "GPT-2 and other users of Conv1D",
        types: &["gpt2", "openai-gpt", "imagegpt", "decision_transformer", "clvp"],
        in_out: &["c_attn", "c_fc", "c_proj", "q_attn"],
        gate_up: GateUp::Halves,
        proof: "gpt2_lora",
    },
    Family {
        name: "gpt-oss",
        types: &["gpt_oss"],
        in_out: EXPERTS,
        gate_up: GateUp::Alternating,
        proof: "02-gptoss-experts-square, 03-unsloth-gptoss-expert-lists",
    },
    Family {
        name: "Llama 4",
        types: &["llama4", "llama4_text"],
        in_out: EXPERTS,
        gate_up: GateUp::Halves,
        proof: "tests/field_kinds.rs",
    },
    Family {
        name: "Qwen3-VL-MoE",
        types: &["qwen3_vl_moe", "qwen3_vl_moe_text"],
        in_out: EXPERTS,
        gate_up: GateUp::Halves,
        proof: "src/plan/orientation.rs",
    },
    Family {
        name: "Aria",
        types: &["aria", "aria_text"],
        in_out: &["experts.fc1", "experts.fc2"],
        gate_up: GateUp::Halves,
        proof: "src/plan/orientation.rs",
    },
];

/// The family that a configuration names.
pub fn of_type(model_type: Option<&str>) -> Option<&'static Family> {
    FAMILIES
        .iter()
        .find(|f| model_type.is_some_and(|t| f.types.contains(&t)))
}

/// What transformers' versions, and other libraries, call the same module: a pattern on the module's name, and the name it stands for here.
/// Both sides of a comparison are brought to the same names, so that the direction does not matter.
pub const RENAMES: [(&str, &str); 39] = [
    // transformers 5 gave the ViT family its names of today.
    (
        r"(^|\.)encoder\.layer\.(\d+)\.attention\.attention\.query$",
        "${1}layers.$2.attention.q_proj",
    ),
    (
        r"(^|\.)encoder\.layer\.(\d+)\.attention\.attention\.key$",
        "${1}layers.$2.attention.k_proj",
    ),
    (
        r"(^|\.)encoder\.layer\.(\d+)\.attention\.attention\.value$",
        "${1}layers.$2.attention.v_proj",
    ),
    (
        r"(^|\.)encoder\.layer\.(\d+)\.attention\.output\.dense$",
        "${1}layers.$2.attention.o_proj",
    ),
    (
        r"(^|\.)encoder\.layer\.(\d+)\.intermediate\.dense$",
        "${1}layers.$2.mlp.fc1",
    ),
    (r"(^|\.)encoder\.layer\.(\d+)\.output\.dense$", "${1}layers.$2.mlp.fc2"),
    // timm's ViT.
    (r"(^|\.)blocks\.(\d+)\.attn\.qkv$", "${1}layers.$2.attention.qkv_proj"),
    (r"(^|\.)blocks\.(\d+)\.attn\.proj$", "${1}layers.$2.attention.o_proj"),
    (r"(^|\.)blocks\.(\d+)\.mlp\.fc(\d)$", "${1}layers.$2.mlp.fc$3"),
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
    (r"\.shared_experts\.", ".shared_expert."),
    // Feed-forward layers that were fused under other names.
    (r"\.(?:w13|gate_and_up_proj|gate_up)$", ".gate_up_proj"),
    (r"\.ffn\.w12$", ".ffn.gate_up_proj"),
    // Attention of diffusers before its processors had names.
    (r"\.to_out$", ".to_out.0"),
    // Wan as its makers save it, beside diffusers.
    (r"(^|\.)blocks\.(\d+)\.self_attn\.([qkv])$", "${1}blocks.$2.attn1.to_$3"),
    (
        r"(^|\.)blocks\.(\d+)\.cross_attn\.([qkv])$",
        "${1}blocks.$2.attn2.to_$3",
    ),
    (r"(^|\.)blocks\.(\d+)\.self_attn\.o$", "${1}blocks.$2.attn1.to_out.0"),
    (r"(^|\.)blocks\.(\d+)\.cross_attn\.o$", "${1}blocks.$2.attn2.to_out.0"),
    (r"(^|\.)blocks\.(\d+)\.ffn\.0$", "${1}blocks.$2.ffn.net.0.proj"),
    (r"(^|\.)blocks\.(\d+)\.ffn\.2$", "${1}blocks.$2.ffn.net.2"),
];

/// Fused layers: the name, and the names of its parts in the order of the rows. The last tells which parts are equally long.
pub const FUSED: [(&str, &[&str], Equal); 7] = [
    ("qkv_proj", &["q_proj", "k_proj", "v_proj"], Equal::KeysAndValues),
    ("gate_up_proj", &["gate_proj", "up_proj"], Equal::All),
    ("in_proj_qkv", &["in_proj_q", "in_proj_k", "in_proj_v"], Equal::FirstTwo),
    ("to_qkv", &["to_q", "to_k", "to_v"], Equal::KeysAndValues),
    (
        "to_added_qkv",
        &["add_q_proj", "add_k_proj", "add_v_proj"],
        Equal::KeysAndValues,
    ),
    ("to_kv", &["to_k", "to_v"], Equal::All),
    ("kv_proj", &["k_proj", "v_proj"], Equal::All),
];

/// Which parts of a fused layer have the same number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equal {
    All,
    /// Grouped queries: k and v.
    KeysAndValues,
    /// Linear attention: q and k.
    FirstTwo,
}
