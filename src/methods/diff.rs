//! A change stored whole (LyCORIS and ComfyUI's `.diff`).

use super::{Change, Fault, Input, Method, Outline, Shapes};
use crate::report::Kind;

pub static DIFF: Method = Method {
    kind: Kind::Diff,
    formula: "W = W₀ + D",
    known_by: &["diff"],
    over: None,
    with: &[],
    config: None,
    scaled: false,
    outline,
    change,
    proof: "lycoris_full",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    Ok(Outline {
        shape: shapes.flat("diff")?,
        rank: None,
    })
}

fn change(input: &Input) -> Result<Change, String> {
    Ok(Change::Dense(input.parts.matrix("diff")?.clone()))
}
