//! LoRA and DoRA as mlx-lm writes them: the factors turned, the scale given outright.

use super::dora::rescaled;
use super::{Change, Fault, Input, Method, Outline, Shapes};
use crate::linalg::product;
use crate::report::Kind;

pub static MLX: Method = Method {
    kind: Kind::Lora,
    formula: "W = W₀ + s bᵀ aᵀ",
    known_by: &["lora_a", "lora_b"],
    over: None,
    with: &[],
    config: None,
    scaled: true,
    outline,
    change,
    proof: "mlx_lora",
};

pub static MLX_DORA: Method = Method {
    kind: Kind::Dora,
    formula: "W = m (W₀ + s bᵀ aᵀ) / ‖W₀ + s bᵀ aᵀ‖, row by row",
    known_by: &["m"],
    config: None,
    over: None,
    with: &["lora_a", "lora_b"],
    change: change_of_direction,
    proof: "mlx_dora",
    ..MLX
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    match (shapes.of("lora_a")?, shapes.of("lora_b")?) {
        ([_, ra], [rb, _]) if ra != rb => Err(Fault::Ranks(*ra, *rb)),
        ([inputs, rank], [_, out]) => Ok(Outline {
            shape: [*out, *inputs],
            rank: Some(*rank),
        }),
        _ => Err(Fault::Form(
            "“lora_a” and “lora_b” of experts are not merged by this version.".into(),
        )),
    }
}

fn change(input: &Input) -> Result<Change, String> {
    let (a, b) = (input.parts.matrix("lora_a")?, input.parts.matrix("lora_b")?);
    Ok(Change::LowRank {
        b: b.transpose(),
        a: a.transpose(),
        scale: input.scale,
    })
}

fn change_of_direction(input: &Input) -> Result<Change, String> {
    let (a, b) = (input.parts.matrix("lora_a")?, input.parts.matrix("lora_b")?);
    let mut added = product::<f32>(&b.transpose(), &a.transpose());
    added.scale_mut(input.scale as f32);
    rescaled(input.w0, &added, input.parts.vector("m")?, false)
}
