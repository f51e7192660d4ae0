//! JSON files beside checkpoints: told apart by their keys, never by their names.

use super::budget::{Budget, JSON};
use super::reader::Content;
use super::sniff::BYTE_ORDER_MARK;
use crate::error::{Error, Foreign};
use crate::methods::AdapterConfig;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// `model.safetensors.index.json`: which shard holds which tensor. A hint only; the headers of the shards are the truth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Tensors by shard, a plain file name.
    pub shards: BTreeMap<String, Vec<String>>,
}

/// The fields of a model's `config.json` that are used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelConfig {
    pub model_type: Option<String>,
    /// The class that loads it: the first of `architectures`, or diffusers' `_class_name`.
    pub class: Option<String>,
    /// The repository it was loaded from, as transformers notes it.
    pub name: Option<String>,
    /// Heads of queries, and of keys and values.
    pub heads: Option<u64>,
    pub key_heads: Option<u64>,
    /// Falcon's two ways to share keys.
    pub new_falcon: bool,
    pub multi_query: bool,
    /// It says how its weights were quantised.
    pub quantized: bool,
    /// All of it, for who builds the network; empty where it is longer than any configuration.
    pub whole: Arc<Map<String, Value>>,
}

/// Bytes of a configuration that is kept whole: the longest list the tokens of a vocabulary.
const LONGEST_KEPT: usize = 1 << 22;

/// JSON is UTF-8; editors put a byte order mark before it, and PowerShell writes UTF-16.
fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(wide) = bytes.strip_prefix(&[0xff, 0xfe]) {
        let units: Vec<u16> = wide.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
        return String::from_utf16(&units).ok().map(Cow::Owned);
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

/// Any JSON as a value, within its budget: a number of two bytes takes forty times that.
pub fn value(text: &str) -> Result<Value, Error> {
    let mut budget = Budget::new("JSON", JSON);
    budget.read(text.len());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Counted(&mut budget)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|e| error(&e, &budget))
}

/// The error of a JSON reader that stopped: the text is not JSON, or the budget is overdrawn.
pub fn error(e: &serde_json::Error, budget: &Budget) -> Error {
    budget
        .clone()
        .spend(0)
        .err()
        .unwrap_or(Error::HeaderNotJson { detail: e.to_string() })
}

struct Counted<'a>(&'a mut Budget);

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.0.spend(text.len()).map_err(E::custom)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = seq.next_element_seed(Counted(&mut *self.0))? {
            self.0.spend_on::<Value>(1, 0).map_err(A::Error::custom)?;
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            // An entry, its hash, and its place in the table.
            let entry = size_of::<(String, Value, [u64; 3])>();
            self.0
                .spend(entry.saturating_add(key.len()))
                .map_err(A::Error::custom)?;
            let value = map.next_value_seed(Counted(&mut *self.0))?;
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}

/// Python writes three numbers that JSON does not have. They become words, which no field takes for a number.
fn of_python(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // What stands between strings, and the strings with their quotes, by turns: written as they come, since there may be millions.
    let mut write = |part: &str, is_string: bool| {
        if is_string || !is_python(part) {
            out.push_str(part);
            return;
        }
        let part = part.replace("-Infinity", "\"-inf\"").replace("Infinity", "\"inf\"");
        out.push_str(&part.replace("NaN", "\"NaN\""));
    };
    let (mut first, mut inside, mut escaped) = (0, false, false);
    for (i, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => {
                let end = if inside { i.saturating_add(1) } else { i };
                write(text.get(first..end).unwrap_or_default(), inside);
                (first, inside) = (end, !inside);
            }
            _ => {}
        }
    }
    write(text.get(first..).unwrap_or_default(), inside);
    out
}

fn is_python(text: &str) -> bool {
    text.contains("Infinity") || text.contains("NaN")
}

/// Names the kind of a JSON file and reads it.
pub fn classify(bytes: &[u8]) -> Result<Content, Error> {
    let no_text = || Error::JsonInvalid {
        detail: "its text is neither UTF-8 nor UTF-16".into(),
    };
    let text = text(bytes).ok_or_else(no_text)?;
    let value = value(&text)
        .or_else(|e| match e {
            // A text that is over its limit is not read twice.
            Error::HeaderNotJson { .. } if is_python(&text) => value(&of_python(&text)).map_err(|_| e),
            other => Err(other),
        })
        .map_err(|e| match e {
            Error::HeaderNotJson { detail } => Error::JsonInvalid { detail },
            other => other,
        })?;
    let Value::Object(object) = value else {
        return Ok(Content::OtherJson);
    };
    let has = |key: &str| object.contains_key(key);
    if has("weight_map") {
        index(&object).map(Content::Index)
    } else if object.get("fine_tune_type").and_then(Value::as_str) == Some("full") {
        // mlx-lm keeps the settings of a full fine-tune under the same name; the tensors beside it are the model's own.
        Ok(Content::OtherJson)
    } else if has("lora_parameters") || has("fine_tune_type") {
        AdapterConfig::parse_mlx(&object).map(|c| Content::AdapterConfig(Box::new(c)))
    } else if has("peft_type") || has("r") && (has("target_modules") || has("lora_alpha")) {
        AdapterConfig::parse(&object).map(|c| Content::AdapterConfig(Box::new(c)))
    } else if has("architectures") || has("model_type") || has("_class_name") {
        let number = |keys: [&str; 2]| {
            keys.iter()
                .find_map(|k| object.get(*k)?.as_u64())
                .filter(|n| *n < 1 << 20)
        };
        let flag = |key: &str| object.get(key).and_then(Value::as_bool).unwrap_or(false);
        let word = |key: &str| {
            object
                .get(key)
                .and_then(Value::as_str)
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
        };
        let first = || {
            object
                .get("architectures")?
                .as_array()?
                .first()?
                .as_str()
                .map(str::to_owned)
        };
        let class = word("_class_name").or_else(first);
        if class.as_deref().is_some_and(|c| c.ends_with("Pipeline")) {
            return Ok(Content::OtherJson);
        }
        Ok(Content::ModelConfig(ModelConfig {
            model_type: word("model_type"),
            class,
            name: word("_name_or_path"),
            heads: number(["num_attention_heads", "n_head"]),
            key_heads: number(["num_key_value_heads", "num_kv_heads"]),
            new_falcon: flag("new_decoder_architecture"),
            multi_query: flag("multi_query"),
            quantized: object.get("quantization_config").is_some_and(Value::is_object),
            whole: Arc::new(if bytes.len() <= LONGEST_KEPT {
                object
            } else {
                Map::new()
            }),
        }))
    } else if has("error") {
        Err(Error::FileType(Foreign::HubError))
    } else if object.get("metadata").is_some_and(Value::is_object) {
        Err(Error::IndexInvalid {
            detail: "It has “metadata” but no “weight_map”.".into(),
        })
    } else {
        Ok(Content::OtherJson)
    }
}

fn index(object: &Map<String, Value>) -> Result<Index, Error> {
    let invalid = |detail: &str| Error::IndexInvalid { detail: detail.into() };
    let map = object
        .get("weight_map")
        .and_then(Value::as_object)
        .ok_or_else(|| invalid("Its “weight_map” is not an object."))?;
    let mut shards = BTreeMap::<String, Vec<String>>::new();
    for (tensor, file) in map {
        let file = file
            .as_str()
            .ok_or_else(|| invalid("A value of its “weight_map” is not a file name."))?;
        if file.contains(['/', '\\', ':']) || file.contains("..") {
            return Err(Error::IndexPath { path: file.to_owned() });
        }
        shards.entry(file.to_owned()).or_default().push(tensor.clone());
    }
    Ok(Index { shards })
}
