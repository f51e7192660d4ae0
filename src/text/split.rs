//! How a text is split into words before its vocabulary sees them.

use super::pattern::{Inverted, Pattern, Written};
use super::read::{settings, short, steps, unsupported};
use crate::error::Error;
use serde::Deserialize;
use serde_json::Value;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::fixed_length::FixedLength;
use tokenizers::pre_tokenizers::unicode_scripts::UnicodeScripts;
use tokenizers::pre_tokenizers::whitespace::{Whitespace, WhitespaceSplit};
use tokenizers::{PreTokenizedString, PreTokenizer, PreTokenizerWrapper, SplitDelimiterBehavior};

const PART: &str = "pre_tokenizer";

/// The words of GPT-2 (Radford et al. 2019), as the crate writes them.
const WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

pub struct Splits(Vec<Step>);

enum Step {
    Own(PreTokenizerWrapper),
    Split(Pattern, SplitDelimiterBehavior, bool),
    /// A space before the text where there is none.
    Prefix,
}

#[derive(Deserialize)]
struct Split {
    pattern: Written,
    behavior: SplitDelimiterBehavior,
    invert: bool,
}

pub fn read(value: Option<&Value>) -> Result<Splits, Error> {
    let mut splits = Vec::new();
    for (kind, value) in steps(PART, "pretokenizers", value)? {
        let own = match kind {
            "BertPreTokenizer" => PreTokenizerWrapper::BertPreTokenizer(BertPreTokenizer),
            "CharDelimiterSplit" => PreTokenizerWrapper::Delimiter(settings(PART, value)?),
            "Digits" => PreTokenizerWrapper::Digits(settings(PART, value)?),
            "Metaspace" => PreTokenizerWrapper::Metaspace(settings(PART, value)?),
            "Punctuation" => PreTokenizerWrapper::Punctuation(settings(PART, value)?),
            "UnicodeScripts" => PreTokenizerWrapper::UnicodeScripts(UnicodeScripts::new()),
            "Whitespace" => PreTokenizerWrapper::Whitespace(Whitespace),
            "WhitespaceSplit" => PreTokenizerWrapper::WhitespaceSplit(WhitespaceSplit),
            "FixedLength" => {
                let fixed: FixedLength = settings(PART, value)?;
                if fixed.length == 0 {
                    return Err(unsupported(PART, "It cuts the text into pieces of no letters.".into()));
                }
                PreTokenizerWrapper::FixedLength(fixed)
            }
            "Split" => {
                let split: Split = settings(PART, value)?;
                let pattern = Pattern::read(PART, &split.pattern)?;
                splits.push(Step::Split(pattern, split.behavior, split.invert));
                continue;
            }
            "ByteLevel" => {
                let bytes: ByteLevel = settings(PART, value)?;
                if bytes.add_prefix_space {
                    splits.push(Step::Prefix);
                }
                if bytes.use_regex {
                    let words = Pattern::read(PART, &Written::Regex(WORDS.into()))?;
                    splits.push(Step::Split(words, SplitDelimiterBehavior::Isolated, false));
                }
                PreTokenizerWrapper::ByteLevel(bytes.add_prefix_space(false).use_regex(false))
            }
            other => return Err(unsupported(PART, format!("A step of it is “{}”.", short(other)))),
        };
        splits.push(Step::Own(own));
    }
    Ok(Splits(splits))
}

impl Splits {
    pub fn apply(&self, text: &mut PreTokenizedString) -> tokenizers::Result<()> {
        for step in &self.0 {
            match step {
                Step::Own(own) => own.pre_tokenize(text)?,
                Step::Split(pattern, behavior, false) => text.split(|_, piece| piece.split(pattern, *behavior))?,
                Step::Split(pattern, behavior, true) => {
                    text.split(|_, piece| piece.split(Inverted(pattern), *behavior))?
                }
                Step::Prefix => text.normalize(|piece| {
                    if !piece.get().starts_with(' ') {
                        piece.prepend(" ");
                    }
                    Ok(())
                })?,
            }
        }
        Ok(())
    }
}
