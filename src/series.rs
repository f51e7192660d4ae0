//! Labels, colours and order of models and matrix types, the same in tables and figures.

use crate::print::count;
use crate::report::{Kind, Matrix, Model, RunStep};
use std::collections::HashMap;

/// The look of one model's marks in every figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// `full` or `lora-1` ... `lora-7`.
    pub token: String,
    /// True where another model has this colour: an earlier one, or a later checkpoint of the same run.
    pub dashed: bool,
    /// Line width in CSS pixels. The full fine-tune is heavier: grey print cannot tell it by tone.
    pub width: f64,
}

/// Of more models of one colour than this, dashes tell none apart; and every dash is a stroke of its own.
const TOLD_APART: usize = 16;

/// One series per model, in the models' order. LoRA ranks spread evenly over the seven steps; a lone rank takes the middle one.
/// The checkpoints of a run share its colour; all but the last are dashed and thinner.
pub fn series(models: &[Model]) -> Vec<Series> {
    let mut ranks: Vec<u32> = models
        .iter()
        .filter(|m| m.kind != Kind::Full)
        .map(|m| m.rank.unwrap_or(0))
        .collect();
    ranks.sort_unstable();
    ranks.dedup();
    let tokens: Vec<String> = models
        .iter()
        .map(|m| match m.kind {
            Kind::Full => "full".to_owned(),
            _ => format!("lora-{}", step(&ranks, m.rank.unwrap_or(0))),
        })
        .collect();
    let mut last: HashMap<&str, u64> = HashMap::new();
    for run in models.iter().filter_map(|m| m.run.as_ref()) {
        let step = last.entry(&run.run).or_insert(run.step);
        *step = run.step.max(*step);
    }
    // The first model of each colour, and how many have it.
    let mut taken: HashMap<&str, (usize, usize)> = HashMap::new();
    for (n, token) in tokens.iter().enumerate() {
        taken.entry(token).or_insert((n, 0)).1 += 1;
    }
    models
        .iter()
        .zip(&tokens)
        .enumerate()
        .map(|(n, (m, token))| {
            let (first, alike) = taken[token.as_str()];
            let passed = m.run.as_ref().is_some_and(|r| r.step < last[r.run.as_str()]);
            let repeats = !(first == n || same_run(m, &models[first]));
            let width = if m.kind == Kind::Full { 2.5 } else { 1.75 } - if passed { 0.75 } else { 0.0 };
            Series {
                token: token.clone(),
                dashed: (passed || repeats) && alike <= TOLD_APART,
                width,
            }
        })
        .collect()
}

/// The places of the models that stand for themselves: of a run its last checkpoint.
pub fn last_of_runs(models: &[Model]) -> Vec<usize> {
    let mut last: HashMap<&str, (u64, usize)> = HashMap::new();
    for (at, run) in models
        .iter()
        .enumerate()
        .filter_map(|(at, m)| Some((at, m.run.as_ref()?)))
    {
        let known = last.entry(&run.run).or_insert((run.step, at));
        *known = (*known).max((run.step, at));
    }
    let stands = |at: usize, m: &Model| m.run.as_ref().is_none_or(|run| last[run.run.as_str()].1 == at);
    models
        .iter()
        .enumerate()
        .filter(|(at, m)| stands(*at, m))
        .map(|(at, _)| at)
        .collect()
}

/// A run's name: that of any of its checkpoints, without the step.
pub fn run_name(label: &str) -> &str {
    label.split(", step ").next().unwrap_or_default()
}

fn same_run(a: &Model, b: &Model) -> bool {
    a.run.as_ref().zip(b.run.as_ref()).is_some_and(|(a, b)| a.run == b.run)
}

/// 1 ... 7: where `rank` stands among the sorted distinct `ranks`.
fn step(ranks: &[u32], rank: u32) -> usize {
    let place = ranks.iter().position(|&r| r == rank).unwrap_or(0);
    match ranks.len() {
        0 | 1 => 4,
        n => 1 + (place as f64 * 6.0 / (n - 1) as f64).round() as usize,
    }
}

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

/// Types in the order of the network, with their names in words.
const TYPES: [(&str, &str); 17] = [
    ("q", "query"),
    ("q_a", "query, down"),
    ("q_b", "query, up"),
    ("k", "key"),
    ("v", "value"),
    ("kv_a", "key-value, down"),
    ("kv_b", "key-value, up"),
    ("qkv", "query-key-value"),
    ("linattn", "linear attention"),
    ("o", "attention output"),
    ("gate", "MLP gate"),
    ("up", "MLP up"),
    ("gate_up", "MLP gate and up"),
    ("linear1", "attention and MLP in"),
    ("down", "MLP down"),
    ("experts", "experts"),
    ("conv", "convolutions"),
];

/// The type in words; types without a name of their own and none keep what they are called.
pub fn type_label(kind: Option<&str>) -> &str {
    let Some(kind) = kind else { return "other" };
    TYPES.iter().find(|(k, _)| *k == kind).map_or(kind, |(_, label)| label)
}

/// The type as a head of a narrow column; types whose own letters say it keep them.
pub fn type_short(kind: Option<&str>) -> &str {
    match kind {
        None => "other",
        Some("down") => "dn",
        Some("gate_up") => "gu",
        Some("linattn") => "lin",
        Some("linear1") => "in",
        Some("experts") => "exp",
        Some(kind) => kind,
    }
}

/// The place of a type in the network, for sorting; unknown ones come last.
pub fn type_order(kind: Option<&str>) -> usize {
    kind.and_then(|k| TYPES.iter().position(|(t, _)| *t == k))
        .unwrap_or(TYPES.len())
}

impl Model {
    /// Puts a matrix in its place in the network, whatever the order in which results arrive; one of the same name is replaced.
    pub fn take(&mut self, matrix: Matrix) {
        self.matrices.retain(|m| m.name != matrix.name);
        let place = |m: &Matrix| {
            (
                m.layer.is_none(),
                m.layer,
                type_order(m.kind.as_deref()),
                m.name.clone(),
            )
        };
        let at = self.matrices.partition_point(|m| place(m) < place(&matrix));
        self.matrices.insert(at, matrix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Matching, RunStep, Totals};

    fn model(kind: Kind, rank: Option<u32>, label: &str) -> Model {
        let (label, matching, totals) = (label.to_owned(), Matching::default(), Totals::default());
        Model {
            label,
            kind,
            formula: None,
            run: None,
            rank,
            alpha: None,
            scale: None,
            files: vec![],
            matching,
            sources: vec![],
            matrices: vec![],
            totals,
        }
    }

    #[test]
    fn ranks_spread_over_seven_steps() {
        let steps = |n: u32| (0..n).map(|r| step(&(0..n).collect::<Vec<_>>(), r)).collect::<Vec<_>>();
        assert_eq!(steps(1), [4]);
        assert_eq!(steps(2), [1, 7]);
        assert_eq!(steps(4), [1, 3, 5, 7]);
        assert_eq!(steps(7), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn ranks_spread_over_the_steps_and_repeats_are_dashed() {
        let models = [
            model(Kind::Full, None, "ft"),
            model(Kind::Lora, Some(64), "lora-r64"),
            model(Kind::Lora, Some(1), "adapter"),
            model(Kind::Lora, Some(8), "lora_r8"),
            model(Kind::Lora, Some(8), "lora_8"),
        ];
        let s = series(&models);
        assert_eq!(
            s.iter().map(|s| s.token.as_str()).collect::<Vec<_>>(),
            ["full", "lora-7", "lora-1", "lora-4", "lora-4"]
        );
        assert_eq!(
            s.iter().map(|s| s.dashed).collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        assert_eq!(
            labels(&models),
            ["Full", "LoRA r = 64", "LoRA r = 1", "lora_r8", "lora_8"]
        );
        assert_eq!(series(&models[..2])[1].token, "lora-4");
    }

    #[test]
    fn a_name_that_tells_more_than_method_and_rank_is_kept() {
        let told = |label: &str| labels(&[model(Kind::Lora, Some(8), label)]).remove(0);
        for common in ["lora", "LoRA-r8", "lora_rank_8", "adapter_model", "finetuned-lora8", ""] {
            assert_eq!(told(common), "LoRA r = 8", "{common}");
        }
        for own in [
            "medqa_qlora_r8_best",
            "lora_r8_hot",
            "lora-r16",
            "adapter-2",
            "r8-seed3",
            "модель",
        ] {
            assert_eq!(told(own), own);
        }
    }

    #[test]
    fn dashes_tell_a_few_apart_and_hundreds_are_drawn_in_whole_lines() {
        let of = |n: usize| -> Vec<Model> {
            (0..n)
                .map(|i| model(Kind::Lora, Some(8), &format!("run {i}")))
                .collect()
        };
        let dashed = |n| series(&of(n)).iter().filter(|s| s.dashed).count();
        assert_eq!([dashed(TOLD_APART), dashed(TOLD_APART + 1)], [TOLD_APART - 1, 0]);
        assert_eq!(labels(&of(300))[299], "run 299");
    }

    #[test]
    fn checkpoints_of_a_run_share_a_colour_and_are_told_apart() {
        let at = |kind, rank, run: &str, step| Model {
            run: Some(RunStep { run: run.into(), step }),
            ..model(kind, rank, "checkpoint")
        };
        let (full, lora) = ((Kind::Full, None), (Kind::Lora, Some(8)));
        let models = [
            at(full.0, full.1, "ft", 500),
            at(lora.0, lora.1, "r8", 500),
            at(lora.0, lora.1, "r8", 1000),
            model(Kind::Lora, Some(64), "lora"),
        ];
        assert_eq!(
            labels(&models),
            [
                "Full, step 500",
                "LoRA r = 8, step 500",
                "LoRA r = 8, step 1,000",
                "LoRA r = 64"
            ]
        );
        let looks = |models: &[Model]| {
            series(models)
                .iter()
                .map(|s| (s.token.clone(), s.dashed, s.width))
                .collect::<Vec<_>>()
        };
        let look = |token: &str, dashed, width| (token.to_owned(), dashed, width);
        let wanted = [
            look("full", false, 2.5),
            look("lora-1", true, 1.0),
            look("lora-1", false, 1.75),
            look("lora-7", false, 1.75),
        ];
        assert_eq!(looks(&models), wanted);

        // Two runs of one rank, given out of order.
        let two = [
            at(lora.0, lora.1, "a", 1000),
            at(lora.0, lora.1, "b", 500),
            at(lora.0, lora.1, "a", 500),
            at(lora.0, lora.1, "b", 1000),
        ];
        assert_eq!(
            labels(&two),
            ["a, step 1,000", "b, step 500", "a, step 500", "b, step 1,000"]
        );
        let wanted = [
            look("lora-4", false, 1.75),
            look("lora-4", true, 1.0),
            look("lora-4", true, 1.0),
            look("lora-4", true, 1.75),
        ];
        assert_eq!(looks(&two), wanted);
        let same = [at(lora.0, lora.1, "", 500), at(lora.0, lora.1, "", 500)];
        assert_eq!(labels(&same), ["checkpoint", "checkpoint"]);
    }
}
