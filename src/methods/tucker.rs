//! Convolutions in Tucker form (LyCORIS): a core over both ranks and the kernel, between two factors. The kernel lies behind the inputs.

use super::parts::{Factor, Fault, Outline, Shapes};
use crate::linalg::{Matrix, product};

/// The number of inputs that the core `[r, q, height, width]` makes of the `inputs` of its inner factor `[q, in]`.
pub fn inputs(shapes: &Shapes, core: &'static str, ranks: (u64, u64), inputs: u64) -> Result<u64, Fault> {
    match shapes.of(core)? {
        [r, q, height, width] if (*r, *q) == ranks => {
            let all = inputs.checked_mul(*height).and_then(|n| n.checked_mul(*width));
            all.ok_or_else(|| Fault::Form(format!("“{core}” is impossibly large.")))
        }
        _ => Err(Fault::Form(format!("“{core}” does not fit between its two factors."))),
    }
}

/// sum over q of core[r, q, x] b[q, c], as `[r, (c, x)]`.
pub fn inner(core: &Matrix, b: &Matrix) -> Matrix {
    let kernel = core.ncols().checked_div(b.nrows()).unwrap_or(0);
    Matrix::from_fn(core.nrows(), b.ncols().saturating_mul(kernel), |r, cx| {
        let c = cx.checked_div(kernel).unwrap_or(0);
        let x = cx.saturating_sub(c.saturating_mul(kernel));
        let of = |q: usize| core.get((r, q.saturating_mul(kernel).saturating_add(x)));
        let column = b.column(c);
        let terms = column
            .iter()
            .enumerate()
            .filter_map(|(q, b)| Some(f64::from(*of(q)?) * f64::from(*b)));
        terms.sum::<f64>() as f32
    })
}

/// The shape of sum over r and q of core[r, q, x] a[r, o] b[q, c]: a `[r, out]`, b `[q, in]`.
pub fn tucker_outline(shapes: &Shapes, core: &'static str, a: &'static str, b: &'static str) -> Result<Outline, Fault> {
    let ([ra, out], [rb, of]) = (shapes.flat(a)?, shapes.flat(b)?);
    Ok(Outline {
        shape: [out, inputs(shapes, core, (ra, rb), of)?],
        rank: Some(rb),
    })
}

/// The change whose shape is [`tucker_outline`].
pub fn tucker(core: &Factor, a: &Matrix, b: &Matrix) -> Matrix {
    product(&a.transpose(), &inner(&core.matrix, b))
}
