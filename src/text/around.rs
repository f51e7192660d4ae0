//! What a tokenizer puts around every text: `[CLS]` and `[SEP]`, a beginning. The crate's own post-processors are not used: they would trim
//! the spans, and they panic on a template that names what is not there.

use super::read::{invalid, settings, short, steps, unsupported};
use crate::error::Error;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

const PART: &str = "post_processor";
/// Tokens around a text; real files add two.
const MOST: usize = 64;

#[derive(Debug, Default)]
pub struct Around {
    pub front: Vec<u32>,
    pub back: Vec<u32>,
}

#[derive(Deserialize)]
struct Template {
    single: Vec<Piece>,
    special_tokens: HashMap<String, Special>,
}

#[derive(Deserialize)]
enum Piece {
    Sequence { id: String },
    SpecialToken { id: String },
}

#[derive(Deserialize)]
struct Special {
    ids: Vec<u32>,
}

/// BERT's and RoBERTa's: a token and its number.
#[derive(Deserialize)]
struct Pair {
    sep: (String, u32),
    cls: (String, u32),
}

pub fn read(value: Option<&Value>) -> Result<Around, Error> {
    let mut found: Option<Around> = None;
    for (kind, value) in steps(PART, "processors", value)? {
        let around = match kind {
            "ByteLevel" => continue,
            "BertProcessing" | "RobertaProcessing" => {
                let Pair { sep, cls } = settings(PART, value)?;
                Around {
                    front: vec![cls.1],
                    back: vec![sep.1],
                }
            }
            "TemplateProcessing" => template(settings(PART, value)?)?,
            other => return Err(unsupported(PART, format!("A step of it is “{}”.", short(other)))),
        };
        if found.replace(around).is_some() {
            return Err(unsupported(PART, "Two of its steps add tokens.".into()));
        }
    }
    Ok(found.unwrap_or_default())
}

fn template(template: Template) -> Result<Around, Error> {
    let mut around = Around::default();
    let mut texts = 0_usize;
    for piece in &template.single {
        match piece {
            Piece::Sequence { id } if id == "A" && texts == 0 => texts = 1,
            Piece::Sequence { .. } => return Err(unsupported(PART, "It is not for one text.".into())),
            Piece::SpecialToken { id } => {
                let special = template.special_tokens.get(id);
                let ids = &special
                    .ok_or_else(|| invalid(format!("Its “{PART}” adds “{}”, which it does not list.", short(id))))?
                    .ids;
                let side = if texts == 0 {
                    &mut around.front
                } else {
                    &mut around.back
                };
                side.extend(ids);
                if side.len() > MOST {
                    return Err(unsupported(PART, format!("It adds more than {MOST} tokens.")));
                }
            }
        }
    }
    match texts {
        1 => Ok(around),
        _ => Err(unsupported(PART, "It leaves the text out.".into())),
    }
}
