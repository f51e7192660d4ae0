//! A regular expression from a file, with a limit to how often it may go back.
//!
//! The files are written for Oniguruma. fancy-regex, which takes its place here, is told to read `\<` as that does. Where a search goes beyond
//! its limit the crate's own adapter ends the matches there, which gives other tokens without a word; here it is an error.

use super::read::{invalid, unsupported};
use crate::error::Error;
use fancy_regex::{Regex, RegexBuilder};
use serde::Deserialize;
use tokenizers::Offsets;

/// Steps back in one search: a run of spaces in the longest text takes one or two.
const MOST_BACK: usize = 50_000;
/// The longest of real files has 600 bytes.
const MOST_PATTERN: usize = 4096;
/// Bytes of what one pattern is compiled to.
const MOST_COMPILED: usize = 4 << 20;

#[derive(Deserialize)]
pub enum Written {
    String(String),
    Regex(String),
}

#[derive(Debug)]
pub struct Pattern {
    regex: Regex,
}

impl Pattern {
    pub fn read(part: &'static str, written: &Written) -> Result<Pattern, Error> {
        let source = match written {
            Written::String(text) => fancy_regex::escape(text).into_owned(),
            Written::Regex(source) => source.clone(),
        };
        if source.is_empty() || source.len() > MOST_PATTERN {
            return Err(unsupported(
                part,
                format!("A pattern of it has {} bytes.", source.len()),
            ));
        }
        Pattern::new(&source).map_err(|e| invalid(format!("A pattern of its “{part}” cannot be read: {e}.")))
    }

    pub fn new(source: &str) -> Result<Pattern, fancy_regex::Error> {
        let regex = RegexBuilder::new(source)
            .oniguruma_mode(true)
            .backtrack_limit(MOST_BACK)
            .delegate_size_limit(MOST_COMPILED)
            .build()?;
        Ok(Pattern { regex })
    }

    /// What matches and what lies between, in order: every byte once.
    fn pieces(&self, text: &str, inverted: bool) -> Result<Vec<(Offsets, bool)>, Error> {
        if text.is_empty() {
            return Ok(vec![((0, 0), inverted)]);
        }
        let mut end = 0;
        let mut pieces = Vec::new();
        for found in self.regex.find_iter(text) {
            let found = found.map_err(|_| Error::TokenizerPattern {
                pattern: self.regex.as_str().to_owned(),
            })?;
            if end != found.start() {
                pieces.push(((end, found.start()), inverted));
            }
            pieces.push(((found.start(), found.end()), !inverted));
            end = found.end();
        }
        if end != text.len() {
            pieces.push(((end, text.len()), inverted));
        }
        Ok(pieces)
    }
}

impl tokenizers::pattern::Pattern for &Pattern {
    fn find_matches(&self, text: &str) -> tokenizers::Result<Vec<(Offsets, bool)>> {
        Ok(self.pieces(text, false)?)
    }
}

/// What does not match, for what does.
pub struct Inverted<'a>(pub &'a Pattern);

impl tokenizers::pattern::Pattern for Inverted<'_> {
    fn find_matches(&self, text: &str) -> tokenizers::Result<Vec<(Offsets, bool)>> {
        Ok(self.0.pieces(text, true)?)
    }
}
