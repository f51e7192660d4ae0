//! AdaLoRA (Zhang et al. 2023): the singular values of the change are parameters of their own.

use super::config::{Says, Scaling, number};
use super::{Change, Config, Fault, Input, Method, Outline, Shapes};
use crate::report::Kind;

/// PEFT's default for init_r.
const RANK: f64 = 12.0;

pub static ADALORA: Method = Method {
    kind: Kind::Adalora,
    formula: "W = W₀ + s B (A ∘ E)",
    known_by: &["lora_E"],
    over: None,
    with: &["lora_A", "lora_B", "ranknum"],
    config: Some(Config {
        peft: "ADALORA",
        says: Says::Part(|_| true),
        scaling: |config| Ok(Scaling::Initial(number(config, "init_r")?.unwrap_or(RANK))),
        // Its rank_pattern says which singular values were kept; the file holds only those.
        patterns: false,
        ..Config::LORA
    }),
    scaled: true,
    outline,
    change,
    proof: "roberta_adalora",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    let outline = shapes.product("lora_B", "lora_A")?;
    let (values, rank) = (shapes.vector("lora_E")?, outline.rank.unwrap_or(0));
    if values == rank {
        Ok(outline)
    } else {
        Err(Fault::Ranks(rank, values))
    }
}

fn change(input: &Input) -> Result<Change, String> {
    let mut a = input.parts.matrix("lora_A")?.clone();
    for (mut row, value) in a.row_iter_mut().zip(input.parts.vector("lora_E")?) {
        row.scale_mut(*value);
    }
    Ok(Change::LowRank {
        b: input.parts.matrix("lora_B")?.clone(),
        a,
        scale: input.scale,
    })
}
