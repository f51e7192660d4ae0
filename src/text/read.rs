//! The parts of a `tokenizer.json`, each read by its own file, under limits that no real one comes near.

use super::{Tokenizer, around, model, normalize, split};
use crate::error::Error;
use normalize::Watched;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokenizers::{AddedToken, AddedVocabulary};

pub const FILE: &str = "tokenizer.json";

/// The largest file: twice the largest vocabularies of today.
pub const MOST_BYTES: usize = 64 << 20;
/// The largest part besides vocabulary and added tokens; a character map of SentencePiece has 0.3 MB.
const MOST_PART: usize = 2 << 20;
/// Steps of normalizing, or of splitting.
pub const MOST_STEPS: usize = 32;

/// What is not named is not read: `truncation`, `padding`, `decoder`.
#[derive(Deserialize)]
struct Parts<'a> {
    version: Option<String>,
    #[serde(borrow)]
    added_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    normalizer: Option<&'a RawValue>,
    #[serde(borrow)]
    pre_tokenizer: Option<&'a RawValue>,
    #[serde(borrow)]
    post_processor: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

/// Its `id` is not asked, as the crate does not: a token of the vocabulary keeps its place there, and the others follow it in order.
#[derive(Deserialize)]
struct Listed {
    content: String,
    single_word: bool,
    lstrip: bool,
    rstrip: bool,
    normalized: bool,
    special: bool,
}

impl Tokenizer {
    /// Reads the bytes of a `tokenizer.json`, in memory of at most some forty times their number (Unigram: a hundred times, and 2 GB). The error
    /// says what is wrong with the file and the next step.
    pub fn read(json: &[u8]) -> Result<Tokenizer, Error> {
        if json.len() > MOST_BYTES {
            return Err(Error::TokenizerTooLarge {
                bytes: json.len() as u64,
                allowed: MOST_BYTES as u64,
            });
        }
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let parts: Parts = serde_json::from_slice(json).map_err(|e| invalid(format!("It is not valid: {e}.")))?;
        if let Some(version) = parts.version.filter(|v| v != "1.0") {
            return Err(unsupported("version", format!("It is “{}”, not 1.0.", short(&version))));
        }
        let normalizer = normalize::read(part("normalizer", parts.normalizer)?.as_ref())?;
        let splits = split::read(part("pre_tokenizer", parts.pre_tokenizer)?.as_ref())?;
        let around = around::read(part("post_processor", parts.post_processor)?.as_ref())?;
        let raw = parts.model.ok_or_else(|| invalid("It has no “model”.".into()))?;
        let model = model::read(raw)?;
        let mut added = AddedVocabulary::new();
        if let Some(raw) = parts.added_tokens {
            let listed: Vec<Listed> =
                serde_json::from_str(raw.get()).map_err(|e| invalid(format!("Its “added_tokens”: {e}.")))?;
            let tokens = listed.into_iter().map(|t| AddedToken {
                content: t.content,
                single_word: t.single_word,
                lstrip: t.lstrip,
                rstrip: t.rstrip,
                normalized: t.normalized,
                special: t.special,
            });
            added
                .add_tokens(tokens, &model, Some(&Watched::new(&normalizer)))
                .map_err(|e| match e.downcast::<Error>() {
                    Ok(own) => *own,
                    Err(other) => invalid(format!("Its “added_tokens”: {other}.")),
                })?;
        }
        Ok(Tokenizer {
            added,
            normalizer,
            splits,
            model,
            around,
        })
    }
}

fn part(name: &'static str, raw: Option<&RawValue>) -> Result<Option<Value>, Error> {
    let Some(raw) = raw else { return Ok(None) };
    if raw.get().len() > MOST_PART {
        return Err(unsupported(name, "It is far longer than any real one.".into()));
    }
    serde_json::from_str(raw.get())
        .map(Some)
        .map_err(|e| invalid(format!("Its “{name}”: {e}.")))
}

pub fn invalid(detail: String) -> Error {
    Error::TokenizerInvalid { file: FILE, detail }
}

pub fn unsupported(part: &'static str, why: String) -> Error {
    Error::TokenizerUnsupported { part, why }
}

/// The steps of a part, a `Sequence` within another taken apart: each with its type.
pub fn steps<'a>(part: &'static str, list: &str, value: Option<&'a Value>) -> Result<Vec<(&'a str, &'a Value)>, Error> {
    let mut steps = Vec::new();
    // Last in, first out: the first step lies on top.
    let mut open: Vec<&Value> = value.into_iter().collect();
    while let Some(value) = open.pop() {
        let kind = value.get("type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| invalid(format!("A step of its “{part}” has no “type”.")))?;
        if kind == "Sequence" {
            let inner = value.get(list).and_then(Value::as_array);
            let inner = inner.ok_or_else(|| invalid(format!("A Sequence of its “{part}” has no “{list}”.")))?;
            open.extend(inner.iter().rev());
        } else {
            steps.push((kind, value));
        }
        if steps.len().saturating_add(open.len()) > MOST_STEPS {
            return Err(unsupported(part, format!("It has more than {MOST_STEPS} steps.")));
        }
    }
    Ok(steps)
}

/// The settings of a step.
pub fn settings<T: serde::de::DeserializeOwned>(part: &'static str, value: &Value) -> Result<T, Error> {
    serde_json::from_value(value.clone()).map_err(|e| invalid(format!("A step of its “{part}”: {e}.")))
}

/// A name from the file, as long as a message can show.
pub fn short(name: &str) -> String {
    let mut chars = name.chars();
    let begin: String = chars.by_ref().take(60).collect();
    if chars.next().is_some() { begin + "…" } else { begin }
}
