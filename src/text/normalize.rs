//! What is done to the text before it is split: Unicode forms, replacements, a prefix. A text may not grow without measure by it.

use super::pattern::{Pattern, Written};
use super::read::{settings, steps, unsupported};
use super::{charsmap, read::short};
use crate::error::Error;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Mutex;
use tokenizers::normalizers::{
    ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, NormalizerWrapper, Prepend, StripAccents,
};
use tokenizers::{NormalizedString, Normalizer};

const PART: &str = "normalizer";
/// Bytes that a replacement or a prefix may have: real ones have three.
const MOST_NEW: usize = 64;
/// A text may grow by so much; the largest of Unicode's own forms has eleven times the bytes of its character.
const MOST_GROWTH: usize = 32;
const MOST_MORE: usize = 1024;

pub struct Chain(Vec<Step>);

enum Step {
    Own(NormalizerWrapper),
    Replace(Pattern, String),
}

#[derive(Deserialize)]
struct Replace {
    pattern: Written,
    content: String,
}

pub fn read(value: Option<&Value>) -> Result<Chain, Error> {
    let steps = steps(PART, "normalizers", value)?;
    let chain: Result<Vec<Step>, Error> = steps.into_iter().map(|(kind, value)| step(kind, value)).collect();
    Ok(Chain(chain?))
}

fn step(kind: &str, value: &Value) -> Result<Step, Error> {
    Ok(Step::Own(match kind {
        "BertNormalizer" => NormalizerWrapper::BertNormalizer(settings(PART, value)?),
        "Strip" => NormalizerWrapper::StripNormalizer(settings(PART, value)?),
        "StripAccents" => NormalizerWrapper::StripAccents(StripAccents),
        "NFC" => NormalizerWrapper::NFC(NFC),
        "NFD" => NormalizerWrapper::NFD(NFD),
        "NFKC" => NormalizerWrapper::NFKC(NFKC),
        "NFKD" => NormalizerWrapper::NFKD(NFKD),
        "Lowercase" => NormalizerWrapper::Lowercase(Lowercase),
        "Nmt" => NormalizerWrapper::Nmt(Nmt),
        "ByteLevel" => NormalizerWrapper::ByteLevel(ByteLevel),
        "Precompiled" => NormalizerWrapper::Precompiled(charsmap::read(value)?),
        "Prepend" => {
            let prepend: Prepend = settings(PART, value)?;
            short_enough(&prepend.prepend)?;
            NormalizerWrapper::Prepend(prepend)
        }
        "Replace" => {
            let replace: Replace = settings(PART, value)?;
            short_enough(&replace.content)?;
            let pattern = Pattern::read(PART, &replace.pattern)?;
            return Ok(Step::Replace(pattern, replace.content));
        }
        other => return Err(unsupported(PART, format!("A step of it is “{}”.", short(other)))),
    }))
}

fn short_enough(new: &str) -> Result<(), Error> {
    if new.len() <= MOST_NEW {
        return Ok(());
    }
    Err(unsupported(PART, format!("It puts in {} bytes at once.", new.len())))
}

impl Chain {
    fn run(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        let most = text.len().saturating_mul(MOST_GROWTH).saturating_add(MOST_MORE);
        for step in &self.0 {
            match step {
                Step::Own(own) => own.normalize(text)?,
                Step::Replace(pattern, content) => text.replace(pattern, content)?,
            }
            if text.len() > most {
                let why = format!("It makes a text more than {MOST_GROWTH} times as long.");
                return Err(Box::new(unsupported(PART, why)));
            }
        }
        Ok(())
    }
}

/// A chain whose first fault is kept: where added tokens are looked for, the crate drops it.
pub struct Watched<'a>(&'a Chain, Mutex<Option<Fault>>);

type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Watched<'_> {
    pub fn new(chain: &Chain) -> Watched<'_> {
        Watched(chain, Mutex::new(None))
    }

    pub fn fault(self) -> tokenizers::Result<()> {
        let first = self.1.into_inner().unwrap_or_else(|held| held.into_inner());
        first.map_or(Ok(()), Err)
    }
}

impl Normalizer for Watched<'_> {
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        let Err(fault) = self.0.run(text) else { return Ok(()) };
        let said = fault.to_string();
        self.1
            .lock()
            .unwrap_or_else(|held| held.into_inner())
            .get_or_insert(fault);
        Err(said.into())
    }
}
