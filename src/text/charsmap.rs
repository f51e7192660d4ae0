//! SentencePiece's map of characters, a double-array trie in base64 (`precompiled_charsmap`), walked before it is used: the crate that reads
//! it trusts every offset in it.

use super::read::{invalid, settings, unsupported};
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::HashSet;
use tokenizers::normalizers::Precompiled;

const PART: &str = "normalizer";
/// Bytes that one character may become.
const MOST_NEW: usize = 256;

pub fn read(value: &Value) -> Result<Precompiled, Error> {
    let text = value.get("precompiled_charsmap").and_then(Value::as_str);
    let bytes = text.and_then(|text| STANDARD.decode(text).ok()).ok_or_else(damaged)?;
    let (size, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let size = usize::try_from(u32::from_le_bytes(*size)).map_err(|_| damaged())?;
    let (trie, words) = rest.split_at_checked(size & !3).ok_or_else(damaged)?;
    let units: Vec<u32> = trie
        .as_chunks()
        .0
        .iter()
        .map(|unit| u32::from_le_bytes(*unit))
        .collect();
    let words = std::str::from_utf8(words).map_err(|_| damaged())?;
    walk(&units, words)?;
    settings(PART, value)
}

fn damaged() -> Error {
    invalid("The character map of its “normalizer” is damaged.".into())
}

/// Every node that some text reaches, and the word of every leaf. The layout is that of darts-clone: the low byte is a label, bit 8 marks a
/// leaf, and the upper bits lead to the children.
fn walk(units: &[u32], words: &str) -> Result<(), Error> {
    let unit = |at: u32| units.get(at as usize).copied().ok_or_else(damaged);
    let offset = |unit: u32| (unit >> 10) << ((unit & (1 << 9)) >> 6);
    let mut open = vec![offset(unit(0)?)];
    let mut seen = HashSet::new();
    while let Some(node) = open.pop() {
        for label in 1..=255_u32 {
            let at = node ^ label;
            let child = unit(at)?;
            // A label has none of the bits that mark a leaf's value.
            if child & (1 << 31 | 0xff) != label || !seen.insert(at) {
                continue;
            }
            let next = at ^ offset(child);
            if child >> 8 & 1 == 1 {
                word(words, unit(next)? & 0x7fff_ffff)?;
            }
            open.push(next);
        }
    }
    Ok(())
}

fn word(words: &str, at: u32) -> Result<(), Error> {
    let rest = words.get(at as usize..).ok_or_else(damaged)?;
    let long = rest.bytes().take_while(|b| *b != 0).take(MOST_NEW).count() == MOST_NEW;
    if long {
        return Err(unsupported(PART, "It makes a word of a character.".into()));
    }
    Ok(())
}
