//! OFT (Qiu et al. 2023; Cayley-Neumann: Qiu et al. 2025): blocks of the inputs are turned by orthogonal matrices made from skew ones.

use super::config::Says;
use super::{Change, Config, Fault, Input, Method, Outline, Shapes};
use crate::linalg::Matrix;
use crate::report::Kind;

/// PEFT's default: the series for the inverse, cut off after five terms.
pub static OFT: Method = Method {
    kind: Kind::Oft,
    formula: "W = W₀ Rᵀ, R = I + 2Q + 2Q² + 2Q³ + Q⁴ by blocks",
    known_by: &["oft_R"],
    over: None,
    with: &[],
    config: Some(Config::unscaled("OFT")),
    scaled: false,
    outline,
    change: |input| turned(input, false),
    proof: "roberta_oft",
};

pub static OFT_EXACT: Method = Method {
    kind: Kind::Oft,
    formula: "W = W₀ Rᵀ, R = (I − Q)(I + Q)⁻¹ by blocks",
    known_by: &["oft_R"],
    over: None,
    with: &[],
    config: Some(Config {
        says: Says::Method(|config| config.get("use_cayley_neumann").and_then(|v| v.as_bool()) == Some(false)),
        ..Config::unscaled("OFT")
    }),
    scaled: false,
    outline,
    change: |input| turned(input, true),
    proof: "roberta_oft_exact",
};

/// The side of a block from the length of its upper triangle.
fn side(triangle: u64) -> Option<u64> {
    // b (b - 1) / 2 = triangle
    let b = (u128::from(triangle).saturating_mul(8).saturating_add(1).isqrt() as u64).div_ceil(2);
    let twice = b.checked_mul(b.checked_sub(1)?)?;
    (b >= 2 && Some(twice) == triangle.checked_mul(2)).then_some(b)
}

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    let [blocks, triangle] = shapes.flat("oft_R")?;
    let b = side(triangle).ok_or_else(|| {
        Fault::Form(format!(
            "“oft_R” has {triangle} columns, the upper triangle of no square block."
        ))
    })?;
    // One block may serve all inputs.
    let inputs = if blocks == 1 { Some(0) } else { blocks.checked_mul(b) };
    Ok(Outline {
        shape: [
            0,
            inputs.ok_or_else(|| Fault::Form("“oft_R” is impossibly large.".into()))?,
        ],
        rank: None,
    })
}

fn turned(input: &Input, exact: bool) -> Result<Change, String> {
    let (w0, triangles) = (input.w0.matrix(), input.parts.matrix("oft_R")?);
    let b = side(triangles.ncols() as u64).ok_or("“oft_R” is no triangle.")? as usize;
    let blocks = triangles.nrows();
    if !w0.ncols().is_multiple_of(b) || blocks != 1 && blocks.checked_mul(b) != Some(w0.ncols()) {
        return Err(format!(
            "{blocks} blocks of {b} do not make the base’s {} inputs.",
            w0.ncols()
        ));
    }
    let mut change = Matrix::zeros(w0.nrows(), w0.ncols());
    for (at, first) in (0..w0.ncols()).step_by(b).enumerate() {
        let triangle = triangles.row(if blocks == 1 { 0 } else { at });
        let mut q = Matrix::zeros(b, b).map(f64::from);
        let mut next = triangle.iter();
        for i in 0..b {
            for j in i.saturating_add(1)..b {
                let x = f64::from(*next.next().unwrap_or(&0.0));
                for (place, x) in [((i, j), x), ((j, i), -x)] {
                    if let Some(to) = q.get_mut(place) {
                        *to = x;
                    }
                }
            }
        }
        let mut one = q.clone();
        one.fill_with_identity();
        let own = w0.columns(first, b).map(f64::from);
        #[expect(clippy::arithmetic_side_effects, reason = "matrices of b × b, and columns of b")]
        let turned = {
            let r = if exact {
                let inverse = (&one + &q).try_inverse().ok_or("I + Q has no inverse.")?;
                (&one - &q) * inverse
            } else {
                let square = &q * &q;
                &one + &q * 2.0 + &square * 2.0 + &square * &q * 2.0 + &square * &square
            };
            own * (r.transpose() - one)
        };
        change.columns_mut(first, b).copy_from(&turned.map(|x| x as f32));
    }
    Ok(Change::Dense(change))
}
