//! A regular expression from a file, with a limit to how often it may go back.
//!
//! Where a search goes beyond its limit the crate's own adapter ends the matches there, which gives other tokens without a word; here it is an
//! error.

use super::oniguruma;
use super::read::{invalid, short, unsupported};
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
    /// As the file writes it.
    source: String,
}

impl Pattern {
    pub fn read(part: &'static str, written: &Written) -> Result<Pattern, Error> {
        let (Written::String(source) | Written::Regex(source)) = written;
        if source.is_empty() || source.len() > MOST_PATTERN {
            let why = format!("A pattern of it has {} bytes.", source.len());
            return Err(unsupported(part, why));
        }
        let translated = match written {
            Written::String(text) => fancy_regex::escape(text).into_owned(),
            Written::Regex(source) => oniguruma::translate(source)
                .map_err(|what| unsupported(part, format!("A pattern of it has {what}: “{}”.", short(source))))?,
        };
        // In Ruby's syntax, which the files use, `^` and `$` are those of a line.
        let regex = RegexBuilder::new(&translated)
            .oniguruma_mode(true)
            .multi_line(true)
            .backtrack_limit(MOST_BACK)
            .delegate_size_limit(MOST_COMPILED)
            .build()
            .map_err(|e| invalid(format!("A pattern of its “{part}”, “{}”: {e}.", short(source))))?;
        Ok(Pattern {
            regex,
            source: source.clone(),
        })
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
                pattern: short(&self.source),
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
