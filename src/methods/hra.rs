//! HRA (Yuan et al. 2024): the inputs are turned by a chain of Householder reflections.

use super::config::Says;
use super::{Change, Config, Fault, Input, Method, Outline, Shapes};
use crate::linalg::Matrix;
use crate::report::Kind;

pub static HRA: Method = Method {
    kind: Kind::Hra,
    formula: "W = W₀ H₁ ⋯ Hᵣ, Hᵢ = I − 2 uᵢ uᵢᵀ, ‖uᵢ‖ = 1",
    known_by: &["hra_u"],
    over: None,
    with: &[],
    config: Some(Config::unscaled("HRA")),
    scaled: false,
    outline,
    change: |input| reflected(input, false),
    proof: "llama_hra",
};

/// HRA with its vectors made orthogonal first, one after the other (Gram-Schmidt).
pub static HRA_ORTHOGONAL: Method = Method {
    kind: Kind::Hra,
    formula: "W = W₀ (I − 2 Q Qᵀ), Q = Gram-Schmidt(U)",
    known_by: &["hra_u"],
    over: None,
    with: &[],
    config: Some(Config {
        says: Says::Method(|config| config.get("apply_GS").and_then(|v| v.as_bool()) == Some(true)),
        ..Config::unscaled("HRA")
    }),
    scaled: false,
    outline,
    change: |input| reflected(input, true),
    proof: "llama_hra_gs",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    let [inputs, rank] = shapes.flat("hra_u")?;
    Ok(Outline {
        shape: [0, inputs],
        rank: Some(rank),
    })
}

fn reflected(input: &Input, orthogonal: bool) -> Result<Change, String> {
    let (w0, u) = (input.w0.matrix(), input.parts.matrix("hra_u")?);
    if u.nrows() != w0.ncols() {
        return Err(format!(
            "“hra_u” has {} rows, the base {} inputs.",
            u.nrows(),
            w0.ncols()
        ));
    }
    let own = w0.map(f64::from);
    let mut turned = own.clone();
    let mut before = Vec::new();
    for (at, column) in u.column_iter().enumerate() {
        let mut unit = column.map(f64::from);
        if orthogonal {
            for other in &before {
                let part = unit.dot(other);
                unit.axpy(-part, other, 1.0);
            }
        }
        let length = unit.norm();
        if length.is_nan() || length <= 0.0 {
            return Err(format!("Column {at} of “hra_u” has no direction to reflect at."));
        }
        unit.unscale_mut(length);
        #[expect(clippy::arithmetic_side_effects, reason = "as many rows as the base has inputs")]
        let along = &turned * &unit;
        turned.ger(-2.0, &along, &unit, 1.0);
        if orthogonal {
            before.push(unit);
        }
    }
    #[expect(clippy::arithmetic_side_effects, reason = "of one shape")]
    let change = turned - own;
    let change: Matrix = change.map(|x| x as f32);
    Ok(Change::Dense(change))
}
