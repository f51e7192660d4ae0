//! LoKr (LyCORIS): a Kronecker product, each factor whole or itself of low rank.

use super::tucker::{tucker, tucker_outline};
use super::{Change, Config, Fault, Input, Method, Outline, Parts, Shapes};
use crate::linalg::{Matrix, product};
use crate::report::Kind;

pub static LOKR: Method = Method {
    kind: Kind::Lokr,
    formula: "W = W₀ + s W₁ ⊗ W₂",
    known_by: &["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b"],
    over: None,
    with: &["lokr_t2"],
    config: Some(Config {
        peft: "LOKR",
        alpha: Some("alpha"),
        ..Config::LORA
    }),
    scaled: true,
    outline,
    change,
    proof: "roberta_lokr",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    let first = match shapes.has("lokr_w1") {
        true => Outline {
            shape: shapes.flat("lokr_w1")?,
            rank: None,
        },
        false => shapes.product("lokr_w1_a", "lokr_w1_b")?,
    };
    let second = match (shapes.has("lokr_w2"), shapes.has("lokr_t2")) {
        (true, _) => Outline {
            shape: shapes.flat("lokr_w2")?,
            rank: None,
        },
        (_, true) => tucker_outline(shapes, "lokr_t2", "lokr_w2_a", "lokr_w2_b")?,
        _ => shapes.product("lokr_w2_a", "lokr_w2_b")?,
    };
    let times = |a: u64, b: u64| {
        a.checked_mul(b)
            .ok_or_else(|| Fault::Form("Its product is impossibly large.".into()))
    };
    let ([rows, cols], [height, width]) = (first.shape, second.shape);
    Ok(Outline {
        shape: [times(rows, height)?, times(cols, width)?],
        rank: first.rank.or(second.rank),
    })
}

fn factors(parts: &Parts) -> Result<(Matrix, Matrix), String> {
    let first = match parts.get("lokr_w1") {
        Some(whole) => whole.matrix.clone(),
        None => product(parts.matrix("lokr_w1_a")?, parts.matrix("lokr_w1_b")?),
    };
    let second = match (parts.get("lokr_w2"), parts.get("lokr_t2")) {
        (Some(whole), _) => whole.matrix.clone(),
        (_, Some(core)) => tucker(core, parts.matrix("lokr_w2_a")?, parts.matrix("lokr_w2_b")?),
        _ => product(parts.matrix("lokr_w2_a")?, parts.matrix("lokr_w2_b")?),
    };
    Ok((first, second))
}

fn change(input: &Input) -> Result<Change, String> {
    let (first, second) = factors(input.parts)?;
    // A kernel lies behind the inputs in the second factor and so in the product.
    let mut change = first.kronecker(&second);
    change.scale_mut(input.scale as f32);
    Ok(Change::Dense(change))
}
