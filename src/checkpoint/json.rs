//! JSON files beside checkpoints: told apart by their keys, never by their names.

use super::adapter_config::AdapterConfig;
use super::reader::Content;
use crate::error::{Error, Foreign};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `model.safetensors.index.json`: which shard holds which tensor. A hint only; the headers of the shards are the truth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Tensors by shard, a plain file name.
    pub shards: BTreeMap<String, Vec<String>>,
}

/// What is used of a model's `config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelConfig {
    pub model_type: Option<String>,
    /// Heads of queries, and of keys and values.
    pub heads: Option<u64>,
    pub key_heads: Option<u64>,
    /// Falcon's two ways to share keys.
    pub new_falcon: bool,
    pub multi_query: bool,
}

/// Names the kind of a JSON file and reads it.
pub fn classify(bytes: &[u8]) -> Result<Content, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::HeaderNotUtf8)?;
    let value: Value = serde_json::from_str(text).map_err(|e| Error::HeaderNotJson { detail: e.to_string() })?;
    let Value::Object(object) = value else { return Ok(Content::OtherJson) };
    let has = |key: &str| object.contains_key(key);
    if has("weight_map") {
        index(&object).map(Content::Index)
    } else if has("lora_parameters") || has("fine_tune_type") {
        AdapterConfig::parse_mlx(&object).map(Content::AdapterConfig)
    } else if has("peft_type") || has("r") && (has("target_modules") || has("lora_alpha")) {
        AdapterConfig::parse(&object).map(Content::AdapterConfig)
    } else if has("architectures") || has("model_type") {
        let number = |keys: [&str; 2]| keys.iter().find_map(|k| object.get(*k)?.as_u64()).filter(|n| *n < 1 << 20);
        let flag = |key: &str| object.get(key).and_then(Value::as_bool).unwrap_or(false);
        Ok(Content::ModelConfig(ModelConfig {
            model_type: object.get("model_type").and_then(Value::as_str).map(str::to_owned),
            heads: number(["num_attention_heads", "n_head"]),
            key_heads: number(["num_key_value_heads", "num_kv_heads"]),
            new_falcon: flag("new_decoder_architecture"),
            multi_query: flag("multi_query"),
        }))
    } else if has("error") {
        Err(Error::FileType(Foreign::HubError))
    } else if object.get("metadata").is_some_and(Value::is_object) {
        Err(Error::IndexInvalid { detail: "It has “metadata” but no “weight_map”.".into() })
    } else {
        Ok(Content::OtherJson)
    }
}

fn index(object: &Map<String, Value>) -> Result<Index, Error> {
    let invalid = |detail: &str| Error::IndexInvalid { detail: detail.into() };
    let map = object.get("weight_map").and_then(Value::as_object).ok_or_else(|| invalid("Its “weight_map” is not an object."))?;
    let mut shards = BTreeMap::<String, Vec<String>>::new();
    for (tensor, file) in map {
        let file = file.as_str().ok_or_else(|| invalid("A value of its “weight_map” is not a file name."))?;
        if file.contains(['/', '\\', ':']) || file.contains("..") {
            return Err(Error::IndexPath { path: file.to_owned() });
        }
        shards.entry(file.to_owned()).or_default().push(tensor.clone());
    }
    Ok(Index { shards })
}
