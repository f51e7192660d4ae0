//! Which line a model gets: its colour token, its dash, its width and its short name.

use crate::report::{Kind, Model};
use std::collections::HashSet;

/// How one model's marks look in every figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// `full` or `lora-1` ... `lora-7`.
    pub token: String,
    /// True where an earlier model already has this colour.
    pub dashed: bool,
    /// Line width in CSS pixels. The full fine-tune is heavier: grey print cannot tell it by tone.
    pub width: f64,
}

/// One series a model, in the models' order. LoRA ranks spread evenly over the seven steps; a lone rank takes the middle one.
pub fn series(models: &[Model]) -> Vec<Series> {
    let mut ranks: Vec<u32> = models.iter().filter(|m| m.kind == Kind::Lora).map(|m| m.rank.unwrap_or(0)).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let mut taken = HashSet::new();
    models
        .iter()
        .map(|m| {
            let token = match m.kind {
                Kind::Full => "full".to_string(),
                Kind::Lora => format!("lora-{}", step(&ranks, m.rank.unwrap_or(0))),
            };
            let dashed = !taken.insert(token.clone());
            let width = if m.kind == Kind::Full { 2.5 } else { 1.75 };
            Series { token, dashed, width }
        })
        .collect()
}

/// 1 ... 7: where `rank` stands among the sorted distinct `ranks`.
fn step(ranks: &[u32], rank: u32) -> usize {
    let place = ranks.iter().position(|&r| r == rank).unwrap_or(0);
    match ranks.len() {
        0 | 1 => 4,
        n => 1 + (place as f64 * 6.0 / (n - 1) as f64).round() as usize,
    }
}

/// One short name a model: "Full", "LoRA r = 8". Models whose short names would be equal keep their own.
pub fn labels(models: &[Model]) -> Vec<String> {
    let short: Vec<String> = models.iter().map(short).collect();
    let lone = |s: &String| short.iter().filter(|t| *t == s).count() == 1;
    short.iter().zip(models).map(|(s, m)| if lone(s) || m.label.is_empty() { s.clone() } else { m.label.clone() }).collect()
}

fn short(model: &Model) -> String {
    match (model.kind, model.rank) {
        (Kind::Full, _) => "Full".into(),
        (Kind::Lora, Some(r)) => format!("LoRA r = {r}"),
        (Kind::Lora, None) => "LoRA".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn ranks_spread_over_seven_steps() {
        let steps = |n: u32| (0..n).map(|r| step(&(0..n).collect::<Vec<_>>(), r)).collect::<Vec<_>>();
        assert_eq!(steps(1), [4]);
        assert_eq!(steps(2), [1, 7]);
        assert_eq!(steps(3), [1, 4, 7]);
        assert_eq!(steps(4), [1, 3, 5, 7]);
        assert_eq!(steps(7), [1, 2, 3, 4, 5, 6, 7]);
    }
}
