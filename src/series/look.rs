//! The look of models' lines: colour, stroke, width and shade.

use crate::report::{Kind, Model};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The look of one model's marks in every figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// `full` or `lora-1` ... `lora-7`.
    pub token: String,
    /// Of models of one colour each has another stroke, while there are few.
    pub dash: Dash,
    /// Line width in CSS pixels. The full fine-tune is heavier: grey print cannot tell it by tone.
    pub width: f64,
    /// The share of the colour on the paper, in (0, 1]: earlier checkpoints of a run are paler.
    pub shade: f64,
}

impl Series {
    /// Paler than any checkpoint: another line is pointed at.
    pub fn stands_back(&self) -> bool {
        self.shade < PALEST
    }

    /// The look of a model that is not there.
    pub fn none() -> Series {
        Series {
            token: "base".into(),
            dash: Dash::Solid,
            width: 1.75,
            shade: 1.0,
        }
    }
}

/// The stroke of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Dash {
    #[default]
    Solid,
    Dashed,
    Dotted,
    DashDot,
}

impl Dash {
    const ALL: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

    /// Dashed or not.
    pub fn when(dashed: bool) -> Dash {
        if dashed { Dash::Dashed } else { Dash::Solid }
    }
}

/// The colours of the scale of ranks.
const STEPS: usize = 7;
/// Of more lines of one colour than this, strokes tell none apart; and every dash is a stroke of its own.
const TOLD_APART: usize = 16;
/// The shade of a run's first checkpoint.
const PALEST: f64 = 0.4;

/// One series per model, in the models' order. Full fine-tunes share a colour; the others spread evenly over the scale, by rank and then as they
/// come, so that equal ranks differ while there are steps for them. The checkpoints of a run share its look: earlier ones are thinner, and paler
/// by the order of their steps.
pub fn series(models: &[Model]) -> Vec<Series> {
    let lines = lines(models);
    let tokens = tokens(models, &lines);
    // How many lines have a colour, and which of them each is.
    let mut taken: HashMap<&str, usize> = HashMap::new();
    let strokes: Vec<usize> = tokens
        .iter()
        .map(|token| {
            let alike = taken.entry(token).or_insert(0);
            *alike += 1;
            *alike - 1
        })
        .collect();
    let ages = ages(models);
    models
        .iter()
        .zip(&lines)
        .zip(ages)
        .map(|((m, line), age)| {
            let token = &tokens[*line];
            let dash = if taken[token.as_str()] <= TOLD_APART {
                Dash::ALL[strokes[*line] % Dash::ALL.len()]
            } else {
                Dash::Solid
            };
            let width = if m.kind == Kind::Full { 2.5 } else { 1.75 };
            Series {
                token: token.clone(),
                dash,
                width: if age < 1.0 { width - 0.75 } else { width },
                shade: PALEST + (1.0 - PALEST) * age,
            }
        })
        .collect()
}

/// The line that each model belongs to, by its place among them: its own, or that of its run.
fn lines(models: &[Model]) -> Vec<usize> {
    let mut runs: HashMap<&str, usize> = HashMap::new();
    let mut next = 0;
    let mut new = || {
        next += 1;
        next - 1
    };
    models
        .iter()
        .map(|m| match &m.run {
            Some(run) => *runs.entry(&run.run).or_insert_with(&mut new),
            None => new(),
        })
        .collect()
}

/// The colour of each line.
fn tokens(models: &[Model], lines: &[usize]) -> Vec<String> {
    let count = lines.iter().max().map_or(0, |last| last + 1);
    let mut first: Vec<Option<&Model>> = vec![None; count];
    for (m, line) in models.iter().zip(lines) {
        first[*line].get_or_insert(m);
    }
    let mut ranked: Vec<(u32, usize)> = (0..count)
        .filter_map(|n| Some((n, first[n].filter(|m| m.kind != Kind::Full)?)))
        .map(|(n, m)| (m.rank.unwrap_or(0), n))
        .collect();
    ranked.sort_unstable();
    let mut tokens = vec!["full".to_owned(); count];
    for (place, (_, line)) in ranked.iter().enumerate() {
        tokens[*line] = format!("lora-{}", step(place, ranked.len()));
    }
    tokens
}

/// 1 ... 7: the step of one of so many. A lone one takes the middle.
fn step(place: usize, of: usize) -> usize {
    match of {
        0 | 1 => STEPS.div_ceil(2),
        n => 1 + (place as f64 * (STEPS - 1) as f64 / (n - 1) as f64).round() as usize,
    }
}

/// The age of each model: of a run's checkpoints from 0 for the first to 1 for the last; 1 for all that stand for themselves.
fn ages(models: &[Model]) -> Vec<f64> {
    let mut runs: HashMap<&str, Vec<u64>> = HashMap::new();
    for run in models.iter().filter_map(|m| m.run.as_ref()) {
        runs.entry(&run.run).or_default().push(run.step);
    }
    for steps in runs.values_mut() {
        steps.sort_unstable();
        steps.dedup();
    }
    let age = |m: &Model| {
        let run = m.run.as_ref()?;
        let steps = &runs[run.run.as_str()];
        let place = steps.binary_search(&run.step).ok()?;
        Some(place as f64 / (steps.len() - 1).max(1) as f64).filter(|_| steps.len() > 1)
    };
    models.iter().map(|m| age(m).unwrap_or(1.0)).collect()
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
