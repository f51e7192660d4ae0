//! PEFT's `adapter_config.json`: rank, alpha, and the fields that change what the weights mean.

use super::json;
use crate::error::{Error, Merge};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The checked configuration of an adapter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdapterConfig {
    pub r: u64,
    pub alpha: f64,
    pub scaling: Scaling,
    /// What tells methods apart that store the same tensors. `pissa`, `olora`: the factors began as a part of the base, which was taken
    /// out of it; `cayley`: OFT with an exact inverse.
    pub init: Option<&'static str>,
    /// By module, in the order of the file: PEFT takes the first that matches.
    pub rank_pattern: Vec<(String, u64)>,
    pub alpha_pattern: Vec<(String, f64)>,
    pub fan_in_fan_out: bool,
    /// A part without which a module is not what the configuration says: the magnitude of DoRA, the singular values of AdaLoRA.
    pub needs: Option<&'static str>,
    /// The base's layer of each tuned layer; empty where they are the same (`layer_replication`).
    pub layer_map: Vec<u32>,
    /// The modules it says it changes, by the ends of their names; empty where it does not list them.
    pub targets: Vec<String>,
    /// The parameters it says it changes, where they are no modules (`target_parameters`: experts in one tensor).
    pub parameters: Vec<String>,
    pub base_model: Option<String>,
    pub peft_version: Option<String>,
    /// Fields that were absent and took PEFT's default (8).
    pub defaults: Vec<&'static str>,
    /// Set where the adapter is of a kind that cannot be merged exactly.
    pub refusal: Option<Error>,
}

/// What the change is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Scaling {
    /// alpha / r
    #[default]
    Rank,
    /// alpha / sqrt(r): rsLoRA.
    Root,
    /// alpha / (init_r + 1e-5): AdaLoRA.
    Initial(f64),
    /// The number itself: mlx-lm.
    Given(f64),
}

/// PEFT 0.21's default for both r and lora_alpha.
const DEFAULT: u64 = 8;
/// mlx-lm 0.32's default.
const MLX_SCALE: f64 = 20.0;

/// Methods that change no weight matrix.
pub const WITHOUT_WEIGHTS: [(&str, &str); 9] = [
    ("PROMPT_TUNING", "Prompt tuning"),
    ("MULTITASK_PROMPT_TUNING", "Multitask prompt tuning"),
    ("PREFIX_TUNING", "Prefix tuning"),
    ("P_TUNING", "P-tuning"),
    ("CPT", "Context-aware prompt tuning"),
    ("CARTRIDGE", "Cartridge"),
    ("ADAPTION_PROMPT", "Adaption prompt"),
    ("LN_TUNING", "LayerNorm tuning"),
    ("XLORA", "X-LoRA"),
];

/// Methods whose change is computed, by PEFT's names.
const MERGED: [&str; 8] = ["LORA", "ADALORA", "LOHA", "LOKR", "VERA", "IA3", "HIRA", "OFT"];

/// Reasons to refuse by name, for methods that people are likely to have.
pub const REFUSED: [(&str, &str, &str); 13] = [
    (
        "BOFT",
        "BOFT",
        "It turns the base by a product of block rotations, which this version does not compute.",
    ),
    (
        "HRA",
        "HRA",
        "It turns the base by reflections, which this version does not compute.",
    ),
    (
        "FOURIERFT",
        "FourierFT",
        "The places of its coefficients come from a random generator.",
    ),
    ("RANDLORA", "RandLoRA", "Its bases come from a random generator."),
    (
        "VBLORA",
        "VB-LoRA",
        "Its factors are mixed from a bank of vectors, which this version does not compute.",
    ),
    (
        "SHIRA",
        "SHiRA",
        "Its sparse positions are not computed by this version.",
    ),
    ("BONE", "Bone", "Its block products are not computed by this version."),
    ("MISS", "MiSS", "Its block products are not computed by this version."),
    (
        "GRALORA",
        "GraLoRA",
        "Its factors are cut into blocks, whose products are not computed by this version.",
    ),
    (
        "DELORA",
        "DeLoRA",
        "Its factors are normalised before they are multiplied, which this version does not compute.",
    ),
    (
        "ROAD",
        "RoAd",
        "It rotates and scales outputs pair by pair, which this version does not compute.",
    ),
    (
        "C3A",
        "C3A",
        "Its kernels are circular convolutions, which this version does not compute.",
    ),
    (
        "WAVEFT",
        "WaveFT",
        "The places of its coefficients come from a random generator.",
    ),
];

/// Fields that, when set, make the method's plain formula wrong, with the reason.
pub const REFUSED_FIELDS: [(&str, &str, &str); 10] = [
    (
        "kasa_config",
        "KaSA",
        "It truncates the base before it adds the factors.",
    ),
    ("use_qalora", "QA-LoRA", "Its lora_A acts on pooled inputs."),
    ("use_bdlora", "BD-LoRA", "Its factors are block-diagonal."),
    (
        "alora_invocation_tokens",
        "aLoRA",
        "It acts on some tokens only and has no merged matrix.",
    ),
    ("arrow_config", "Arrow", "It routes between adapters for every token."),
    ("monteclora_config", "MonteCLoRA", "Its factors are random variables."),
    ("velora_config", "VeLoRA", "Its factors are compressed."),
    (
        "enable_lora",
        "Merged LoRA of PEFT 0.2",
        "Its factors are grouped by output.",
    ),
    ("corda_config", "CorDA", "The base was changed by data before training."),
    (
        "lora_ga_config",
        "LoRA-GA",
        "The base was changed by gradients before training.",
    ),
];

impl AdapterConfig {
    /// A configuration within a file's metadata, as JSON: PEFT's fields, or diffusers' with the component before them (`unet.lora_alpha`).
    /// Those that can be read, by component.
    pub fn parse_by_component(text: &str) -> BTreeMap<String, AdapterConfig> {
        let Ok(Value::Object(all)) = json::value(text) else {
            return BTreeMap::new();
        };
        let mut parts: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (key, value) in all {
            let (component, field) = key.rsplit_once('.').unwrap_or(("", &key));
            parts
                .entry(component.to_owned())
                .or_default()
                .insert(field.to_owned(), value);
        }
        let read = |(component, fields): (String, Map<String, Value>)| {
            let config = fields
                .contains_key("lora_alpha")
                .then(|| AdapterConfig::parse(&fields).ok())
                .flatten()?;
            Some((component, config))
        };
        parts.into_iter().filter_map(read).collect()
    }

    /// mlx-lm's configuration: a rank and a scale that is not divided by it (its default is 20).
    pub fn parse_mlx(object: &Map<String, Value>) -> Result<AdapterConfig, Error> {
        let none = Map::new();
        let lora = object
            .get("lora_parameters")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let r = number(lora, "rank")?
            .map(|r| rank("rank", r))
            .transpose()?
            .unwrap_or(DEFAULT);
        let scale = number(lora, "scale")?.unwrap_or(MLX_SCALE);
        let base_model = object.get("model").and_then(Value::as_str).map(str::to_owned);
        let keys = lora.get("keys").and_then(Value::as_array);
        let targets = keys
            .into_iter()
            .flatten()
            .filter_map(|t| t.as_str().map(str::to_owned))
            .collect();
        let needs = (object.get("fine_tune_type").and_then(Value::as_str) == Some("dora")).then_some("m");
        Ok(AdapterConfig {
            r,
            scaling: Scaling::Given(scale),
            base_model,
            targets,
            needs,
            ..AdapterConfig::default()
        })
    }

    pub fn parse(object: &Map<String, Value>) -> Result<AdapterConfig, Error> {
        let mut config = AdapterConfig {
            refusal: refusal(object),
            ..AdapterConfig::default()
        };
        let word = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        config.base_model = word("base_model_name_or_path").filter(|name| !name.is_empty());
        config.peft_version = word("peft_version");
        let list = |key: &str| {
            let values = object.get(key).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(|t| t.as_str().map(str::to_owned)).collect()
        };
        config.targets = list("target_modules");
        config.parameters = list("target_parameters");
        if config.refusal.is_some() {
            // Ranks of other methods have other names and forms; none of them is used.
            return Ok(config);
        }
        let method = method(object);
        config.layer_map = layer_map(object)?;
        config.fan_in_fan_out = flag(object, "fan_in_fan_out");
        if method == "OFT" && object.get("use_cayley_neumann").and_then(Value::as_bool) == Some(false) {
            config.init = Some("cayley");
        }
        if matches!(method, "VERA" | "IA3" | "HIRA" | "OFT") {
            return Ok(config);
        }
        config.r = match number(object, "r")? {
            Some(r) => rank("r", r)?,
            None => default(&mut config.defaults, "r"),
        };
        let alpha = if matches!(method, "LOHA" | "LOKR") {
            "alpha"
        } else {
            "lora_alpha"
        };
        config.alpha = match number(object, alpha)? {
            Some(a) => a,
            None => default(&mut config.defaults, alpha) as f64,
        };
        if method == "ADALORA" {
            // Its rank_pattern says which singular values were kept; the file holds only those.
            config.needs = Some("lora_E");
            config.scaling = Scaling::Initial(number(object, "init_r")?.unwrap_or(ADALORA_RANK));
            return Ok(config);
        }
        if flag(object, "use_rslora") {
            config.scaling = Scaling::Root;
        }
        if flag(object, "use_dora") {
            config.needs = Some("lora_magnitude_vector");
        }
        config.init = match object.get("init_lora_weights").and_then(Value::as_str) {
            Some(init) if init.starts_with("pissa") => Some("pissa"),
            Some("olora") => Some("olora"),
            _ => None,
        };
        config.alpha_pattern = pattern(object, "alpha_pattern")?;
        config.rank_pattern = pattern(object, "rank_pattern")?
            .into_iter()
            .map(|(k, v)| rank("rank_pattern", v).map(|r| (k, r)))
            .collect::<Result<_, _>>()?;
        Ok(config)
    }
}

/// PEFT's default for init_r of AdaLoRA.
const ADALORA_RANK: f64 = 12.0;

fn method(object: &Map<String, Value>) -> &str {
    object.get("peft_type").and_then(Value::as_str).unwrap_or("LORA")
}

fn refusal(object: &Map<String, Value>) -> Option<Error> {
    let method = method(object);
    if let Some((_, name)) = WITHOUT_WEIGHTS.iter().find(|(key, _)| *key == method) {
        return Some(Error::MethodWithoutWeights {
            method: (*name).to_owned(),
        });
    }
    let unsupported = |method: &str, why: &str| {
        Some(Error::MethodUnsupported {
            method: method.to_owned(),
            why: why.to_owned(),
            merge: Merge::Peft,
        })
    };
    if let Some((_, name, why)) = REFUSED.iter().find(|(key, ..)| *key == method) {
        return unsupported(name, why);
    }
    if method == "TRAINABLE_TOKENS" {
        return Some(Error::EmbeddingsOnly {
            why: "Its method, trainable tokens, trains rows of an embedding.".into(),
        });
    }
    if method == "OFT" && object.get("coft").is_some_and(is_set) {
        return unsupported(
            "Constrained OFT",
            "Its rotations are cut back to a limit, which this version does not compute.",
        );
    }
    if method == "OFT"
        && object
            .get("num_cayley_neumann_terms")
            .and_then(Value::as_u64)
            .is_some_and(|n| n != 5)
    {
        return unsupported(
            "OFT with another series",
            "Its rotations come from a series of another length than PEFT’s default of 5.",
        );
    }
    if !MERGED.contains(&method) {
        return unsupported(method, "It is not among the methods that are merged here.");
    }
    if let Some((_, name, why)) = REFUSED_FIELDS
        .iter()
        .find(|(field, ..)| object.get(*field).is_some_and(is_set))
    {
        return unsupported(name, why);
    }
    match object.get("init_lora_weights").and_then(Value::as_str) {
        Some(init) if (init.starts_with("pissa") || init == "olora") && object.get("use_dora").is_some_and(is_set) => {
            unsupported(
                "DoRA begun as PiSSA or OLoRA",
                "Its magnitude belongs to a base from which a part was taken.",
            )
        }
        Some("corda") => unsupported("CorDA", "The base was changed by data before training."),
        Some("lora_ga") => unsupported("LoRA-GA", "The base was changed by gradients before training."),
        Some("loftq") => unsupported("LoftQ", "The base was replaced by a quantised one."),
        _ => None,
    }
}

/// Not null, false, or empty.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Object(o) => !o.is_empty(),
        Value::Array(a) => !a.is_empty(),
        _ => true,
    }
}

fn default(defaults: &mut Vec<&'static str>, field: &'static str) -> u64 {
    defaults.push(field);
    DEFAULT
}

/// The longest model that is believed.
const MOST_LAYERS: usize = 10_000;

/// `[[0, 2], [1, 2]]`: the layers 0, 1 and then 1 again.
fn layer_map(object: &Map<String, Value>) -> Result<Vec<u32>, Error> {
    let Some(ranges) = object.get("layer_replication").filter(|v| is_set(v)) else {
        return Ok(Vec::new());
    };
    let wrong = || {
        invalid(format!(
            "“layer_replication” is {ranges}, not a list of layers from and to."
        ))
    };
    let mut map = Vec::new();
    for range in ranges.as_array().ok_or_else(wrong)? {
        let ends: Option<Vec<u32>> = range
            .as_array()
            .map(|r| r.iter().filter_map(|n| u32::try_from(n.as_u64()?).ok()).collect());
        let Some([from, to]) = ends.as_deref() else {
            return Err(wrong());
        };
        if *to as usize > MOST_LAYERS || map.len() > MOST_LAYERS {
            return Err(wrong());
        }
        map.extend(*from..*to);
    }
    Ok(map)
}

fn flag(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn invalid(detail: String) -> Error {
    Error::AdapterConfigInvalid { detail }
}

/// An absent or null field is none; anything but a finite number is an error.
fn number(object: &Map<String, Value>, key: &str) -> Result<Option<f64>, Error> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(v) => v
            .as_f64()
            .filter(|x| x.is_finite())
            .map(Some)
            .ok_or_else(|| invalid(format!("“{key}” is {v}, not a number."))),
    }
}

fn rank(key: &str, value: f64) -> Result<u64, Error> {
    if value >= 1.0 && value.fract() == 0.0 && value < 1e9 {
        Ok(value as u64)
    } else {
        Err(invalid(format!(
            "“{key}” is {value}; a rank is a whole number of at least 1."
        )))
    }
}

fn pattern(object: &Map<String, Value>, key: &str) -> Result<Vec<(String, f64)>, Error> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(map)) => map
            .iter()
            .map(|(k, v)| match v.as_f64().filter(|x| x.is_finite()) {
                Some(x) => Ok((k.clone(), x)),
                None => Err(invalid(format!("“{key}” gives {v} for “{k}”, not a number."))),
            })
            .collect(),
        Some(_) => Err(invalid(format!("“{key}” is not an object."))),
    }
}
