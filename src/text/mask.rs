//! The token that hides another, for pseudo-losses: as `AutoTokenizer(...).mask_token_id` finds it.

use super::Tokenizer;
use super::read::short;
use crate::error::Error;
use serde_json::Value;

impl Tokenizer {
    /// The id of the mask token that `tokenizer_config.json` names, or else `special_tokens_map.json`; where neither does, of the added token
    /// `[MASK]` or `<mask>`. None: the tokenizer has none.
    pub fn mask(&self, config: Option<&[u8]>, map: Option<&[u8]>) -> Result<Option<u32>, Error> {
        for (file, json) in [("tokenizer_config.json", config), ("special_tokens_map.json", map)] {
            let Some(json) = json else { continue };
            let invalid = |detail| Error::TokenizerInvalid { file, detail };
            let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
            let value: Value =
                serde_json::from_slice(json).map_err(|e| invalid(format!("It is not valid JSON: {e}.")))?;
            let named = value.get("mask_token");
            // Written as a word, or as an added token with its properties.
            let named = named.and_then(|token| token.as_str().or_else(|| token.get("content")?.as_str()));
            if let Some(named) = named {
                let id = self.id_of(named).ok_or_else(|| {
                    let named = short(named);
                    invalid(format!(
                        "It says that “{named}” is the mask, which is no token of tokenizer.json."
                    ))
                })?;
                return Ok(Some(id));
            }
        }
        let added = self.added.get_vocab();
        Ok(["[MASK]", "<mask>"].iter().find_map(|name| added.get(*name)).copied())
    }
}
