//! A network: what a family and a configuration make of it, in numbers and names. No weights yet.

pub mod activation;
mod config;
pub mod families;
mod rope;

pub use config::Config;
pub use rope::Rope;

use activation::Activation;
use families::{FAMILIES, Family, Norm, Offset, Qkv, Rotary, Windows, Wiring};
use serde_json::Value;

/// Counts of blocks, heads and experts beyond any network.
const MOST_BLOCKS: usize = 4096;

/// Numbers of a head beyond any network.
const WIDEST_HEAD: usize = 4096;

/// One network.
#[derive(Debug, Clone)]
pub struct Network {
    pub family: &'static Family,
    pub prefix: &'static str,
    pub wiring: Wiring,
    pub width: usize,
    pub heads: usize,
    pub key_heads: usize,
    pub head_width: usize,
    pub epsilon: f64,
    pub activation: Activation,
    /// Of the head's transform.
    pub head_activation: Activation,
    /// Scores are multiplied by it.
    pub scale: f64,
    /// Scores of block i are divided by i + 1 (`scale_attn_by_inverse_layer_idx`).
    pub scaled_by_depth: bool,
    pub cap_scores: Option<f32>,
    pub cap_logits: Option<f32>,
    pub blocks: Vec<Block>,
    /// Of full and of sliding layers.
    pub ropes: Vec<Rope>,
    /// Experts that a token is sent to, and whether their weights are made to sum to 1.
    pub chosen: usize,
    pub normed: bool,
    pub experts: usize,
    pub tied: bool,
    /// A norm after the last block.
    pub has_last_norm: bool,
    /// The token that takes no position.
    pub padding: Option<u32>,
}

/// What is different from block to block.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Tokens that are looked at, the own among them; of a masked model to each side, without the own.
    pub window: Option<usize>,
    /// The place in [`Network::ropes`]; none where it is not turned.
    pub rope: Option<usize>,
    pub is_mixture: bool,
}

impl Network {
    /// Of a `config.json`, and of the names that the weights have. An error is a sentence with its reason.
    pub fn of(config: Config, has: impl Fn(&str) -> bool) -> Result<Network, String> {
        let model_type = config
            .text("model_type")
            .ok_or("Its config.json does not say what kind of model it is (“model_type”).")?;
        let family = FAMILIES
            .iter()
            .find(|f| f.model_type == model_type)
            .ok_or_else(|| not_proven(model_type))?;
        refuse(family, config)?;
        let prefix = family
            .prefixes
            .iter()
            .find(|p| has(&format!("{p}{}.weight", family.words)));
        let prefix = prefix.ok_or_else(|| {
            let words = format!("{}{}.weight", family.prefixes.first().unwrap_or(&""), family.words);
            format!("The base has no table of words (“{words}”).")
        })?;
        let lacks = |what: &str| format!("Its config.json does not give {what}.");
        let width = config
            .count(&["hidden_size", "n_embd", "dim"])
            .ok_or_else(|| lacks("the width (“hidden_size”)"))?;
        let depth = config
            .count(&["num_hidden_layers", "n_layer", "n_layers"])
            .filter(|n| *n <= MOST_BLOCKS)
            .ok_or_else(|| lacks("the number of blocks (“num_hidden_layers”)"))?;
        let heads = config
            .count(&["num_attention_heads", "n_head", "n_heads"])
            .filter(|n| *n <= MOST_BLOCKS)
            .ok_or_else(|| lacks("the number of heads (“num_attention_heads”)"))?;
        let key_heads = config.count(&["num_key_value_heads"]).unwrap_or(heads);
        let own = config.count(&["head_dim"]).or(family.head_width.map(|w| w as usize));
        let head_width = match own {
            Some(own) => own,
            None if width % heads == 0 => width / heads,
            None => return Err(format!("Its width {width} is not a multiple of its {heads} heads.")),
        };
        if head_width > WIDEST_HEAD {
            return Err(format!("Its config.json makes a head {head_width} numbers wide."));
        }
        if heads % key_heads != 0 {
            return Err(format!(
                "Its {heads} heads do not share {key_heads} heads of keys evenly."
            ));
        }
        let epsilon = ["rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps"];
        // OPT and DistilBERT have theirs in the library's code alone.
        let fixed = matches!(family.model_type, "opt" | "distilbert");
        let epsilon = epsilon
            .iter()
            .find_map(|key| config.number(key))
            .filter(|_| !fixed)
            .unwrap_or(family.epsilon);
        let activation = activation(family, config)?;
        let head_activation = match (family.head.gelu, family.head.activation) {
            (true, _) => Activation::Gelu,
            (_, Some(key)) => config.text(key).map_or(Ok(Activation::Gelu), named)?,
            _ => activation,
        };
        let scalar = family
            .scalar
            .map(|own| config.number("query_pre_attn_scalar").unwrap_or(own));
        let scale = match config.flag("scale_attn_weights") {
            Some(false) => 1.0,
            _ => scalar.unwrap_or(head_width as f64).powf(-0.5),
        };
        let cap = |key: &str, place: usize| {
            let [scores, logits] = family.caps?;
            let own = if place == 0 { scores } else { logits };
            let said = if config.says(key) { config.number(key) } else { own };
            said.map(|x| x as f32)
        };
        let ropes = family
            .rotary
            .map_or(Ok(Vec::new()), |rotary| ropes(rotary, config, head_width))?;
        let experts = family.experts;
        let count = experts.map_or(Ok(0), |e| {
            config
                .count(&[e.count, "num_experts", "num_local_experts"])
                .filter(|n| *n <= MOST_BLOCKS)
                .ok_or_else(|| lacks("the number of experts"))
        })?;
        let blocks = (0..depth).map(|i| block(family, config, i)).collect::<Result<_, _>>()?;
        let before = config.flag("do_layer_norm_before") != Some(false);
        Ok(Network {
            family,
            prefix,
            wiring: match family.wiring {
                Wiring::Before if !before => Wiring::After,
                Wiring::Parallel if config.flag("use_parallel_residual") == Some(false) => Wiring::Before,
                wiring => wiring,
            },
            width,
            heads,
            key_heads,
            head_width,
            epsilon,
            activation,
            head_activation,
            scale,
            scaled_by_depth: config.flag("scale_attn_by_inverse_layer_idx") == Some(true),
            cap_scores: cap("attn_logit_softcapping", 0),
            cap_logits: cap("final_logit_softcapping", 1),
            blocks,
            ropes,
            chosen: config
                .count(&["num_experts_per_tok"])
                .unwrap_or(match family.model_type {
                    "mixtral" => 2,
                    _ => 8,
                }),
            normed: experts.is_some_and(|e| e.normed.unwrap_or(config.flag("norm_topk_prob") == Some(true))),
            experts: count,
            tied: config.flag("tie_word_embeddings").unwrap_or(family.tied),
            has_last_norm: family.last_norm.is_some()
                && before
                && config.flag("_remove_final_layer_norm") != Some(true),
            padding: match family.positions.map(|p| p.offset) {
                Some(Offset::Padding) => Some(config.number("pad_token_id").unwrap_or(1.0) as u32),
                _ => None,
            },
        })
    }

    /// Whether two configurations build the same.
    pub fn is_same(&self, other: &Network) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }

    /// The name of a module in the base's file; a leading `/` stands for the file's root.
    pub fn name(&self, module: &str) -> String {
        match module.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("{}{module}", self.prefix),
        }
    }

    /// The name of the table of words.
    pub fn words(&self) -> String {
        format!("{}.weight", self.name(self.family.words))
    }

    /// The name of a block's module.
    pub fn in_block(&self, block: usize, module: &str) -> String {
        format!("{}{}{block}.{module}", self.prefix, self.family.block)
    }

    /// Outputs of queries, keys and values.
    pub fn parts(&self) -> [usize; 3] {
        let keys = self.key_heads * self.head_width;
        [self.heads * self.head_width, keys, keys]
    }

    /// A joint matrix that lies head by head needs as many keys as queries.
    pub fn fits_order(&self) -> bool {
        !matches!(self.family.qkv, Qkv::Joined(_, families::Order::ByHead)) || self.heads == self.key_heads
    }

    /// Whether a tensor of the file takes no part in the loss.
    pub fn is_unused(&self, name: &str) -> bool {
        self.family
            .unused
            .iter()
            .any(|end| name == *end || name.ends_with(&format!(".{end}")))
    }

    /// The norms of a family are of one kind.
    pub fn norm(&self) -> Norm {
        self.family.norm
    }
}

fn not_proven(model_type: &str) -> String {
    let known: Vec<&str> = FAMILIES.iter().map(|f| f.model_type).collect();
    format!(
        "The forward pass of “{model_type}” is not proven against the library here. These are: {}.",
        known.join(", ")
    )
}

/// What a configuration can ask for that is not built.
fn refuse(family: &Family, config: Config) -> Result<(), String> {
    let said = |key: &str| config.flag(key) == Some(true);
    let plain = |key: &str| config.text(key).is_none_or(|kind| kind == "absolute");
    let refused = [
        (family.masked && said("is_decoder"), "“is_decoder”"),
        (said("add_cross_attention"), "“add_cross_attention”"),
        (
            !plain("position_embedding_type"),
            "“position_embedding_type”, other than absolute",
        ),
        (said("use_bidirectional_attention"), "“use_bidirectional_attention”"),
        (
            config.flag("layer_norm_elementwise_affine") == Some(false),
            "“layer_norm_elementwise_affine”, which is false",
        ),
        (config.get("clip_qkv").is_some(), "“clip_qkv”"),
    ];
    match refused.iter().find(|(is, _)| *is) {
        Some((_, what)) => Err(format!(
            "Its config.json asks for {what}, which is not proven against the library here."
        )),
        None => Ok(()),
    }
}

fn named(name: &str) -> Result<Activation, String> {
    Activation::named(name).ok_or_else(|| format!("Its activation “{name}” is not proven against the library here."))
}

fn activation(family: &Family, config: Config) -> Result<Activation, String> {
    let keys = ["hidden_activation", "hidden_act", "activation_function", "activation"];
    match keys.iter().find_map(|key| config.text(key)) {
        None => Ok(family.activation),
        Some("gelu") if family.tanh_gelu => Ok(Activation::GeluTanh),
        Some(name) => named(name),
    }
}

/// The rotary positions of full and of sliding layers, or of all.
fn ropes(rotary: Rotary, config: Config, head_width: usize) -> Result<Vec<Rope>, String> {
    let kinds = ["full_attention", "sliding_attention"];
    let new = config.get("rope_parameters");
    let nested = new.filter(|new| kinds.iter().any(|kind| new.get(kind).is_some()));
    let old = config.get("rope_scaling");
    let one = |place: usize| {
        let said = match nested {
            Some(nested) => nested.get(kinds[place]).filter(|v| !v.is_null()),
            // Gemma 3 stretched its full layers alone, ModernBERT has never stretched any.
            None if rotary.two.is_some() && place == 1 => None,
            None => new.or(old),
        };
        let key = rotary.two.map_or(rotary.keys[0], |keys| keys[place]);
        let theta = config.number(key).unwrap_or(rotary.theta[place]);
        let part = said
            .and_then(|s| s.get("partial_rotary_factor"))
            .and_then(Value::as_f64);
        let part = part.or_else(|| config.number(rotary.keys[1])).unwrap_or(rotary.part);
        let width = (head_width as f64 * part) as usize;
        if !(part > 0.0 && part <= 1.0 && width.is_multiple_of(2)) {
            return Err(format!(
                "It turns {width} of the {head_width} numbers of a head, which cannot be paired."
            ));
        }
        Rope::of(said, theta, width, &config)
    };
    match rotary.two.is_some() || nested.is_some() {
        true => Ok(vec![one(0)?, one(1)?]),
        false => Ok(vec![one(0)?]),
    }
}

fn block(family: &Family, config: Config, i: usize) -> Result<Block, String> {
    let turned = match family.rotary {
        Some(Rotary { skips: true, .. }) => match config.list("no_rope_layers") {
            Some(list) => list.get(i).and_then(Value::as_u64) != Some(0),
            None => !(i + 1).is_multiple_of(config.count(&["no_rope_layer_interval"]).unwrap_or(4)),
        },
        Some(_) => true,
        None => false,
    };
    let used = config.flag("use_sliding_window") == Some(true);
    let size = |default: Option<u64>| match config.says("sliding_window") {
        true => config.count(&["sliding_window"]),
        false => default.map(|w| w as usize),
    };
    // transformers 5 writes them out; before, each family had its rule.
    let listed = match config.list("layer_types") {
        Some(list) => match list.get(i).and_then(Value::as_str) {
            Some("full_attention") => Some(false),
            Some("sliding_attention") => Some(true),
            other => {
                return Err(format!(
                    "Its block {i} is of type “{}”, which is not proven here.",
                    other.unwrap_or("none")
                ));
            }
        },
        None => None,
    };
    let (near, window) = match family.windows {
        Windows::None => (false, None),
        Windows::All(default) => (true, size(default)),
        Windows::Deep(window) => {
            let from = config.number("max_window_layers").unwrap_or(28.0);
            let near = listed.unwrap_or(i as f64 >= from);
            (near && used, size(Some(window)))
        }
        Windows::IfUsed(window) => (used, size(Some(window))),
        Windows::ButEach { n, window } => {
            let n = match n {
                2 => 2,
                n => config
                    .count(&["sliding_window_pattern", "_sliding_window_pattern"])
                    .unwrap_or(n as usize),
            };
            (listed.unwrap_or(!(i + 1).is_multiple_of(n)), size(Some(window)))
        }
        Windows::Unturned => (used && listed.unwrap_or(!turned), size(None)),
        Windows::Local { n, span } => {
            let n = config.count(&["global_attn_every_n_layers"]).unwrap_or(n as usize);
            let span = config.count(&["local_attention"]).unwrap_or(span as usize);
            (listed.unwrap_or(!i.is_multiple_of(n)), Some(span / 2))
        }
    };
    let dense = || {
        config
            .list("mlp_only_layers")
            .is_some_and(|l| l.iter().any(|v| v.as_u64() == Some(i as u64)))
    };
    let step = config.count(&["decoder_sparse_step"]).unwrap_or(1);
    Ok(Block {
        window: window.filter(|_| near),
        rope: turned.then(|| usize::from(near && family.rotary.is_some_and(|r| r.two.is_some()))),
        is_mixture: family.experts.is_some() && !dense() && (i + 1).is_multiple_of(step),
    })
}
