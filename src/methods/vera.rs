//! VeRA (Kopiczko et al. 2024): two random matrices shared by all modules, and two vectors for each.

use super::{Change, Config, Fault, Input, Method, Outline, Shapes};
use crate::report::Kind;

pub static VERA: Method = Method {
    kind: Kind::Vera,
    formula: "W = W₀ + diag(b) B diag(d) A",
    known_by: &["vera_lambda_b", "vera_lambda_d"],
    over: None,
    with: &["vera_A", "vera_B"],
    config: Some(Config::unscaled("VERA")),
    scaled: false,
    outline,
    change,
    proof: "llama_vera",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    let (out, rank) = (shapes.vector("vera_lambda_b")?, shapes.vector("vera_lambda_d")?);
    let ([ra, _], [most, rb]) = (shapes.flat("vera_A")?, shapes.flat("vera_B")?);
    match () {
        () if ra != rank => Err(Fault::Ranks(ra, rank)),
        () if rb != rank => Err(Fault::Ranks(rank, rb)),
        () if most < out => Err(Fault::Form(format!(
            "“vera_B” has {most} rows; the module has {out} outputs."
        ))),
        () => Ok(Outline {
            shape: [out, 0],
            rank: Some(rank),
        }),
    }
}

fn change(input: &Input) -> Result<Change, String> {
    let (out, inputs) = (input.w0.rows(), input.w0.cols());
    let (a, b) = (input.parts.matrix("vera_A")?, input.parts.matrix("vera_B")?);
    if a.ncols() < inputs || b.nrows() < out {
        return Err(format!(
            "The shared matrices serve {} × {} at most; the base is {out} × {inputs}.",
            b.nrows(),
            a.ncols()
        ));
    }
    let (mut a, mut b) = (a.columns(0, inputs).into_owned(), b.rows(0, out).into_owned());
    for (rows, lambda) in [(&mut b, "vera_lambda_b"), (&mut a, "vera_lambda_d")] {
        for (mut row, l) in rows.row_iter_mut().zip(input.parts.vector(lambda)?) {
            row.scale_mut(*l);
        }
    }
    Ok(Change::LowRank { b, a, scale: 1.0 })
}
