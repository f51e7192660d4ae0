//! LoHa (Hyeon-Woo et al. 2021; LyCORIS): the element-wise product of two low-rank matrices, of convolutions also in Tucker form.

use super::{Change, Factor, Fault, Input, Method, Outline, Parts, Shapes};
use crate::linalg::{Matrix, product};
use crate::report::Kind;

pub static LOHA: Method = Method {
    kind: Kind::Loha,
    formula: "W = W₀ + s (W₁ₐ W₁ᵦ) ∘ (W₂ₐ W₂ᵦ)",
    known_by: &["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"],
    with: &["hada_t1", "hada_t2"],
    init: None,
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
    if first.shape == second.shape { Ok(first) } else { Err(Fault::Form("Its two products have different shapes.".into())) }
}

/// sum over r and q of core[r, q, x] a[r, p] b[q, c]: a `[r, out]`, b `[q, in]`, the kernel x behind the inputs.
pub fn tucker_outline(shapes: &Shapes, core: &'static str, a: &'static str, b: &'static str) -> Result<Outline, Fault> {
    let ([ra, out], [rb, inputs]) = (shapes.flat(a)?, shapes.flat(b)?);
    match shapes.of(core)? {
        [r, q, height, width] if (*r, *q) == (ra, rb) => {
            let inputs = inputs.checked_mul(*height).and_then(|n| n.checked_mul(*width));
            let inputs = inputs.ok_or_else(|| Fault::Form(format!("“{core}” is impossibly large.")))?;
            Ok(Outline { shape: [out, inputs], rank: Some(rb) })
        }
        _ => Err(Fault::Form(format!("“{core}” does not fit between its two factors."))),
    }
}

/// See [`tucker_outline`].
pub fn tucker(core: &Factor, a: &Matrix, b: &Matrix) -> Matrix {
    let kernel = core.matrix.ncols() / b.nrows().max(1);
    // First over q: half[r, (c, x)]; then over r.
    let half = Matrix::from_fn(core.matrix.nrows(), b.ncols() * kernel, |r, cx| {
        let (c, x) = (cx / kernel, cx % kernel);
        (0..b.nrows()).map(|q| f64::from(core.matrix[(r, q * kernel + x)]) * f64::from(b[(q, c)])).sum::<f64>() as f32
    });
    product(&a.transpose(), &half)
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
    Ok(Change::Dense(first.component_mul(&second) * input.scale as f32))
}
