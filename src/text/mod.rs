//! Text to tokens: a model's `tokenizer.json`, read as a file that anybody may have written, and applied to one text at a time.
//!
//! The models, normalizers and splits are those of the `tokenizers` crate. What can fail on a file is read here, before the crate sees it:
//! the crate panics on some, and stops a pattern without a word on others.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod around;
mod charsmap;
mod mask;
mod model;
mod normalize;
mod oniguruma;
mod pattern;
mod read;
mod spans;
mod split;

pub use spans::utf16;

use crate::error::Error;
use normalize::{Chain, Watched};
use split::Splits;
use std::ops::Range;
use tokenizers::{AddedVocabulary, Encoding, Model, ModelWrapper, OffsetType};

/// The longest text, in bytes: far more than the tokens that are ever counted.
pub const MOST_TEXT: usize = 1 << 18;

/// A `tokenizer.json` that was read: one sequence without an end to its length, never cut and never filled up, whatever the file says of
/// truncation and padding; and always the same tokens, whatever it says of dropout.
pub struct Tokenizer {
    added: AddedVocabulary,
    normalizer: Chain,
    splits: Splits,
    model: ModelWrapper,
    around: around::Around,
}

/// One text as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    pub ids: Vec<u32>,
    /// Positions, from 0, that the file's post-processor added. A special token that stands in the text is not among them.
    pub added: Vec<usize>,
    /// Per token the bytes of the text it stands for: in order, whole characters, and none twice. A character that several tokens share is
    /// the first one's; the others have an empty range behind it, and so has an added token.
    pub spans: Vec<Range<usize>>,
}

impl Tokenizer {
    pub fn encode(&self, text: &str) -> Result<Tokens, Error> {
        if text.len() > MOST_TEXT {
            return Err(Error::TextTooLong {
                bytes: text.len() as u64,
                allowed: MOST_TEXT as u64,
            });
        }
        let plain = self.plain(text).map_err(fault)?;
        let ids = plain.get_ids();
        let around = &self.around;
        let (front, back) = (around.front.len(), around.back.len());
        let text_end = front.saturating_add(ids.len());
        let end = text_end.saturating_add(back);
        Ok(Tokens {
            ids: [&around.front[..], ids, &around.back].concat(),
            added: (0..front).chain(text_end..end).collect(),
            spans: spans::tile(text, front, plain.get_offsets(), back),
        })
    }

    /// The text alone, with the bytes of it that the crate gives each token.
    fn plain(&self, text: &str) -> tokenizers::Result<Encoding> {
        // The crate drops what a normalizer says here.
        let watched = Watched::new(&self.normalizer);
        let mut pieces = self.added.extract_and_normalize(Some(&watched), text);
        watched.fault()?;
        self.splits.apply(&mut pieces)?;
        pieces.tokenize(|piece| self.model.tokenize(piece.get()))?;
        pieces.into_encoding(None, 0, OffsetType::Byte)
    }

    /// A token as the vocabulary writes it, which may be bytes in disguise: `Ġthe`, `##ing`, `<0xE2>`.
    pub fn piece(&self, id: u32) -> Option<String> {
        let added = self.added.get_added_tokens_decoder().get(&id);
        added
            .map(|token| token.content.clone())
            .or_else(|| self.model.id_to_token(id))
    }

    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.added.token_to_id(token, &self.model)
    }
}

/// What went wrong while a text was read, in our own words where they are ours.
fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match error.downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::TokenizerInvalid {
            file: read::FILE,
            detail: format!("Its vocabulary does not cover the text: {other}."),
        },
    }
}
