//! PEFT's `adapter_config.json`: rank, alpha, and the fields that change what the weights mean.

use crate::error::Error;
use serde_json::{Map, Value};

/// The checked configuration of a LoRA adapter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdapterConfig {
    pub r: u64,
    pub alpha: f64,
    pub use_rslora: bool,
    /// By module, in the order of the file: PEFT takes the first that matches.
    pub rank_pattern: Vec<(String, u64)>,
    pub alpha_pattern: Vec<(String, f64)>,
    pub fan_in_fan_out: bool,
    pub base_model: Option<String>,
    /// Fields that were absent and took PEFT's default (8).
    pub defaults: Vec<&'static str>,
    /// Set where the adapter is of a kind that cannot be merged exactly.
    pub refusal: Option<Error>,
}

/// PEFT 0.21's default for both r and lora_alpha.
const DEFAULT: u64 = 8;

/// Methods that change no weight matrix.
const WITHOUT_WEIGHTS: [(&str, &str); 9] = [
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

/// Fields that, when set, make the plain formula W0 + s B A wrong, with the reason.
const REFUSED_FIELDS: [(&str, &str, &str); 12] = [
    ("use_dora", "DoRA", "It rescales every row of W0 + s B A by a learned magnitude."),
    ("kasa_config", "KaSA", "It truncates the base before it adds the factors."),
    ("use_qalora", "QA-LoRA", "Its lora_A acts on pooled inputs."),
    ("use_bdlora", "BD-LoRA", "Its factors are block-diagonal."),
    ("alora_invocation_tokens", "aLoRA", "It acts on some tokens only and has no merged matrix."),
    ("arrow_config", "Arrow", "It routes between adapters for every token."),
    ("monteclora_config", "MonteCLoRA", "Its factors are random variables."),
    ("velora_config", "VeLoRA", "Its factors are compressed."),
    ("layer_replication", "Layer replication", "The tuned layers stand for other layers of the base."),
    ("enable_lora", "Merged LoRA of PEFT 0.2", "Its factors are grouped by output."),
    ("corda_config", "CorDA", "The base was changed by data before training."),
    ("lora_ga_config", "LoRA-GA", "The base was changed by gradients before training."),
];

impl AdapterConfig {
    pub fn parse(object: &Map<String, Value>) -> Result<AdapterConfig, Error> {
        let mut config = AdapterConfig { refusal: refusal(object), ..AdapterConfig::default() };
        config.base_model = object.get("base_model_name_or_path").and_then(Value::as_str).map(str::to_owned);
        if config.refusal.is_some() {
            // Ranks of other methods have other names and forms; none of them is used.
            return Ok(config);
        }
        config.r = match number(object, "r")? {
            Some(r) => rank("r", r)?,
            None => default(&mut config.defaults, "r"),
        };
        config.alpha = match number(object, "lora_alpha")? {
            Some(a) => a,
            None => default(&mut config.defaults, "lora_alpha") as f64,
        };
        config.use_rslora = flag(object, "use_rslora");
        config.fan_in_fan_out = flag(object, "fan_in_fan_out");
        config.alpha_pattern = pattern(object, "alpha_pattern")?;
        config.rank_pattern =
            pattern(object, "rank_pattern")?.into_iter().map(|(k, v)| rank("rank_pattern", v).map(|r| (k, r))).collect::<Result<_, _>>()?;
        Ok(config)
    }
}

fn refusal(object: &Map<String, Value>) -> Option<Error> {
    let method = object.get("peft_type").and_then(Value::as_str).unwrap_or("LORA");
    if let Some((_, name)) = WITHOUT_WEIGHTS.iter().find(|(key, _)| *key == method) {
        return Some(Error::MethodWithoutWeights { method: (*name).to_owned() });
    }
    let unsupported = |method: &str, why: &str| Some(Error::MethodUnsupported { method: method.to_owned(), why: why.to_owned() });
    if method != "LORA" {
        return unsupported(method, "Its change is not of the form s B A.");
    }
    if let Some((_, name, why)) = REFUSED_FIELDS.iter().find(|(field, ..)| object.get(*field).is_some_and(is_set)) {
        return unsupported(name, why);
    }
    match object.get("init_lora_weights").and_then(Value::as_str) {
        Some(init) if init.starts_with("pissa") => {
            unsupported("PiSSA", "Its initialisation took the leading singular vectors out of the base.")
        }
        Some("olora") => unsupported("OLoRA", "Its initialisation took a part out of the base."),
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
        Some(v) => v.as_f64().filter(|x| x.is_finite()).map(Some).ok_or_else(|| invalid(format!("“{key}” is {v}, not a number."))),
    }
}

fn rank(key: &str, value: f64) -> Result<u64, Error> {
    if value >= 1.0 && value.fract() == 0.0 && value < 1e9 {
        Ok(value as u64)
    } else {
        Err(invalid(format!("“{key}” is {value}; a rank is a whole number of at least 1.")))
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
