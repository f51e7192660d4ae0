//! The loss of the base, its fine-tunes and their edits on texts: what the change of weights does to what the model says. Nats per token,
//! -ln p; the mean depends on the window, so it stands beside it.

use super::Side;
use super::surgery::Arm;
use serde::{Deserialize, Serialize};

/// Losses on one or more texts, of all rows together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// `model_type` of the base.
    pub network: String,
    /// A pseudo-loss: every position hidden in turn (Salazar et al. 2020); the next token otherwise.
    pub masked: bool,
    /// The rule of the surgery behind rows with an arm.
    pub k: u32,
    /// Its threshold.
    pub epsilon: f64,
    /// Its side.
    pub side: Side,
    /// The seed of the random arm.
    pub seed: u32,
    /// One or more texts; every row was computed on each.
    pub texts: Vec<LossText>,
    /// The base first.
    pub rows: Vec<LossRow>,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LossText {
    /// Its name.
    pub name: String,
    /// Tokens that were predicted.
    pub tokens: u32,
    /// Tokens of a window, those among them that the tokenizer adds.
    pub window: u32,
    /// Tokens that a window repeats from the one before it.
    pub overlap: u32,
    /// The text, token by token, those before the first predicted one among them.
    pub pieces: Vec<String>,
    /// The place in `pieces` of every predicted token, ascending.
    pub places: Vec<u32>,
}

/// One row: a model, perhaps edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LossRow {
    /// Its number in the report; null for the base.
    pub model: Option<u32>,
    /// The arm of the surgery; null where the model is as trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<Arm>,
    /// Its lambda.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// The block whose change is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_layer: Option<u32>,
    /// The type of matrices whose change is undone; with a block, those of that block alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_type: Option<String>,
    /// By text.
    pub on: Vec<LossOn>,
}

/// The losses of one row on one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LossOn {
    /// Over the predicted tokens, every token with the same weight.
    pub mean: f64,
    /// `mean` minus the base's: forgetting, as PEFT defines it since July 2026.
    pub more: f64,
    /// The standard error of `more`: of the mean of the tokens' own differences.
    pub error: f64,
    /// Of an edit: more than the model as trained. None where that is no row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub than_trained: Option<Paired>,
    /// By predicted token; empty for edits.
    pub tokens: Vec<f32>,
}

/// A difference of two rows on the same tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Paired {
    /// The mean of the tokens' own differences.
    pub more: f64,
    /// Its standard error.
    pub error: f64,
}

impl Paired {
    /// Token by token.
    pub fn of(losses: &[f64], others: &[f64]) -> Paired {
        let n = losses.len().max(1) as f64;
        let differences: Vec<f64> = losses.iter().zip(others).map(|(a, b)| a - b).collect();
        let more = differences.iter().sum::<f64>() / n;
        let squares: f64 = differences.iter().map(|d| (d - more).powi(2)).sum();
        let error = if losses.len() > 1 {
            (squares / (n - 1.0) / n).sqrt()
        } else {
            0.0
        };
        Paired { more, error }
    }
}

impl LossOn {
    /// Paired with the base token by token. `kept`: the tokens' own losses stay.
    pub fn of(losses: &[f64], base: &[f64], kept: bool) -> LossOn {
        let Paired { more, error } = Paired::of(losses, base);
        LossOn {
            mean: losses.iter().sum::<f64>() / losses.len().max(1) as f64,
            more,
            error,
            than_trained: None,
            tokens: if kept {
                losses.iter().map(|x| *x as f32).collect()
            } else {
                Vec::new()
            },
        }
    }
}

impl LossRow {
    /// The base, or a fine-tune as it was trained.
    pub fn is_whole(&self) -> bool {
        self.arm.is_none() && self.without_layer.is_none() && self.without_type.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_paired_token_by_token() {
        let on = LossOn::of(&[1.0, 3.0, 2.0], &[0.5, 1.0, 1.5], true);
        assert_eq!((on.mean, on.more), (2.0, 1.0));
        // Differences 0.5, 2, 0.5: variance 0.75, of the mean of three 0.25.
        assert!((on.error - 0.5).abs() < 1e-12);
        let same = LossOn::of(&[1.0, 7.0], &[0.0, 6.0], false);
        assert_eq!((same.more, same.error, same.tokens.len()), (1.0, 0.0, 0));
        let one = Paired::of(&[2.0], &[1.5]);
        assert_eq!((one.more, one.error), (0.5, 0.0));
    }
}
