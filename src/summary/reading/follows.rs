//! The consequence of a count: one conditional sentence with its source, and where the size of the change explains more, that. Whether
//! intruders cause forgetting is disputed, so both sides are named.

use super::Action;
use super::facts::{Facts, Other};
use crate::print::{count, fixed, ratio, rounded_down};
use crate::report::{Cosine, Kind, Side};
use crate::summary::findings::{first_of, said_of};

/// The sentence for a model with intruders.
const SOURCES: &str = "If the paper’s later version holds here (arXiv:2410.21228v2), forgetting sits in these directions and scaling them down \
                       gives some of it back; an unpublished replication on Llama-2-7B (August 2026) finds no gain at equal norm.";

/// The sentence for a model without.
const NONE: &str = "None does not mean that nothing was forgotten: if an unpublished replication on Llama-2-7B (August 2026) holds here, the \
                    size of ΔW alone predicts what is kept.";

pub(super) fn what_follows(facts: &Facts) -> String {
    if facts.empty() {
        return "Nothing follows before a matrix is computed.".into();
    }
    if facts.unchanged() {
        return "If this model behaves otherwise than the base, that comes from weights that are not among these."
            .into();
    }
    if facts.seen.possible == 0 {
        return "Nothing follows while no vector is looked at: raise k.".into();
    }
    let mut said = match (facts.intruders(), facts.seen.undecided) {
        (0, 0) => NONE.to_owned(),
        (0, _) => "Nothing follows before the undecided vectors are settled.".to_owned(),
        _ => SOURCES.to_owned(),
    };
    if let Some(words) = threshold(facts) {
        said.push(' ');
        said.push_str(&words);
    }
    if let Some(other) = facts.other() {
        said.push(' ');
        said.push_str(&unequal(&other));
    }
    said
}

/// "ΔW reaches the threshold in 13 of 36 matrices, ΔW × 0.42 in none (a yardstick).": what another strength would do, and what no strength
/// tells. The words are few because a card has room for few.
fn threshold(facts: &Facts) -> Option<String> {
    let sides = facts.sides();
    let (below, above) = (sides.below.all, sides.above.all);
    let all = below + above;
    let margin = facts.margin().filter(|_| all > 0)?;
    let of = |n: u32| match (n, all) {
        (_, 1) => "the one matrix".to_owned(),
        (n, all) if n == all => format!("all {} matrices", count(all.into())),
        (n, all) => format!("{} of {} matrices", count(n.into()), count(all.into())),
    };
    let reach = match above {
        0 => format!(
            "ΔW is below the threshold in {}, up to ΔW × {}",
            of(below),
            rounded_down(1.0 / margin)
        ),
        _ => format!(
            "ΔW reaches the threshold in {}, ΔW × {} in none",
            of(above),
            rounded_down(1.0 / margin)
        ),
    };
    Some(format!("{reach} (a yardstick). Weights do not say what was forgotten."))
}

/// "It changed its matrices 11 times as much as LoRA r = 64: the two counts are not those of equal changes."
fn unequal(Other { label, times }: &Other) -> String {
    let many = |x: f64| match x {
        x if x >= 1e4 => ratio(x),
        x => fixed(x, if x < 9.95 { 1 } else { 0 }),
    };
    let words = if *times >= 1.0 {
        format!(
            "It changed its matrices {} times as much as {}",
            many(*times),
            said_of(label)
        )
    } else {
        format!(
            "{} changed its matrices {} times as much",
            first_of(label),
            many(1.0 / times)
        )
    };
    format!("{words}: the two counts are not those of equal changes.")
}

/// PEFT's own function, for adapters that it takes and counts by its rule.
pub(super) fn action(facts: &Facts) -> Option<Action> {
    let rule = facts.settings;
    let counts_alike = rule.side == Side::Left && rule.cosine == Cosine::Absolute;
    if facts.model.kind != Kind::Lora || facts.intruders() == 0 || !counts_alike {
        return None;
    }
    // As short as it is exact: 0.5, 0.35.
    let epsilon = format!("{:.4}", rule.epsilon);
    let epsilon = epsilon.trim_end_matches('0').trim_end_matches('.');
    let cut = match facts.model.rank {
        Some(r) => format!("rank {r}"),
        None => "its rank".into(),
    };
    Some(Action {
        code: format!(
            "from peft.tuners.lora.intruders import reduce_intruder_dimension\n\
             reduce_intruder_dimension(peft_model, top_k={}, threshold_epsilon={epsilon}, mitigation_lambda=0.75)",
            rule.k
        ),
        note: format!(
            "PEFT 0.19 or newer, 0.20 for 16-bit weights. λ = 1 changes nothing, less takes more of them away, at a cost of task accuracy; \
             the result is cut back to {cut}. Measure both before and after."
        ),
    })
}
