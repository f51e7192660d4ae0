//! (IA)3 (Liu et al. 2022): every output, or every input, is multiplied by a number of its own.

use super::{Change, Config, Fault, Input, Method, Outline, Shapes};
use crate::linalg::Matrix;
use crate::report::Kind;

pub static IA3: Method = Method {
    kind: Kind::Ia3,
    formula: "W = W₀ ∘ l",
    known_by: &["ia3_l"],
    over: None,
    with: &[],
    config: Some(Config::unscaled("IA3")),
    scaled: false,
    outline,
    change,
    proof: "roberta_ia3",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    match shapes.of("ia3_l")? {
        [out, 1] => Ok(Outline {
            shape: [*out, 0],
            rank: None,
        }),
        [1, inputs] => Ok(Outline {
            shape: [0, *inputs],
            rank: None,
        }),
        shape => Err(Fault::Form(format!(
            "“ia3_l” is of shape {shape:?}, neither [out, 1] nor [1, in]."
        ))),
    }
}

fn change(input: &Input) -> Result<Change, String> {
    let (w0, l) = (input.w0.matrix(), input.parts.matrix("ia3_l")?);
    let by_output = l.ncols() == 1 && l.nrows() == w0.nrows();
    if !by_output && (l.nrows() != 1 || l.ncols() != w0.ncols()) {
        return Err(format!(
            "“ia3_l” is {} × {}, the base {} × {}.",
            l.nrows(),
            l.ncols(),
            w0.nrows(),
            w0.ncols()
        ));
    }
    let factor = |i: usize, j: usize| {
        let place = if by_output { (i, 0) } else { (0, j) };
        f64::from(l.get(place).copied().unwrap_or(1.0))
    };
    Ok(Change::Dense(Matrix::from_fn(w0.nrows(), w0.ncols(), |i, j| {
        let old = w0.get((i, j)).copied().unwrap_or(0.0);
        ((factor(i, j) - 1.0) * f64::from(old)) as f32
    })))
}
