//! LoHa and LoKr with weight decomposition (LyCORIS: DoHa and DoKr): DoRA's lengths, over another change.

use super::dora::{checked, magnitude, rescaled};
use super::{Change, Fault, Input, Method, Outline, Shapes, loha, lokr};
use crate::report::Kind;

pub static DOHA: Method = Method {
    kind: Kind::Loha,
    formula: "W = m V / ‖V‖, line by line, V = W₀ + s (W₁ₐ W₁ᵦ) ∘ (W₂ₐ W₂ᵦ)",
    known_by: &["dora_scale"],
    over: Some(&loha::LOHA),
    with: &["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"],
    config: None,
    scaled: true,
    outline: |shapes| outline(shapes, &loha::LOHA),
    change: |input| change(input, &loha::LOHA),
    proof: "lycoris_doha",
};

pub static DOKR: Method = Method {
    kind: Kind::Lokr,
    formula: "W = m V / ‖V‖, line by line, V = W₀ + s W₁ ⊗ W₂",
    known_by: &["dora_scale"],
    over: Some(&lokr::LOKR),
    with: &[
        "lokr_w1",
        "lokr_w1_a",
        "lokr_w1_b",
        "lokr_w2",
        "lokr_w2_a",
        "lokr_w2_b",
        "lokr_t2",
    ],
    config: None,
    scaled: true,
    outline: |shapes| outline(shapes, &lokr::LOKR),
    change: |input| change(input, &lokr::LOKR),
    proof: "lycoris_dokr",
};

fn outline(shapes: &Shapes, over: &Method) -> Result<Outline, Fault> {
    checked(shapes, (over.outline)(shapes)?)
}

fn change(input: &Input, over: &Method) -> Result<Change, String> {
    let (m, by_input) = magnitude(input.parts)?;
    match (over.change)(input)? {
        Change::Dense(added) => rescaled(input.w0, &added, m, by_input),
        other => Ok(other),
    }
}
