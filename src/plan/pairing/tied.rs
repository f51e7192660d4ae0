//! Tied weights: an output head that is the embedding, and so is not in the file. It matters where an adapter targets the head.

use super::matching::Named;
use crate::plan::base::Base;

/// The name that is missing, and those it may stand for (transformers 5, `_tied_weights_keys`).
pub const HEADS: [(&str, &[&str]); 13] = [
    (
        "lm_head.weight",
        &["model.embed_tokens.weight", "transformer.wte.weight", "wte.weight"],
    ),
    // Models of text and images: of transformers 5, of before, and Idefics 3 with its kin.
    (
        "lm_head.weight",
        &[
            "model.language_model.embed_tokens.weight",
            "language_model.model.embed_tokens.weight",
            "model.text_model.embed_tokens.weight",
        ],
    ),
    (
        "language_model.lm_head.weight",
        &[
            "language_model.model.embed_tokens.weight",
            "model.language_model.embed_tokens.weight",
        ],
    ),
    ("thinker.lm_head.weight", &["thinker.model.embed_tokens.weight"]),
    ("embed_out.weight", &["gpt_neox.embed_in.weight"]),
    ("proj_out.weight", &["model.decoder.embed_tokens.weight"]),
    ("lm_head.weight", &["shared.weight"]),
    (
        "cls.predictions.decoder.weight",
        &["bert.embeddings.word_embeddings.weight"],
    ),
    ("decoder.weight", &["model.embeddings.tok_embeddings.weight"]),
    (
        "vocab_projector.weight",
        &["distilbert.embeddings.word_embeddings.weight"],
    ),
    (
        "lm_head.weight",
        &["model.decoder.embed_tokens.weight", "decoder.embed_tokens.weight"],
    ),
    ("lm_head.weight", &["embed_tokens.weight"]),
    ("lm_head.decoder.weight", &["roberta.embeddings.word_embeddings.weight"]),
];

/// Adds to the base each head that is missing there and named by a fine-tune, as a second name of its embedding.
pub fn extend(base: &mut Base, is_named: impl Fn(&str) -> bool) {
    for (head, embeddings) in HEADS {
        let there = |name: &str| base.named.iter().position(|n| n.name == name);
        let Some(at) = embeddings
            .iter()
            .find_map(|e| there(e))
            .filter(|_| there(head).is_none() && is_named(head))
        else {
            continue;
        };
        let (Some(own), Some(named)) = (base.matrices.get(at), base.named.get(at)) else {
            continue;
        };
        let (mut copy, shape) = (own.clone(), named.shape);
        copy.tensor.name = head.to_owned();
        copy.place = crate::plan::names::place(head);
        base.named.push(Named {
            name: head.to_owned(),
            shape,
        });
        base.matrices.push(copy);
    }
}
