//! PiSSA (Meng et al. 2024) as it is saved: its factors began as the leading part of W0, which was taken out of the base.

use super::config::{Says, word};
use super::lora::{factors, outline};
use super::{Change, Config, Input, Method};
use crate::linalg::{self, Matrix};
use crate::report::Kind;

pub static PISSA: Method = Method {
    kind: Kind::Pissa,
    formula: "W = W₀ − Uᵣ Sᵣ Vᵣᵀ + s B A",
    known_by: &["lora_A", "lora_B"],
    over: None,
    with: &[],
    config: Some(Config {
        says: Says::Method(|config| word(config, "init_lora_weights").is_some_and(|init| init.starts_with("pissa"))),
        ..Config::LORA
    }),
    scaled: true,
    outline,
    change,
    proof: "llama_pissa",
};

fn change(input: &Input) -> Result<Change, String> {
    let (b, a) = factors(input.parts)?;
    let (left, right) =
        linalg::leading_part(input.w0, a.nrows()).map_err(|_| "The leading part of the base did not converge.")?;
    Ok(instead(b, a, input.scale, left, right))
}

/// scale B A in the place of `left` `right`, as one product of twice the rank.
pub fn instead(b: Matrix, a: Matrix, scale: f64, left: Matrix, right: Matrix) -> Change {
    let (rank, taken) = (b.ncols(), left.ncols());
    let both = rank.saturating_add(taken);
    let (mut b, mut left) = (b, left);
    b.scale_mut(scale as f32);
    left.neg_mut();
    let mut both_b = Matrix::zeros(b.nrows(), both);
    both_b.columns_mut(0, rank).copy_from(&b);
    both_b.columns_mut(rank, taken).copy_from(&left);
    let mut both_a = Matrix::zeros(both, a.ncols());
    both_a.rows_mut(0, rank).copy_from(&a);
    both_a.rows_mut(rank, taken).copy_from(&right);
    Change::LowRank {
        b: both_b,
        a: both_a,
        scale: 1.0,
    }
}
