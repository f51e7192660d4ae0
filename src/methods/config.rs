//! The configuration beside an adapter, PEFT's or mlx-lm's: rank, alpha, and the fields that change what the weights mean.

use super::refused::{REFUSED, Refused};
use super::{METHODS, Method, mlx};
use crate::error::{Error, Merge};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The checked configuration of an adapter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdapterConfig {
    pub r: u64,
    pub alpha: f64,
    pub scaling: Scaling,
    /// The method that it says, where tensors do not tell it: PiSSA and OLoRA store those of LoRA.
    pub says: Option<&'static Method>,
    /// Ranks by pattern of module names, in the order of the file: PEFT takes the first that matches.
    pub rank_pattern: Vec<(String, u64)>,
    pub alpha_pattern: Vec<(String, f64)>,
    pub fan_in_fan_out: bool,
    /// A part without which a module is not what the configuration says: the magnitude of DoRA, the singular values of AdaLoRA.
    pub needs: Option<&'static str>,
    /// The base's layer of each tuned layer; empty where they are the same (`layer_replication`).
    pub layer_map: Vec<u32>,
    /// The modules it says it changes, by the ends of their names; empty where it does not list them.
    pub targets: Vec<String>,
    /// The parameters it says it changes, where they are not modules (`target_parameters`: experts in one tensor).
    pub parameters: Vec<String>,
    pub base_model: Option<String>,
    pub peft_version: Option<String>,
    /// Fields that were absent and took PEFT's default (8).
    pub defaults: Vec<&'static str>,
    /// Set where the adapter is of a kind that cannot be merged exactly.
    pub refusal: Option<Error>,
}

/// The scale of the change, by the configuration.
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

/// The fields of a configuration.
pub type Fields = Map<String, Value>;

/// The fields of PEFT's configuration for a method.
pub struct Config {
    /// Its name there (`peft_type`). Methods that store the same tensors share it.
    pub peft: &'static str,
    /// The field of its alpha; none where its change is not multiplied by a scale.
    pub alpha: Option<&'static str>,
    pub says: Says,
    pub scaling: fn(&Fields) -> Result<Scaling, Error>,
    /// Whether rank and alpha may differ by module.
    pub patterns: bool,
}

/// The field by which a configuration is of this method and of no other of the same type.
pub enum Says {
    /// The type alone, and the tensors.
    Nothing,
    /// The tensors are those of another method: this decides.
    Method(fn(&Fields) -> bool),
    /// Then the first of its own tensors has to be there.
    Part(fn(&Fields) -> bool),
}

impl Config {
    pub const LORA: Config = Config {
        peft: "LORA",
        alpha: Some("lora_alpha"),
        says: Says::Nothing,
        scaling: by_rank,
        patterns: true,
    };

    /// The configuration of a method that is not multiplied by a scale.
    pub const fn unscaled(peft: &'static str) -> Config {
        Config {
            peft,
            alpha: None,
            patterns: false,
            ..Config::LORA
        }
    }
}

fn by_rank(config: &Fields) -> Result<Scaling, Error> {
    Ok(if flag(config, "use_rslora") {
        Scaling::Root
    } else {
        Scaling::Rank
    })
}

impl AdapterConfig {
    /// A configuration within a file's metadata: PEFT's fields, or diffusers' with the component before them (`unet.lora_alpha`). Those that
    /// can be read, by component.
    pub fn parse_by_component(all: Fields) -> BTreeMap<String, AdapterConfig> {
        let mut parts: BTreeMap<String, Fields> = BTreeMap::new();
        for (key, value) in all {
            let (component, field) = key.rsplit_once('.').unwrap_or(("", &key));
            parts
                .entry(component.to_owned())
                .or_default()
                .insert(field.to_owned(), value);
        }
        let read = |(component, fields): (String, Fields)| {
            let config = fields
                .contains_key("lora_alpha")
                .then(|| AdapterConfig::parse(&fields).ok())
                .flatten()?;
            Some((component, config))
        };
        parts.into_iter().filter_map(read).collect()
    }

    /// mlx-lm's configuration: a rank and a scale that is not divided by it (its default is 20).
    pub fn parse_mlx(object: &Fields) -> Result<AdapterConfig, Error> {
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
        let is_dora = word(object, "fine_tune_type") == Some("dora");
        let needs = is_dora.then(|| mlx::MLX_DORA.own_part()).flatten();
        Ok(AdapterConfig {
            r,
            scaling: Scaling::Given(scale),
            base_model,
            targets,
            needs,
            ..AdapterConfig::default()
        })
    }

    pub fn parse(object: &Fields) -> Result<AdapterConfig, Error> {
        let mut config = AdapterConfig {
            refusal: refusal(object),
            ..AdapterConfig::default()
        };
        let text = |key: &str| word(object, key).map(str::to_owned);
        config.base_model = text("base_model_name_or_path").filter(|name| !name.is_empty());
        config.peft_version = text("peft_version");
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
        config.layer_map = layer_map(object)?;
        config.fan_in_fan_out = flag(object, "fan_in_fan_out");
        for (method, own) in of_type(peft_type(object)) {
            match own.says {
                Says::Method(says) if says(object) => config.says = Some(method),
                Says::Part(says) if says(object) => config.needs = method.own_part(),
                _ => {}
            }
        }
        let Some((_, own)) = of_type(peft_type(object)).next() else {
            return Ok(config);
        };
        let Some(alpha) = own.alpha else {
            return Ok(config);
        };
        config.r = match number(object, "r")? {
            Some(r) => rank("r", r)?,
            None => default(&mut config.defaults, "r"),
        };
        config.alpha = match number(object, alpha)? {
            Some(a) => a,
            None => default(&mut config.defaults, alpha) as f64,
        };
        config.scaling = (own.scaling)(object)?;
        if own.patterns {
            config.alpha_pattern = pattern(object, "alpha_pattern")?;
            config.rank_pattern = pattern(object, "rank_pattern")?
                .into_iter()
                .map(|(k, v)| rank("rank_pattern", v).map(|r| (k, r)))
                .collect::<Result<_, _>>()?;
        }
        Ok(config)
    }
}

fn peft_type(object: &Fields) -> &str {
    word(object, "peft_type").unwrap_or(Config::LORA.peft)
}

/// The methods of a type, in the order of the list.
fn of_type(peft: &str) -> impl Iterator<Item = (&'static Method, &'static Config)> {
    let configured = METHODS.iter().filter_map(|m| Some((*m, m.config.as_ref()?)));
    configured.filter(move |(_, config)| config.peft == peft)
}

fn refusal(object: &Fields) -> Option<Error> {
    let peft = peft_type(object);
    let unsupported = |method: &str, why: &str| Error::MethodUnsupported {
        method: method.to_owned(),
        why: why.to_owned(),
        merge: Merge::Peft,
    };
    let refused = |r: &Refused| {
        if r.without_weights {
            Error::MethodWithoutWeights {
                method: r.name.to_owned(),
            }
        } else {
            unsupported(r.name, r.why)
        }
    };
    if let Some(by_type) = REFUSED.iter().find(|r| r.types.contains(&peft)) {
        return Some(refused(by_type));
    }
    if peft == "TRAINABLE_TOKENS" {
        return Some(Error::EmbeddingsOnly {
            why: "Its method, trainable tokens, trains rows of an embedding.".into(),
        });
    }
    if of_type(peft).next().is_none() {
        return Some(unsupported(peft, "It is not among the methods that are merged here."));
    }
    REFUSED.iter().find(|r| r.is_shown_by(peft, object)).map(refused)
}

/// The text of a field.
pub fn word<'a>(object: &'a Fields, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

/// Not null, false, or empty.
pub fn is_set(value: &Value) -> bool {
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
fn layer_map(object: &Fields) -> Result<Vec<u32>, Error> {
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

pub fn flag(object: &Fields, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn invalid(detail: String) -> Error {
    Error::AdapterConfigInvalid { detail }
}

/// An absent or null field is none; anything but a finite number is an error.
pub fn number(object: &Fields, key: &str) -> Result<Option<f64>, Error> {
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

fn pattern(object: &Fields, key: &str) -> Result<Vec<(String, f64)>, Error> {
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
