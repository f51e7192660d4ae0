//! Labels: one name per model, the same in every table and figure.

use crate::print::count;
use crate::report::{Kind, Model, RunStep};
use std::collections::HashMap;

/// One name per model: its own, or "Full", "LoRA r = 8" where its own says no more than that; with its step where it is a checkpoint of a
/// run: "LoRA r = 8, step 1,000". Models whose short names would be equal keep their own, runs the name of their folder.
pub fn labels(models: &[Model]) -> Vec<String> {
    let shorts: Vec<String> = models.iter().map(short).collect();
    // Whether all models of a short name are one model, or checkpoints of one run.
    let mut alone: HashMap<&str, (Option<&RunStep>, bool)> = HashMap::new();
    for (m, short) in models.iter().zip(&shorts) {
        let run = m.run.as_ref();
        alone
            .entry(short)
            .and_modify(|(first, alone)| *alone &= first.zip(run).is_some_and(|(a, b)| a.run == b.run))
            .or_insert((run, true));
    }
    let names: Vec<String> = models
        .iter()
        .zip(&shorts)
        .map(|(m, short)| {
            let alone = alone[short.as_str()].1;
            let Some(run) = &m.run else {
                return if alone || m.label.is_empty() {
                    short.clone()
                } else {
                    m.label.clone()
                };
            };
            let name = if alone || run.run.is_empty() { short } else { &run.run };
            format!("{name}, step {}", count(run.step))
        })
        .collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for name in &names {
        *times.entry(name).or_default() += 1;
    }
    names
        .iter()
        .zip(models)
        .map(|(name, m)| {
            if times[name.as_str()] > 1 && !m.label.is_empty() {
                m.label.clone()
            } else {
                name.clone()
            }
        })
        .collect()
}

fn short(model: &Model) -> String {
    let own = model.run.as_ref().map_or(&model.label, |run| &run.run);
    match (model.kind, model.rank) {
        _ if !own.is_empty() && !says_method_alone(own, model) => own.clone(),
        (Kind::Full, _) => "Full".into(),
        // No rank and no method says more of it than its own name.
        (Kind::Diff, _) if !model.label.is_empty() => model.label.clone(),
        (kind, Some(r)) => format!("{} r = {r}", kind.name()),
        (kind, None) => kind.name().into(),
    }
}

/// Words that name a method or a file of any model. Names of other words are their owner's: what they tell stands nowhere else.
const COMMON: [&str; 12] = [
    "full",
    "fine",
    "finetune",
    "finetuned",
    "tune",
    "tuned",
    "ft",
    "lora",
    "rank",
    "alpha",
    "model",
    "adapter",
];

/// Whether a name holds the method, its rank and alpha, and common words, and nothing else: `lora_r8`, `full`, `adapter_model`.
fn says_method_alone(name: &str, model: &Model) -> bool {
    let lower = name.to_lowercase();
    let method = model.kind.name().to_lowercase();
    let known = |number: &str| {
        let rank = model.rank.map(|r| r.to_string());
        let alpha = model.alpha.map(|a| a.to_string());
        rank.as_deref() == Some(number) || alpha.as_deref() == Some(number)
    };
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .all(|part| {
            let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = &part[word.len()..];
            match (word, number.is_empty()) {
                (word, true) => COMMON.contains(&word) || word == method,
                ("" | "r" | "a", false) => known(number),
                (word, false) => ["rank", "alpha", "lora"].contains(&word) && known(number),
            }
        })
}

/// A run's name: that of any of its checkpoints, without the step.
pub fn run_name(label: &str) -> &str {
    label.split(", step ").next().unwrap_or_default()
}
