//! The spread over ten seeds of the settings that the lesson offers: how far a single training can be relied on. The reference made the
//! numbers (`tests/fixtures/lesson/make_spread.py`).

use super::dials::{Init, Task, TrainDials};
use crate::lesson::Fact;
use serde::Deserialize;
use std::sync::OnceLock;

/// One method over seeds 0 to 9, each trained to the target.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Row {
    pub task: Task,
    /// None for full fine-tuning.
    pub rank: Option<u32>,
    pub alpha: Option<f64>,
    pub freeze: bool,
    /// By seed.
    pub count: Vec<u32>,
    pub accuracy: Vec<f64>,
    pub forgetting: Vec<f64>,
    pub effective_rank: Vec<f64>,
    pub steps: Vec<u32>,
}

pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| serde_json::from_str(include_str!("spread.json")).unwrap_or_default())
}

/// Mean and standard deviation of the two methods that the dials set; none where ten seeds were not run.
pub fn facts(dials: &TrainDials) -> Vec<Fact> {
    let usual = dials.full_rate == 1.0
        && dials.lora_rate == 1.0
        && dials.init == Init::Usual
        && dials.tasks == 1
        && dials.target == 1.0;
    if !(usual && !dials.same_steps && dials.k == 10 && dials.epsilon == 0.5) {
        return vec![];
    }
    let alpha = match super::tune::Method::lora(dials) {
        super::tune::Method::Lora { alpha, .. } => Some(alpha),
        super::tune::Method::Full { .. } => None,
    };
    let own = |row: &&Row| row.task == dials.task;
    let full = rows().iter().filter(own).find(|r| r.rank.is_none());
    let lora = rows()
        .iter()
        .filter(own)
        .find(|r| r.rank == Some(dials.rank) && r.alpha == alpha && r.freeze == dials.freeze);
    let of = |name: &str, row: &Row| {
        let count: Vec<f64> = row.count.iter().map(|c| f64::from(*c)).collect();
        let both = |what: &str, values: &[f64]| {
            let (mean, deviation) = spread(values);
            [
                Fact::new(&format!("ten{name}{what}"), mean),
                Fact::new(&format!("ten{name}{what}Deviation"), deviation),
            ]
        };
        [
            both("Count", &count),
            both("Forgetting", &row.forgetting),
            both("Accuracy", &row.accuracy),
        ]
        .concat()
    };
    let mut facts: Vec<Fact> = full.map(|row| of("Full", row)).unwrap_or_default();
    facts.extend(lora.map(|row| of("Lora", row)).unwrap_or_default());
    facts
}

/// The mean and the sample standard deviation.
pub fn spread(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { 0.0 })
}
