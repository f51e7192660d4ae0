//! HiRA (Huang et al. 2025): the base itself, element by element, times a low-rank matrix.

use super::{Change, Config, Fault, Input, Method, Outline, Shapes};
use crate::linalg::{Matrix, product};
use crate::report::Kind;

pub static HIRA: Method = Method {
    kind: Kind::Hira,
    formula: "W = W₀ + W₀ ∘ (B A)",
    known_by: &["hira_A", "hira_B"],
    over: None,
    with: &[],
    config: Some(Config::unscaled("HIRA")),
    scaled: false,
    outline,
    change,
    proof: "llama_hira",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    shapes.product("hira_B", "hira_A")
}

fn change(input: &Input) -> Result<Change, String> {
    let (w0, times) = (
        input.w0.matrix(),
        product::<f32>(input.parts.matrix("hira_B")?, input.parts.matrix("hira_A")?),
    );
    let times: Matrix = times;
    if times.shape() != w0.shape() {
        return Err(format!(
            "B A is {} × {}, the base {} × {}.",
            times.nrows(),
            times.ncols(),
            w0.nrows(),
            w0.ncols()
        ));
    }
    Ok(Change::Dense(w0.component_mul(&times)))
}
