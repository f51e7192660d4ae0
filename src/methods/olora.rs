//! OLoRA (Büyükakyüz 2024) as it is saved: its factors began as the first columns of the QR decomposition of W0, which were taken out.

use super::config::{Says, word};
use super::lora::{factors, outline};
use super::pissa::instead;
use super::{Change, Config, Input, Method};
use crate::linalg;
use crate::report::Kind;

pub static OLORA: Method = Method {
    kind: Kind::Olora,
    formula: "W = W₀ − s Qᵣ Rᵣ + s B A, with W₀ = Q R",
    known_by: &["lora_A", "lora_B"],
    over: None,
    with: &[],
    config: Some(Config {
        says: Says::Method(|config| word(config, "init_lora_weights") == Some("olora")),
        ..Config::LORA
    }),
    scaled: true,
    outline,
    change,
    proof: "llama_olora",
};

fn change(input: &Input) -> Result<Change, String> {
    let (b, a) = factors(input.parts)?;
    let (mut q, r) =
        linalg::first_columns(input.w0, a.nrows()).map_err(|_| "The decomposition of the base did not converge.")?;
    q.scale_mut(input.scale as f32);
    Ok(instead(b, a, input.scale, q, r))
}
