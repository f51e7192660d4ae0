//! LoRA (Hu et al. 2021), also of convolutions, and with the middle factor of LoCon's Tucker form (LyCORIS).

use super::{Change, Config, Fault, Input, Method, Outline, Parts, Shapes, tucker};
use crate::linalg::Matrix;
use crate::report::Kind;

pub static LORA: Method = Method {
    kind: Kind::Lora,
    formula: "W = W₀ + s B A",
    known_by: &["lora_A", "lora_B"],
    over: None,
    with: &["lora_mid"],
    config: Some(Config::LORA),
    scaled: true,
    outline,
    change,
    proof: "roberta_lora",
};

pub fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    if !shapes.has("lora_mid") {
        return shapes.product("lora_B", "lora_A");
    }
    let ([out, rb], [ra, inputs]) = (shapes.flat("lora_B")?, shapes.flat("lora_A")?);
    Ok(Outline {
        shape: [out, tucker::inputs(shapes, "lora_mid", (rb, ra), inputs)?],
        rank: Some(rb),
    })
}

fn change(input: &Input) -> Result<Change, String> {
    let (b, a) = factors(input.parts)?;
    for (name, m) in [("lora_B", &b), ("lora_A", &a)] {
        if m.iter().all(|x| *x == 0.0) {
            return Ok(Change::Nothing(format!(
                "{name} is all zero: this module was not trained."
            )));
        }
    }
    Ok(Change::LowRank {
        b,
        a,
        scale: input.scale,
    })
}

/// B `[out, r]` and A `[r, in]`.
pub fn factors(parts: &Parts) -> Result<(Matrix, Matrix), String> {
    let (b, a) = (parts.matrix("lora_B")?.clone(), parts.matrix("lora_A")?);
    let a = match parts.get("lora_mid") {
        Some(mid) => tucker::inner(&mid.matrix, a),
        None => a.clone(),
    };
    Ok((b, a))
}
