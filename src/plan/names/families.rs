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

/// The layout of gate and up in one fused matrix.
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
        proof: "src/plan/names/orientation.rs",
    },
    Family {
        name: "Aria",
        types: &["aria", "aria_text"],
        in_out: &["experts.fc1", "experts.fc2"],
        gate_up: GateUp::Halves,
        proof: "src/plan/names/orientation.rs",
    },
];

/// The family that a configuration names.
pub fn of_type(model_type: Option<&str>) -> Option<&'static Family> {
    FAMILIES
        .iter()
        .find(|f| model_type.is_some_and(|t| f.types.contains(&t)))
}

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

/// The parts of a fused layer that have the same number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equal {
    All,
    /// Grouped queries: k and v.
    KeysAndValues,
    /// Linear attention: q and k.
    FirstTwo,
}
