//! LoHa (Hyeon-Woo et al. 2021; LyCORIS): the element-wise product of two low-rank matrices, of convolutions also in Tucker form.

use super::tucker::{tucker, tucker_outline};
use super::{Change, Config, Fault, Input, Method, Outline, Parts, Shapes};
use crate::linalg::{Matrix, product};
use crate::report::Kind;

pub static LOHA: Method = Method {
    kind: Kind::Loha,
    formula: "W = W₀ + s (W₁ₐ W₁ᵦ) ∘ (W₂ₐ W₂ᵦ)",
    known_by: &["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"],
    over: None,
    with: &["hada_t1", "hada_t2"],
    config: Some(Config {
        peft: "LOHA",
        alpha: Some("alpha"),
        ..Config::LORA
    }),
    scaled: true,
    outline,
    change,
    proof: "roberta_loha",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    let whole = |a, b, t: &'static str| match shapes.has(t) {
        false => shapes.product(a, b),
        true => tucker_outline(shapes, t, a, b),
    };
    let first = whole("hada_w1_a", "hada_w1_b", "hada_t1")?;
    let second = whole("hada_w2_a", "hada_w2_b", "hada_t2")?;
    if first.shape == second.shape {
        Ok(first)
    } else {
        Err(Fault::Form("Its two products have different shapes.".into()))
    }
}

fn one(parts: &Parts, a: &str, b: &str, core: &str) -> Result<Matrix, String> {
    let (a, b) = (parts.matrix(a)?, parts.matrix(b)?);
    Ok(match parts.get(core) {
        Some(core) => tucker(core, a, b),
        None => product(a, b),
    })
}

fn change(input: &Input) -> Result<Change, String> {
    let first = one(input.parts, "hada_w1_a", "hada_w1_b", "hada_t1")?;
    let second = one(input.parts, "hada_w2_a", "hada_w2_b", "hada_t2")?;
    if first.shape() != second.shape() {
        return Err("Its two products have different shapes.".into());
    }
    let mut change = first.component_mul(&second);
    change.scale_mut(input.scale as f32);
    Ok(Change::Dense(change))
}
