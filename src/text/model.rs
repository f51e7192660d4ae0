//! The vocabulary and how words become its tokens: BPE, WordPiece, WordLevel, Unigram. Checked where the crate would panic: a merge whose
//! result is no token, a prefix that no token begins with.

use super::read::{invalid, short, unsupported};
use crate::error::Error;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use tokenizers::ModelWrapper;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::models::wordpiece::WordPiece;

/// WordPiece looks at every part of a word, so this bounds the square of it; real files say 100.
const MOST_WORD: usize = 1000;
/// Unigram keeps a node per byte, one inside the other.
const MOST_PIECE: usize = 1024;
/// So many bytes of pieces take 1.5 GB.
const MOST_PIECES: usize = 6 << 20;

/// The fields of all kinds. Old files leave the type out; dropout is not read, since the same text must give the same tokens.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: Option<Words>,
    merges: Option<Vec<Merge>>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    max_input_chars_per_word: Option<usize>,
    fuse_unk: Option<bool>,
    byte_fallback: Option<bool>,
    ignore_merges: Option<bool>,
    unk_id: Option<usize>,
}

enum Words {
    Ids(Vocab),
    /// In order of the ids, with the logarithm of the probability.
    Scores(Vec<(String, f64)>),
}

/// Written as two tokens, or as one string with a space between them.
struct Merge(String, String);

pub fn read(raw: &RawValue) -> Result<ModelWrapper, Error> {
    let file: File = serde_json::from_str(raw.get()).map_err(|e| invalid(format!("Its “model”: {e}.")))?;
    let words = file.vocab.ok_or_else(|| missing("vocab"))?;
    let kind = file.kind.as_deref().unwrap_or(match &words {
        Words::Scores(_) => "Unigram",
        Words::Ids(_) if file.merges.is_some() => "BPE",
        Words::Ids(_) if file.max_input_chars_per_word.is_some() => "WordPiece",
        Words::Ids(_) => "WordLevel",
    });
    match (kind, words) {
        ("BPE", Words::Ids(vocab)) => {
            let merges = file.merges.ok_or_else(|| missing("merges"))?;
            let merges: Vec<_> = merges.into_iter().map(|Merge(a, b)| (a, b)).collect();
            let prefix = file.continuing_subword_prefix;
            merges_are_tokens(&vocab, &merges, prefix.as_deref().map_or(0, str::len))?;
            let mut bpe = BPE::builder()
                .vocab_and_merges(vocab, merges)
                .fuse_unk(file.fuse_unk.unwrap_or(false))
                .byte_fallback(file.byte_fallback.unwrap_or(false))
                .ignore_merges(file.ignore_merges.unwrap_or(false));
            if let Some(unknown) = file.unk_token {
                bpe = bpe.unk_token(unknown);
            }
            if let Some(prefix) = prefix {
                bpe = bpe.continuing_subword_prefix(prefix);
            }
            if let Some(suffix) = file.end_of_word_suffix {
                bpe = bpe.end_of_word_suffix(suffix);
            }
            Ok(ModelWrapper::BPE(bpe.build().map_err(refused)?))
        }
        ("WordPiece", Words::Ids(vocab)) => {
            let most = file
                .max_input_chars_per_word
                .ok_or_else(|| missing("max_input_chars_per_word"))?;
            if most > MOST_WORD {
                return Err(unsupported("model", format!("It takes words of {most} letters apart.")));
            }
            let prefix = file
                .continuing_subword_prefix
                .ok_or_else(|| missing("continuing_subword_prefix"))?;
            let built = WordPiece::builder()
                .vocab(vocab)
                .unk_token(file.unk_token.ok_or_else(|| missing("unk_token"))?)
                .continuing_subword_prefix(prefix)
                .max_input_chars_per_word(most)
                .build();
            Ok(ModelWrapper::WordPiece(built.map_err(refused)?))
        }
        ("WordLevel", Words::Ids(vocab)) => {
            let unknown = file.unk_token.ok_or_else(|| missing("unk_token"))?;
            let built = WordLevel::builder().vocab(vocab).unk_token(unknown).build();
            Ok(ModelWrapper::WordLevel(built.map_err(refused)?))
        }
        ("Unigram", Words::Scores(scores)) => {
            let long = scores.iter().any(|(piece, _)| piece.len() > MOST_PIECE);
            if long || scores.iter().map(|(piece, _)| piece.len()).sum::<usize>() > MOST_PIECES {
                return Err(unsupported("model", "Its tokens are longer than any real ones.".into()));
            }
            let built = Unigram::from(scores, file.unk_id, file.byte_fallback.unwrap_or(false));
            Ok(ModelWrapper::Unigram(built.map_err(refused)?))
        }
        ("BPE" | "WordPiece" | "WordLevel" | "Unigram", _) => Err(invalid(format!(
            "The “vocab” of its “model” has not the form of {kind}."
        ))),
        _ => Err(unsupported("model", format!("Its type is “{}”.", short(kind)))),
    }
}

fn missing(field: &str) -> Error {
    invalid(format!("Its “model” has no “{field}”."))
}

fn refused(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    invalid(format!("Its “model”: {error}."))
}

fn merges_are_tokens(vocab: &Vocab, merges: &[(String, String)], prefix: usize) -> Result<(), Error> {
    let mut whole = String::new();
    for (a, b) in merges {
        whole.clear();
        whole.push_str(a);
        let rest = b.get(prefix..);
        whole.push_str(rest.unwrap_or_default());
        let known = [a, b, &whole].iter().all(|token| vocab.contains_key(token.as_str()));
        if rest.is_none() || !known {
            let (a, b) = (short(a), short(b));
            return Err(invalid(format!(
                "It merges “{a}” and “{b}”, and one of the two, or the whole, is no token of its vocabulary."
            )));
        }
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("tokens with their numbers, or a list of tokens with their scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
        let mut vocab = Vocab::default();
        while let Some((token, id)) = map.next_entry()? {
            vocab.insert(token, id);
        }
        Ok(Words::Ids(vocab))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
        let mut scores = Vec::new();
        while let Some(scored) = list.next_element()? {
            scores.push(scored);
        }
        Ok(Words::Scores(scores))
    }
}

impl<'de> Deserialize<'de> for Merge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MergeVisitor)
    }
}

struct MergeVisitor;

impl<'de> Visitor<'de> for MergeVisitor {
    type Value = Merge;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("two tokens to merge")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Merge, E> {
        match text.split_once(' ') {
            Some((a, b)) if !b.contains(' ') => Ok(Merge(a.into(), b.into())),
            _ => Err(E::custom(format!("“{}” is not two tokens to merge", short(text)))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Merge, A::Error> {
        let two = (
            list.next_element()?,
            list.next_element()?,
            list.next_element::<String>()?,
        );
        match two {
            (Some(a), Some(b), None) => Ok(Merge(a, b)),
            _ => Err(serde::de::Error::custom("a merge is not of two tokens")),
        }
    }
}
