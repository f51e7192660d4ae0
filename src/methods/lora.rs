//! LoRA (Hu et al. 2021), also of convolutions, and with the middle factor of LoCon's Tucker form (LyCORIS).

use super::{Change, Fault, Input, Method, Outline, Parts, Shapes};
use crate::linalg::Matrix;
use crate::report::Kind;

pub static LORA: Method = Method {
    kind: Kind::Lora,
    formula: "W = W₀ + s B A",
    known_by: &["lora_A", "lora_B"],
    with: &["lora_mid"],
    init: None,
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
    match shapes.of("lora_mid")? {
        [m, n, height, width] if (*m, *n) == (rb, ra) => {
            let inputs = inputs.checked_mul(*height).and_then(|n| n.checked_mul(*width));
            let inputs = inputs.ok_or_else(|| Fault::Form("“lora_mid” is impossibly large.".into()))?;
            Ok(Outline { shape: [out, inputs], rank: Some(rb) })
        }
        _ => Err(Fault::Form("“lora_mid” does not fit between its two factors.".into())),
    }
}

fn change(input: &Input) -> Result<Change, String> {
    let (b, a) = factors(input.parts)?;
    for (name, m) in [("lora_B", &b), ("lora_A", &a)] {
        if m.iter().all(|x| *x == 0.0) {
            return Ok(Change::Nothing(format!("{name} is all zero: this module was not trained.")));
        }
    }
    Ok(Change::LowRank { b, a, scale: input.scale })
}

/// B `[out, r]` and A `[r, in]`.
pub fn factors(parts: &Parts) -> Result<(Matrix, Matrix), String> {
    let (b, a) = (parts.matrix("lora_B")?.clone(), parts.matrix("lora_A")?);
    let Some(mid) = parts.get("lora_mid") else { return Ok((b, a.clone())) };
    // A'[m, (j, x)] = sum_n mid[m, (n, x)] A[n, j], x running over the kernel.
    let (ranks, kernel) = (a.nrows(), mid.matrix.ncols() / a.nrows().max(1));
    let core = &mid.matrix;
    let whole = Matrix::from_fn(core.nrows(), a.ncols() * kernel, |m, jx| {
        let (j, x) = (jx / kernel, jx % kernel);
        (0..ranks).map(|n| f64::from(core[(m, n * kernel + x)]) * f64::from(a[(n, j)])).sum::<f64>() as f32
    });
    Ok((b, whole))
}
