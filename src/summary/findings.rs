//! The sentences beside the figures: what is seen, with its numbers, and nothing more.

use super::margins::Sides;
use super::places::{Held, by_type, of_types};
use super::tables::{ModelSummary, models};
use crate::metrics::change_ratio::{self, CHANGE_RATIO};
use crate::metrics::intruder::{Intervals, intruders};
use crate::print::{count, fixed};
use crate::report::{Kind, Model, Report, Settings, Status};
use crate::series::{labels, type_label};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sentences by the id of the figure they stand beside, that of the table of matrices by `matrices`; none where there is nothing to say.
pub type Findings = BTreeMap<String, String>;

/// The summary of the whole run: both parts are asked for with every move of a slider, and the sentences come from the rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// One per model.
    pub models: Vec<ModelSummary>,
    #[cfg_attr(target_arch = "wasm32", tsify(type = "Record<string, string | undefined>"))]
    pub findings: Findings,
}

/// The summary under the given settings.
pub fn summary(report: &Report, settings: &Settings) -> Summary {
    let models = models(report, settings);
    let done: Vec<&ModelSummary> = models.iter().filter(|s| s.done > 0).collect();
    let findings = [
        ("epsilon-curve", counts(&done, settings)),
        ("size-of-change", sizes(report, settings)),
        ("threshold", threshold(report, settings)),
        ("overview", where_they_are(report, settings)),
        ("effective-rank", ranks(report, &done)),
        ("k-curve", beyond(report, settings)),
        ("matrices", most(report, settings)),
    ]
    .into_iter()
    .filter(|(_, said)| !said.is_empty())
    .map(|(id, said)| (id.to_owned(), said))
    .collect();
    Summary { models, findings }
}

/// "At ε = 0.50 LoRA r = 8 has 59 intruders and full fine-tuning, which changed its matrices 15 times less, has none."
fn counts(done: &[&ModelSummary], settings: &Settings) -> String {
    let mut sorted = done.to_vec();
    // Among equals full fine-tuning comes last: it is what the others are held against.
    sorted.sort_by_key(|s| (std::cmp::Reverse(s.intruders), s.kind == Kind::Full));
    let name = |s: &ModelSummary| said_of(&s.label);
    let so_many = |n: u32| match n {
        1 => "1 intruder".to_owned(),
        n => format!("{} intruders", count(n.into())),
    };
    let epsilon = settings.epsilon;
    match sorted[..] {
        [] => String::new(),
        [first, ..] if first.intruders == 0 => {
            format!(
                "At ε = {epsilon:.2} no model has an intruder among its {} strongest vectors a matrix.",
                settings.k
            )
        }
        [only] => format!("At ε = {epsilon:.2} {} has {}.", name(only), so_many(only.intruders)),
        [first, last] if first.intruders == last.intruders => format!(
            "At ε = {epsilon:.2} {} and {} have {} each.",
            name(first),
            name(last),
            so_many(first.intruders)
        ),
        [first, .., last] if first.intruders == last.intruders => format!(
            "At ε = {epsilon:.2} each of the {} models has {}.",
            count(sorted.len() as u64),
            so_many(first.intruders)
        ),
        [first, .., last] => format!(
            "At ε = {epsilon:.2} {} has {} and {}{} has {}.",
            name(first),
            so_many(first.intruders),
            name(last),
            beside(first, last),
            match last.intruders {
                0 => "none".to_owned(),
                n => count(n.into()),
            }
        ),
    }
}

/// A model's name within a sentence.
pub(super) fn said_of(label: &str) -> String {
    if label == "Full" { "full fine-tuning" } else { label }.to_owned()
}

/// The same at its beginning: names keep their letters.
pub(super) fn first_of(label: &str) -> String {
    if label == "Full" { "Full fine-tuning" } else { label }.to_owned()
}

/// ", which changed its matrices 15 times less,": where the changes are not alike their counts are not those of equal changes.
fn beside(first: &ModelSummary, last: &ModelSummary) -> String {
    let sizes = first.mean_change_ratio.zip(last.mean_change_ratio);
    let times = |large: f64, small: f64| {
        let alike = small <= 0.0 || large < NOT_ALIKE * small;
        (!alike).then(|| fixed(large / small, if large < 9.95 * small { 1 } else { 0 }))
    };
    let said = sizes.and_then(|(a, b)| {
        let less = times(a, b).map(|n| format!("{n} times less"));
        less.or_else(|| times(b, a).map(|n| format!("{n} times as much")))
    });
    said.map_or(String::new(), |size| format!(", which changed its matrices {size},"))
}

/// "Matrices with an intruder were changed by 1.03 of their base’s largest singular value, those without by 0.06 (medians). LoRA r = 8 changed
/// its matrices 10 times as much as LoRA r = 64: their counts are not those of equal changes."
fn sizes(report: &Report, settings: &Settings) -> String {
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for matrix in report.models.iter().flat_map(|m| &m.matrices) {
        let Some(size) = CHANGE_RATIO.read(matrix, settings).value().filter(|s| *s > 0.0) else {
            continue;
        };
        match intruders(matrix, settings) {
            Some(0) => old.push(size),
            Some(_) => new.push(size),
            None => {}
        }
    }
    let mut sentences = Vec::new();
    let print = |size: f64| CHANGE_RATIO.print(Some(size).into());
    if let Some((new, old)) = median(new).zip(median(old)) {
        sentences.push(format!(
            "Matrices with an intruder were changed by {} of their base’s largest singular value, those without by {} (medians).",
            print(new),
            print(old)
        ));
    }
    let means: Vec<(f64, String)> = report
        .models
        .iter()
        .zip(labels(&report.models))
        .filter_map(|(model, label)| Some((change_ratio::mean(&model.matrices)?, label)))
        .collect();
    let by_size = |a: &&(f64, String), b: &&(f64, String)| a.0.total_cmp(&b.0);
    if let Some(((least, small), (most, large))) = means.iter().min_by(by_size).zip(means.iter().max_by(by_size))
        && *least > 0.0
        && *most >= NOT_ALIKE * least
    {
        sentences.push(format!(
            "{} changed its matrices {} times as much as {}: their counts are not those of equal changes.",
            first_of(large),
            fixed(most / least, if *most < 9.95 * least { 1 } else { 0 }),
            said_of(small)
        ));
    }
    sentences.join(" ")
}

/// "Below the threshold in 115 of 180 matrices, none of them has an intruder. Of the 65 above it 27 have one.": the prediction from the
/// spectrum of W0 and the strength of the change, beside the truth.
fn threshold(report: &Report, settings: &Settings) -> String {
    let all = report.models.iter().flat_map(|m| &m.matrices);
    let sides = Sides::of(all, settings);
    let Sides { below, above } = &sides;
    let total = below.all + above.all;
    if total == 0 {
        return String::new();
    }
    let one_or = |n: u32, one: &str, many: &str| if n == 1 { one.to_owned() } else { many.to_owned() };
    let mut said = Vec::new();
    if below.all > 0 {
        let truth = match (below.new, below.open) {
            (0, 0) => "none of them has an intruder".to_owned(),
            (0, n) => format!("none of them is known to have an intruder, {} open", count(n.into())),
            (n, _) => format!(
                "{} of them {} an intruder all the same",
                count(n.into()),
                one_or(n, "has", "have")
            ),
        };
        said.push(format!(
            "Below the threshold in {} of {} matrices, {truth}.",
            count(below.all.into()),
            count(total.into())
        ));
    }
    if above.all > 0 {
        said.push(format!(
            "Of the {} above it {} {} one.",
            count(above.all.into()),
            if above.new == 0 {
                "none".to_owned()
            } else {
                count(above.new.into())
            },
            one_or(above.new.max(1), "has", "have")
        ));
    }
    said.join(" ")
}

/// Two models of which one changed the weights so much more than the other are not compared at equal change.
pub(super) const NOT_ALIKE: f64 = 2.0;

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len().is_multiple_of(2) {
        0.5 * (values[middle - 1] + upper)
    } else {
        upper
    })
}

/// "Full fine-tuning spreads over 181 to 323 directions. LoRA r = 64 uses 41 on average."
fn ranks(report: &Report, done: &[&ModelSummary]) -> String {
    let mut sentences = Vec::new();
    if let Some(full) = report.models.iter().find(|m| m.kind == Kind::Full) {
        let values: Vec<f64> = full
            .matrices
            .iter()
            .filter_map(|m| m.delta.as_ref())
            .map(|d| d.effective_rank)
            .filter(|r| *r > 0.0)
            .collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        if high > 0.0 {
            let spread = match [low, high].map(|rank| count(rank.round() as u64)) {
                [low, high] if low != high => format!("{low} to {high} directions"),
                [_, one] if one == "1" => "1 direction".to_owned(),
                [_, same] => format!("{same} directions"),
            };
            sentences.push(format!("Full fine-tuning spreads over {spread}."));
        }
    }
    let widest = done.iter().filter(|s| s.kind == Kind::Lora).max_by_key(|s| s.rank);
    if let Some((s, mean)) = widest.and_then(|s| s.mean_effective_rank.map(|mean| (s, mean))) {
        let digits = if mean < 10.0 { 1 } else { 0 };
        let of = s
            .rank
            .map(|r| format!(" of its {r}"))
            .filter(|_| s.rank != Some(1))
            .unwrap_or_default();
        sentences.push(format!("{} uses {mean:.digits$}{of} on average.", s.label));
    }
    sentences.join(" ")
}

/// "In LoRA r = 8, value and attention-output matrices hold 31 of the 59.": the model with the most, and the one or two types that hold at
/// least half of them.
fn where_they_are(report: &Report, settings: &Settings) -> String {
    let total = |types: &[(u32, &str)]| types.iter().map(|t| t.0).sum::<u32>();
    let all = report.models.iter().map(|m| by_type(m, settings));
    // Of equals the first.
    let Some((types, label)) = all
        .zip(labels(&report.models))
        .rev()
        .max_by_key(|(types, _)| total(types))
    else {
        return String::new();
    };
    let Some(Held { names, held }) = of_types(&types) else {
        return String::new();
    };
    let share = match total(&types) {
        total if held == total => format!("all {}", count(total.into())),
        total => format!("{} of the {}", count(held.into()), count(total.into())),
    };
    format!("In {}, {names} matrices hold {share}.", said_of(&label))
}

/// "Past the top 20, full fine-tuning has candidates too: 5,618 of 13,824 when every vector is counted." Only where every vector is known.
fn beyond(report: &Report, settings: &Settings) -> String {
    let windows = |model: &Model| {
        let (mut all, mut found, mut first) = (0, 0, usize::MAX);
        let is_below = |score: f32| f64::from(score) < settings.epsilon;
        for matrix in model.matrices.iter().filter(|m| m.status == Status::Analyzed) {
            let known = Intervals::of(matrix, settings.into())?;
            if known.len() < matrix.rows.min(matrix.cols) as usize {
                return None;
            }
            all += known.len() as u64;
            found += u64::from(known.below(u32::MAX, settings.epsilon));
            first = known.scores().take(first).position(is_below).unwrap_or(first);
        }
        (found > 0).then_some((all, found, first))
    };
    let known: Vec<(&Model, String, (u64, u64, usize))> = report
        .models
        .iter()
        .zip(labels(&report.models))
        .filter_map(|(m, label)| Some((m, label, windows(m)?)))
        .collect();
    // A model without intruders in the window says most about a deeper one; a full fine-tune first.
    let late = known.iter().filter(|(_, _, (.., first))| *first >= settings.k as usize);
    if let Some((_, label, (all, found, first))) = late.min_by_key(|(m, ..)| m.kind != Kind::Full) {
        return format!(
            "Past the top {}, {} has candidates too: {} of {} when every vector is counted.",
            count(*first as u64),
            said_of(label),
            count(*found),
            count(*all)
        );
    }
    match known.iter().max_by_key(|k| k.2.1) {
        Some((_, label, (all, found, _))) => format!(
            "When every vector is counted, {label} has {} of {}.",
            count(*found),
            count(*all)
        ),
        None => String::new(),
    }
}

/// "Layer 4, attention output holds the most: 5 in LoRA r = 8."
fn most(report: &Report, settings: &Settings) -> String {
    let cells: Vec<_> = report
        .models
        .iter()
        .enumerate()
        .flat_map(|(at, model)| model.matrices.iter().map(move |m| (at, m)))
        .filter_map(|(at, m)| Some((intruders(m, settings)?, m, at)))
        .collect();
    let highest = cells.iter().map(|c| c.0).max().unwrap_or(0);
    let mut holders = cells.iter().filter(|c| c.0 == highest);
    match (highest, holders.next(), holders.next()) {
        (0, ..) | (_, None, _) => String::new(),
        (most, Some((_, m, at)), None) => {
            let label = said_of(&labels(&report.models)[*at]);
            let layer = m.layer.map(|l| format!("Layer {l}, ")).unwrap_or_default();
            format!(
                "{layer}{} holds the most: {most} in {label}.",
                type_label(m.kind.as_deref())
            )
        }
        (most, Some(_), Some(_)) => format!("No matrix holds more than {most} in any model."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Match;
    use crate::summary::tests::{matrix, report};

    /// What is said of models with so many of 2,000 vectors below epsilon each.
    fn said(counts: &[(Kind, u32)]) -> String {
        let side = |n: u32| Match {
            max_cos: (0..2000).map(|j| if j < n { 0.1 } else { 0.9 }).collect(),
            argmax: vec![0; 2000],
            ..Match::default()
        };
        let of = |(kind, n): &(Kind, u32)| {
            let mut report = report(vec![matrix("w", 2000, side(*n), Match::default())]);
            let mut model = report.models.remove(0);
            model.kind = *kind;
            model.rank = (*kind != Kind::Full).then_some(*n);
            model
        };
        let mut whole = report(vec![]);
        whole.models = counts.iter().map(of).collect();
        let settings = Settings {
            k: 2000,
            ..Settings::default()
        };
        summary(&whole, &settings)
            .findings
            .remove("epsilon-curve")
            .unwrap_or_default()
    }

    #[test]
    fn counts_are_compared_in_whole_sentences() {
        let is = |counts: &[(Kind, u32)], sentence: &str| assert_eq!(said(counts), format!("At ε = 0.50 {sentence}"));
        is(
            &[(Kind::Full, 0), (Kind::Lora, 1460)],
            "LoRA r = 1460 has 1,460 intruders and full fine-tuning has none.",
        );
        is(
            &[(Kind::Full, 33), (Kind::Lora, 33)],
            "LoRA r = 33 and full fine-tuning have 33 intruders each.",
        );
        is(
            &[(Kind::Full, 1), (Kind::Lora, 1), (Kind::Dora, 1)],
            "each of the 3 models has 1 intruder.",
        );
        is(
            &[(Kind::Lora, 60), (Kind::Lora, 49)],
            "LoRA r = 60 has 60 intruders and LoRA r = 49 has 49.",
        );
        is(&[(Kind::Full, 2)], "full fine-tuning has 2 intruders.");
    }

    #[test]
    fn counts_of_unlike_changes_say_so() {
        let of = |intruders, mean_change_ratio| ModelSummary {
            intruders,
            mean_change_ratio,
            ..models(
                &report(vec![matrix("w", 4, Match::default(), Match::default())]),
                &Settings::default(),
            )
            .remove(0)
        };
        let said = |a, b| beside(&of(10, a), &of(0, b));
        assert_eq!(
            said(Some(0.73), Some(0.048)),
            ", which changed its matrices 15 times less,"
        );
        assert_eq!(
            said(Some(0.1), Some(0.25)),
            ", which changed its matrices 2.5 times as much,"
        );
        for (a, b) in [(Some(0.3), Some(0.2)), (Some(0.3), None), (Some(0.0), Some(0.0))] {
            assert_eq!(said(a, b), "");
        }
    }
}
