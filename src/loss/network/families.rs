//! The families of language models: how each builds its network, and what its tensors are called. A family is one entry; what is not here is
//! refused by name. Source: `modeling_*.py` and `configuration_*.py` of transformers 5.24, against which every entry is tested.

use super::activation::Activation;

/// One `model_type`.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// `model_type` of config.json.
    pub model_type: &'static str,
    /// Predicts masked tokens from both sides, not the next one from the left.
    pub masked: bool,
    /// What may stand before every name; a file has one of them.
    pub prefixes: &'static [&'static str],
    /// Table of words.
    pub words: &'static str,
    /// Words are multiplied by the root of the width.
    pub scaled_words: bool,
    pub positions: Option<Learned>,
    /// Table of token types, whose first row is added.
    pub types: Option<&'static str>,
    /// Norm of what the first block reads.
    pub embedding_norm: Option<&'static str>,
    /// Projections between the width of words and that of the network, where these differ (OPT-350m).
    pub project: Option<[&'static str; 2]>,
    /// Before the number of a block.
    pub block: &'static str,
    pub wiring: Wiring,
    pub norm: Norm,
    pub norms: Norms,
    pub qkv: Qkv,
    pub out: &'static str,
    /// Norms of queries and keys.
    pub head_norms: Option<HeadNorms>,
    pub mlp: Mlp,
    pub experts: Option<Experts>,
    pub last_norm: Option<&'static str>,
    pub head: Head,
    pub rotary: Option<Rotary>,
    pub windows: Windows,
    /// Scores are divided by the root of `query_pre_attn_scalar`, not of a head's width.
    pub scalar: Option<f64>,
    /// Scores and logits may be capped: the defaults of `attn_logit_softcapping` and `final_logit_softcapping`.
    pub caps: Option<[Option<f64>; 2]>,
    /// The width of a head where config.json leaves it out: none for the width over the number of heads.
    pub head_width: Option<u64>,
    pub epsilon: f64,
    pub activation: Activation,
    /// "gelu" of config.json means its tanh form.
    pub tanh_gelu: bool,
    /// The head is the table of words, where config.json does not say.
    pub tied: bool,
    /// Ends of names of tensors that take no part in the loss.
    pub unused: &'static [&'static str],
}

/// A table of positions; the row of the first is `offset`.
#[derive(Debug, Clone, Copy)]
pub struct Learned {
    pub table: &'static str,
    pub offset: Offset,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Offset {
    Fixed(usize),
    /// Padding has its own row; every other token the next one after it (RoBERTa).
    Padding,
}

/// The way from a block's input to its output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wiring {
    /// x + f(norm x), the parts one after the other; a norm of f's answer where there is one.
    Before,
    /// norm(x + f(x)).
    After,
    /// x + attention(norm x) + mlp(norm x).
    Parallel,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    /// Mean and deviation taken out, then a weight and perhaps a bias.
    Layer,
    /// Divided by the root mean square, then a weight.
    Rms,
    /// The same, with 1 added to the weight.
    RmsPlusOne,
}

/// Norms of a block; none where the family has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Norms {
    pub attention_in: Option<&'static str>,
    pub attention_out: Option<&'static str>,
    pub mlp_in: Option<&'static str>,
    pub mlp_out: Option<&'static str>,
    /// The first block has no norm before its attention (ModernBERT).
    pub first_is_bare: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Qkv {
    Apart([&'static str; 3]),
    Joined(&'static str, Order),
}

/// The outputs of a joint matrix of queries, keys and values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// All queries, all keys, all values.
    Blocks,
    /// Query, key and value of one head after the other.
    ByHead,
}

#[derive(Debug, Clone, Copy)]
pub struct HeadNorms {
    pub query: &'static str,
    pub key: &'static str,
    /// Of every head for itself; of all together otherwise.
    pub by_head: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Mlp {
    /// down(act(up x)).
    Plain { up: &'static str, down: &'static str },
    /// down(act(gate x) * up x).
    Gated {
        gate: &'static str,
        up: &'static str,
        down: &'static str,
    },
    /// The same with gate and up in one matrix, gate first.
    GatedJoint { both: &'static str, down: &'static str },
}

/// A mixture: the strongest of a router's softmax, in place of the MLP.
#[derive(Debug, Clone, Copy)]
pub struct Experts {
    pub router: &'static str,
    /// Before the number of an expert.
    pub expert: &'static str,
    pub gate: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    /// Keys of config.json: how many there are.
    pub count: &'static str,
    /// The chosen ones' weights sum to 1; none: `norm_topk_prob` says so.
    pub normed: Option<bool>,
}

/// What stands between the last block and the logits. Names with a leading `/` have no prefix.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// A dense layer, its activation and its norm.
    pub transform: Option<[&'static str; 2]>,
    /// Its activation is the exact gelu, whatever config.json says (RoBERTa); the network's otherwise.
    pub gelu: bool,
    /// The key of config.json that names its activation.
    pub activation: Option<&'static str>,
    pub decoder: &'static str,
    /// Names of the bias, of which a file has one or, as copies, both.
    pub bias: &'static [&'static str],
}

/// Rotary positions.
#[derive(Debug, Clone, Copy)]
pub struct Rotary {
    /// Base frequency where config.json gives none, of full and of sliding layers.
    pub theta: [f64; 2],
    /// The part of a head that is turned, where config.json gives none.
    pub part: f64,
    /// Layers of two kinds have two: the keys of config.json until transformers 5.
    pub two: Option<[&'static str; 2]>,
    /// Keys of config.json until transformers 5: base frequency, part.
    pub keys: [&'static str; 2],
    /// Some layers are not turned (`no_rope_layers`).
    pub skips: bool,
}

/// Which layers look at near tokens only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Windows {
    None,
    /// All, where `sliding_window` is a number; the default where the key is missing.
    All(Option<u64>),
    /// Those from `max_window_layers` on, where `use_sliding_window` is true.
    Deep(u64),
    /// All, where `use_sliding_window` is true.
    IfUsed(u64),
    /// All but each n-th, counted from 1; n by `sliding_window_pattern`.
    ButEach {
        n: u64,
        window: u64,
    },
    /// Those that are not turned, where `use_sliding_window` is true.
    Unturned,
    /// All but each n-th, counted from 0, half of `local_attention` to each side.
    Local {
        n: u64,
        span: u64,
    },
}

const LLAMA: Family = Family {
    model_type: "llama",
    masked: false,
    prefixes: &["model.", ""],
    words: "embed_tokens",
    scaled_words: false,
    positions: None,
    types: None,
    embedding_norm: None,
    project: None,
    block: "layers.",
    wiring: Wiring::Before,
    norm: Norm::Rms,
    norms: Norms {
        attention_in: Some("input_layernorm"),
        attention_out: None,
        mlp_in: Some("post_attention_layernorm"),
        mlp_out: None,
        first_is_bare: false,
    },
    qkv: Qkv::Apart(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
    out: "self_attn.o_proj",
    head_norms: None,
    mlp: Mlp::Gated {
        gate: "mlp.gate_proj",
        up: "mlp.up_proj",
        down: "mlp.down_proj",
    },
    experts: None,
    last_norm: Some("norm"),
    head: Head {
        transform: None,
        gelu: false,
        activation: None,
        decoder: "/lm_head",
        bias: &[],
    },
    rotary: Some(ROTARY),
    windows: Windows::None,
    scalar: None,
    caps: None,
    head_width: None,
    epsilon: 1e-6,
    activation: Activation::Silu,
    tanh_gelu: false,
    tied: false,
    unused: &["rotary_emb.inv_freq"],
};

const ROTARY: Rotary = Rotary {
    theta: [10_000.0; 2],
    part: 1.0,
    two: None,
    keys: ["rope_theta", "partial_rotary_factor"],
    skips: false,
};

const MISTRAL: Family = Family {
    model_type: "mistral",
    windows: Windows::All(Some(4096)),
    ..LLAMA
};

const MIXTRAL: Family = Family {
    model_type: "mixtral",
    windows: Windows::All(None),
    rotary: Some(Rotary {
        theta: [1e6; 2],
        ..ROTARY
    }),
    epsilon: 1e-5,
    experts: Some(Experts {
        router: "block_sparse_moe.gate",
        expert: "block_sparse_moe.experts.",
        gate: "w1",
        up: "w3",
        down: "w2",
        count: "num_local_experts",
        normed: Some(true),
    }),
    ..LLAMA
};

const QWEN2: Family = Family {
    model_type: "qwen2",
    windows: Windows::Deep(4096),
    ..LLAMA
};

const QWEN3: Family = Family {
    model_type: "qwen3",
    head_norms: Some(HeadNorms {
        query: "self_attn.q_norm",
        key: "self_attn.k_norm",
        by_head: true,
    }),
    head_width: Some(128),
    ..QWEN2
};

const QWEN3_MOE: Family = Family {
    model_type: "qwen3_moe",
    windows: Windows::IfUsed(4096),
    head_width: None,
    experts: Some(Experts {
        router: "mlp.gate",
        expert: "mlp.experts.",
        gate: "gate_proj",
        up: "up_proj",
        down: "down_proj",
        count: "num_experts",
        normed: None,
    }),
    ..QWEN3
};

const SMOLLM3: Family = Family {
    model_type: "smollm3",
    windows: Windows::Unturned,
    rotary: Some(Rotary {
        theta: [2e6; 2],
        skips: true,
        ..ROTARY
    }),
    tied: true,
    ..LLAMA
};

const PHI3: Family = Family {
    model_type: "phi3",
    qkv: Qkv::Joined("self_attn.qkv_proj", Order::Blocks),
    mlp: Mlp::GatedJoint {
        both: "mlp.gate_up_proj",
        down: "mlp.down_proj",
    },
    windows: Windows::All(None),
    epsilon: 1e-5,
    ..LLAMA
};

const GEMMA: Family = Family {
    model_type: "gemma",
    norm: Norm::RmsPlusOne,
    scaled_words: true,
    head_width: Some(256),
    activation: Activation::GeluTanh,
    tanh_gelu: true,
    tied: true,
    ..LLAMA
};

const GEMMA2: Family = Family {
    model_type: "gemma2",
    norms: Norms {
        attention_in: Some("input_layernorm"),
        attention_out: Some("post_attention_layernorm"),
        mlp_in: Some("pre_feedforward_layernorm"),
        mlp_out: Some("post_feedforward_layernorm"),
        first_is_bare: false,
    },
    windows: Windows::ButEach { n: 2, window: 4096 },
    scalar: Some(256.0),
    caps: Some([Some(50.0), Some(30.0)]),
    tanh_gelu: false,
    ..GEMMA
};

const GEMMA3: Family = Family {
    model_type: "gemma3_text",
    windows: Windows::ButEach { n: 6, window: 4096 },
    caps: Some([None, None]),
    head_norms: Some(HeadNorms {
        query: "self_attn.q_norm",
        key: "self_attn.k_norm",
        by_head: true,
    }),
    rotary: Some(Rotary {
        theta: [1e6, 1e4],
        two: Some(["rope_theta", "rope_local_base_freq"]),
        ..ROTARY
    }),
    ..GEMMA2
};

const OLMO2: Family = Family {
    model_type: "olmo2",
    norms: Norms {
        attention_in: None,
        attention_out: Some("post_attention_layernorm"),
        mlp_in: None,
        mlp_out: Some("post_feedforward_layernorm"),
        first_is_bare: false,
    },
    head_norms: Some(HeadNorms {
        query: "self_attn.q_norm",
        key: "self_attn.k_norm",
        by_head: false,
    }),
    epsilon: 1e-5,
    ..LLAMA
};

const GPT2: Family = Family {
    model_type: "gpt2",
    prefixes: &["transformer.", ""],
    words: "wte",
    positions: Some(Learned {
        table: "wpe",
        offset: Offset::Fixed(0),
    }),
    block: "h.",
    norm: Norm::Layer,
    norms: Norms {
        attention_in: Some("ln_1"),
        attention_out: None,
        mlp_in: Some("ln_2"),
        mlp_out: None,
        first_is_bare: false,
    },
    qkv: Qkv::Joined("attn.c_attn", Order::Blocks),
    out: "attn.c_proj",
    mlp: Mlp::Plain {
        up: "mlp.c_fc",
        down: "mlp.c_proj",
    },
    last_norm: Some("ln_f"),
    rotary: None,
    epsilon: 1e-5,
    activation: Activation::GeluTanh,
    tied: true,
    unused: &["attn.bias", "attn.masked_bias"],
    ..LLAMA
};

const OPT: Family = Family {
    model_type: "opt",
    prefixes: &["model.decoder.", "decoder.", ""],
    positions: Some(Learned {
        table: "embed_positions",
        offset: Offset::Fixed(2),
    }),
    project: Some(["project_in", "project_out"]),
    norm: Norm::Layer,
    norms: Norms {
        attention_in: Some("self_attn_layer_norm"),
        attention_out: None,
        mlp_in: Some("final_layer_norm"),
        mlp_out: None,
        first_is_bare: false,
    },
    out: "self_attn.out_proj",
    mlp: Mlp::Plain { up: "fc1", down: "fc2" },
    last_norm: Some("final_layer_norm"),
    rotary: None,
    epsilon: 1e-5,
    activation: Activation::Relu,
    tied: true,
    unused: &[],
    ..LLAMA
};

const GPT_NEOX: Family = Family {
    model_type: "gpt_neox",
    prefixes: &["gpt_neox.", ""],
    words: "embed_in",
    wiring: Wiring::Parallel,
    norm: Norm::Layer,
    qkv: Qkv::Joined("attention.query_key_value", Order::ByHead),
    out: "attention.dense",
    mlp: Mlp::Plain {
        up: "mlp.dense_h_to_4h",
        down: "mlp.dense_4h_to_h",
    },
    last_norm: Some("final_layer_norm"),
    head: Head {
        decoder: "/embed_out",
        ..LLAMA.head
    },
    rotary: Some(Rotary {
        part: 0.25,
        keys: ["rotary_emb_base", "rotary_pct"],
        ..ROTARY
    }),
    epsilon: 1e-5,
    activation: Activation::Gelu,
    unused: &["rotary_emb.inv_freq", "attention.bias", "attention.masked_bias"],
    ..LLAMA
};

const BERT: Family = Family {
    model_type: "bert",
    masked: true,
    prefixes: &["bert.", ""],
    words: "embeddings.word_embeddings",
    positions: Some(Learned {
        table: "embeddings.position_embeddings",
        offset: Offset::Fixed(0),
    }),
    types: Some("embeddings.token_type_embeddings"),
    embedding_norm: Some("embeddings.LayerNorm"),
    block: "encoder.layer.",
    wiring: Wiring::After,
    norm: Norm::Layer,
    norms: Norms {
        attention_in: None,
        attention_out: Some("attention.output.LayerNorm"),
        mlp_in: None,
        mlp_out: Some("output.LayerNorm"),
        first_is_bare: false,
    },
    qkv: Qkv::Apart(["attention.self.query", "attention.self.key", "attention.self.value"]),
    out: "attention.output.dense",
    mlp: Mlp::Plain {
        up: "intermediate.dense",
        down: "output.dense",
    },
    last_norm: None,
    head: Head {
        transform: Some([
            "/cls.predictions.transform.dense",
            "/cls.predictions.transform.LayerNorm",
        ]),
        gelu: false,
        activation: None,
        decoder: "/cls.predictions.decoder",
        bias: &["/cls.predictions.bias", "/cls.predictions.decoder.bias"],
    },
    rotary: None,
    epsilon: 1e-12,
    activation: Activation::Gelu,
    tied: true,
    unused: &[
        "embeddings.position_ids",
        "pooler.dense.weight",
        "pooler.dense.bias",
        "cls.seq_relationship.weight",
        "cls.seq_relationship.bias",
    ],
    ..LLAMA
};

const ROBERTA: Family = Family {
    model_type: "roberta",
    prefixes: &["roberta.", ""],
    positions: Some(Learned {
        table: "embeddings.position_embeddings",
        offset: Offset::Padding,
    }),
    head: Head {
        transform: Some(["/lm_head.dense", "/lm_head.layer_norm"]),
        gelu: true,
        activation: None,
        decoder: "/lm_head.decoder",
        bias: &["/lm_head.bias", "/lm_head.decoder.bias"],
    },
    ..BERT
};

const XLM_ROBERTA: Family = Family {
    model_type: "xlm-roberta",
    ..ROBERTA
};

const CAMEMBERT: Family = Family {
    model_type: "camembert",
    ..ROBERTA
};

const DISTILBERT: Family = Family {
    model_type: "distilbert",
    prefixes: &["distilbert.", ""],
    types: None,
    block: "transformer.layer.",
    norms: Norms {
        attention_in: None,
        attention_out: Some("sa_layer_norm"),
        mlp_in: None,
        mlp_out: Some("output_layer_norm"),
        first_is_bare: false,
    },
    qkv: Qkv::Apart(["attention.q_lin", "attention.k_lin", "attention.v_lin"]),
    out: "attention.out_lin",
    mlp: Mlp::Plain {
        up: "ffn.lin1",
        down: "ffn.lin2",
    },
    head: Head {
        transform: Some(["/vocab_transform", "/vocab_layer_norm"]),
        gelu: false,
        activation: None,
        decoder: "/vocab_projector",
        bias: &["/vocab_projector.bias"],
    },
    unused: &["embeddings.position_ids"],
    ..BERT
};

const MODERNBERT: Family = Family {
    model_type: "modernbert",
    masked: true,
    words: "embeddings.tok_embeddings",
    embedding_norm: Some("embeddings.norm"),
    norm: Norm::Layer,
    norms: Norms {
        attention_in: Some("attn_norm"),
        attention_out: None,
        mlp_in: Some("mlp_norm"),
        mlp_out: None,
        first_is_bare: true,
    },
    qkv: Qkv::Joined("attn.Wqkv", Order::Blocks),
    out: "attn.Wo",
    mlp: Mlp::GatedJoint {
        both: "mlp.Wi",
        down: "mlp.Wo",
    },
    last_norm: Some("final_norm"),
    head: Head {
        transform: Some(["/head.dense", "/head.norm"]),
        gelu: false,
        activation: Some("classifier_activation"),
        decoder: "/decoder",
        bias: &["/decoder.bias"],
    },
    rotary: Some(Rotary {
        theta: [160_000.0, 10_000.0],
        two: Some(["global_rope_theta", "local_rope_theta"]),
        ..ROTARY
    }),
    windows: Windows::Local { n: 3, span: 128 },
    epsilon: 1e-5,
    activation: Activation::Gelu,
    tied: true,
    unused: &["rotary_emb.inv_freq"],
    ..LLAMA
};

/// All of them.
pub static FAMILIES: [Family; 21] = [
    LLAMA,
    MISTRAL,
    MIXTRAL,
    QWEN2,
    QWEN3,
    QWEN3_MOE,
    SMOLLM3,
    PHI3,
    GEMMA,
    GEMMA2,
    GEMMA3,
    OLMO2,
    GPT2,
    OPT,
    GPT_NEOX,
    BERT,
    ROBERTA,
    XLM_ROBERTA,
    CAMEMBERT,
    DISTILBERT,
    MODERNBERT,
];
