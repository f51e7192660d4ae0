//! `WasmTokenizer`, for the worker of texts: a tokenizer.json, and texts to it.

use crate::error::{Error, Told};
use crate::text::{Tokenizer, utf16};
use js_sys::{Object, Reflect, Uint32Array};
use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TOKENS: &str = r#"
/** One text as tokens. */
export interface Tokens {
    ids: Uint32Array<ArrayBuffer>;
    /** Positions, from 0, that the tokenizer added: no part of the text. */
    added: Uint32Array<ArrayBuffer>;
    /** Per token where its part of the text begins and ends, two numbers, as `text.slice` counts. A character that several tokens share is the first one's; the others are empty, and so are added tokens. */
    spans: Uint32Array<ArrayBuffer>;
}
"#;

/// What is thrown where a file or a text cannot be used.
#[derive(Serialize, Deserialize, Tsify)]
pub struct TokenFault {
    pub code: String,
    pub title: String,
    pub cause: String,
    pub fix: String,
    pub command: Option<String>,
}

#[wasm_bindgen(js_name = Tokenizer)]
pub struct WasmTokenizer(Tokenizer);

#[wasm_bindgen(js_class = Tokenizer)]
impl WasmTokenizer {
    /// Reads the bytes of a tokenizer.json. Throws a `TokenFault`.
    #[wasm_bindgen(constructor)]
    pub fn new(json: &[u8]) -> Result<WasmTokenizer, JsValue> {
        console_error_panic_hook::set_once();
        Ok(WasmTokenizer(Tokenizer::read(json).map_err(thrown)?))
    }

    /// Throws a `TokenFault`.
    #[wasm_bindgen(unchecked_return_type = "Tokens")]
    pub fn encode(&self, text: &str) -> Result<Object, JsValue> {
        let tokens = self.0.encode(text).map_err(thrown)?;
        let spans = utf16(text, &tokens.spans).into_iter();
        let spans: Vec<u32> = spans.flat_map(|span| [span.start as u32, span.end as u32]).collect();
        let added: Vec<u32> = tokens.added.iter().map(|at| *at as u32).collect();
        let object = Object::new();
        for (name, numbers) in [("ids", &tokens.ids), ("added", &added), ("spans", &spans)] {
            Reflect::set(&object, &name.into(), &Uint32Array::from(&numbers[..]))?;
        }
        Ok(object)
    }

    /// A token as the vocabulary writes it.
    pub fn piece(&self, id: u32) -> Option<String> {
        self.0.piece(id)
    }

    #[wasm_bindgen(js_name = idOf)]
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.0.id_of(token)
    }

    /// The id of the mask token, from the bytes of tokenizer_config.json and special_tokens_map.json where they are there. Throws a `TokenFault`.
    pub fn mask(&self, config: Option<Vec<u8>>, map: Option<Vec<u8>>) -> Result<Option<u32>, JsValue> {
        self.0.mask(config.as_deref(), map.as_deref()).map_err(thrown)
    }
}

fn thrown(error: Error) -> JsValue {
    let Told {
        code,
        title,
        cause,
        fix,
        command,
        ..
    } = error.told();
    let fault = TokenFault {
        code: code.into(),
        title,
        cause,
        fix: fix.into(),
        command: command.map(Into::into),
    };
    fault.into_js().map_or_else(JsValue::from, JsValue::from)
}
