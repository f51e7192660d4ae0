//! The robustness of a count: over ε, by bounds, by rounding, by ties, and against chance. Only what applies is said, each with its number.

use super::facts::Facts;
use super::{counted, sentence, subject};
use crate::metrics::intruder::{counted as places, intruders};
use crate::metrics::random_match::{NullBand, null_band};
use crate::metrics::rounding::count as rounded_count;
use crate::metrics::tied::tied_vectors;
use crate::print::{count, fixed};
use crate::report::{Cosine, Mode};
use crate::summary::apply::within_error;
use std::collections::HashMap;

pub(super) fn how_sure(facts: &Facts) -> String {
    let lasting = [unpaired(facts), unproved(facts)];
    let said: Vec<String> = if facts.empty() {
        lasting.into_iter().flatten().collect()
    } else {
        let counts = [
            over_epsilon(facts),
            open(facts),
            ties(facts),
            chance(facts),
            saturated(facts),
            signs(facts),
            near(facts),
            rounded(facts),
            floor(facts),
        ];
        counts.into_iter().chain(lasting).flatten().collect()
    };
    if said.is_empty() {
        return if facts.empty() {
            "Nothing is known of it.".into()
        } else {
            "There is nothing to count.".into()
        };
    }
    said.join(" ")
}

/// "6 of the 10 stay at ε = 0.30, 31 count at 0.70: most do not hang on ε."
fn over_epsilon(facts: &Facts) -> Option<String> {
    let [own, low, high] = facts.seen.below;
    if facts.unchanged() {
        return Some("The bytes were compared: nothing is estimated.".into());
    }
    if facts.seen.possible == 0 {
        return None;
    }
    let above = |n: u32, at: f64| match n {
        0 => format!("none counts at ε = {at:.2} either"),
        1 => format!("1 counts at {at:.2}"),
        n => format!("{} count at {at:.2}", count(n.into())),
    };
    if own == 0 {
        let weakest = facts
            .weakest()
            .map(|(_, (_, high))| format!("the weakest match is {}", fixed(high.into(), 2)));
        let at = facts.around().1.map(|at| match high {
            0 => above(0, at),
            n => above(n, at).replace(" at ", " at ε = "),
        });
        let said: Vec<String> = weakest.into_iter().chain(at).collect();
        return (!said.is_empty()).then(|| sentence(&said.join(", ")));
    }
    let stay = facts.around().0.map(|at| match low {
        0 if own == 1 => format!("It does not stay at ε = {at:.2}"),
        0 => format!("None of the {} stays at ε = {at:.2}", count(own.into())),
        n => format!("{} at ε = {at:.2}", subject(n, own, ["stays", "stay"])),
    });
    let grow = facts.around().1.map(|at| above(high, at));
    let verdict = stay.is_some().then(|| match (own, facts.hangs_on_epsilon()) {
        (_, true) => ": the count hangs on ε".to_owned(),
        (1, false) => String::new(),
        // A looser threshold may count many more.
        _ if grow.is_some() && high >= 2 * own => format!(
            ": most stay at a stricter ε, and a looser one counts {:.1} times as many",
            f64::from(high) / f64::from(own)
        ),
        _ => ": most do not hang on ε".to_owned(),
    });
    let said: Vec<String> = stay.into_iter().chain(grow).collect();
    (!said.is_empty()).then(|| format!("{}{}.", said.join(", "), verdict.unwrap_or_default()))
}

/// Certified bounds that hold epsilon, or nothing computed.
fn open(facts: &Facts) -> Option<String> {
    let open = facts.seen.undecided;
    (open > 0).then(|| {
        format!(
            "{} undecided: the bounds of their best match hold ε = {:.2}, or it is not computed; exact mode settles it.",
            counted(open, "vector is", "vectors are"),
            facts.settings.epsilon
        )
    })
}

/// Ties: vectors that were turned among themselves, not new (src/metrics/tied.rs).
fn ties(facts: &Facts) -> Option<String> {
    let tied = facts
        .model
        .matrices
        .iter()
        .filter_map(|m| tied_vectors(m, facts.settings));
    let (n, cosine) = tied.fold((0, 1.0f64), |(n, least), (places, cosine)| {
        (n + places.len() as u32, least.min(cosine))
    });
    (n > 0).then(|| {
        format!(
            "{} among nearly tied pre-trained vectors (cosine with their span {} or more): turned, not new.",
            subject(n, facts.intruders(), ["lies", "lie"]),
            fixed(cosine, 2)
        )
    })
}

/// Matrices so small that the null band of a random direction reaches epsilon: there a count does not tell new from old.
fn chance(facts: &Facts) -> Option<String> {
    let mut bands: HashMap<(u32, u32), Option<NullBand>> = HashMap::new();
    let (mut held, mut widest) = (0, None::<(NullBand, u32)>);
    for (matrix, n) in facts.holders() {
        let band = *bands
            .entry((matrix.rows, matrix.cols))
            .or_insert_with(|| null_band(matrix, facts.settings.into()));
        let Some(band) = band.filter(|band| band.high >= facts.settings.epsilon) else {
            continue;
        };
        held += n;
        if widest.is_none_or(|(known, _)| band.high > known.high) {
            widest = Some((band, matrix.rows.min(matrix.cols)));
        }
    }
    let (band, n) = widest?;
    Some(format!(
        "{} in matrices so small that a random direction reaches ε too (best match {} to {} among {}): so many are what chance gives.",
        subject(held, facts.intruders(), ["lies", "lie"]),
        fixed(band.low, 2),
        fixed(band.high, 2),
        counted(n, "vector", "vectors")
    ))
}

/// Saturation: where nearly every vector looked at counts, the number cannot grow.
fn saturated(facts: &Facts) -> Option<String> {
    facts
        .saturated()
        .then(|| "Nearly all vectors looked at count, so the number cannot grow with the change.".into())
}

fn signs(facts: &Facts) -> Option<String> {
    (facts.settings.cosine == Cosine::Signed && !facts.unchanged())
        .then(|| "The cosine keeps its sign, which a singular vector does not have: this rule counts at random.".into())
}

/// Exact scores within their own rounding error of epsilon.
fn near(facts: &Facts) -> Option<String> {
    let near = |m| within_error(m, facts.settings).count() as u32;
    let n: u32 = facts.model.matrices.iter().map(near).sum();
    (n > 0).then(|| {
        format!(
            "{} within rounding error of ε.",
            counted(n, "best match lies", "best matches lie")
        )
    })
}

/// "13 intruders, between 11 and 14 under bf16 rounding of W.", over the matrices of which that is known.
fn rounded(facts: &Facts) -> Option<String> {
    let all = facts.model.matrices.iter();
    let known: Vec<(u32, (u32, u32))> = all
        .filter_map(|m| Some((intruders(m, facts.settings)?, rounded_count(m, facts.settings)?)))
        .collect();
    let (own, least, most) = known.iter().fold((0, 0, 0), |(own, least, most), (n, (low, high))| {
        (own + n, least + low, most + high)
    });
    if known.is_empty() || (least, most) == (own, own) && own == 0 {
        return None;
    }
    let of = match known.len() as u32 {
        n if own == facts.intruders() || n == facts.seen.matrices => String::new(),
        n => format!(" in {}", counted(n, "matrix", "matrices")),
    };
    let words = counted(own, "intruder", "intruders");
    Some(match (least, most) {
        (a, b) if a == b => format!("{words}{of} whatever rounding W to bf16 does."),
        (a, b) => format!(
            "{words}{of}, between {} and {} under bf16 rounding of W.",
            count(a.into()),
            count(b.into())
        ),
    })
}

/// Changes that sink into the rounding of the stored weights, and intruders that are no stronger than it.
fn floor(facts: &Facts) -> Option<String> {
    let (mut sunk, mut weak) = (0, 0);
    for matrix in &facts.model.matrices {
        let Some(floor) = matrix.delta.as_ref().and_then(|delta| delta.floor.as_ref()) else {
            continue;
        };
        sunk += 1;
        let is_noise = |j: &usize| matrix.sigma_tuned.get(*j).is_some_and(|s| *s <= floor.sigma);
        weak += places(matrix, facts.settings)
            .unwrap_or_default()
            .iter()
            .filter(|j| is_noise(j))
            .count() as u32;
    }
    if sunk == 0 {
        return None;
    }
    let noise = match weak {
        0 => String::new(),
        n => format!(
            ", and {} no stronger than it",
            subject(n, facts.intruders(), ["is", "are"]).to_lowercase()
        ),
    };
    Some(format!(
        "In {} ΔW sinks into the rounding of the stored weights{noise}: its small directions and its rank are noise.",
        counted(sunk, "matrix", "matrices")
    ))
}

/// Modules of the fine-tune that are in no number.
fn unpaired(facts: &Facts) -> Option<String> {
    let matching = &facts.model.matching;
    let left = matching.total.saturating_sub(matching.matched);
    (left > 0).then(|| {
        let [pair, is] = if left == 1 { ["pairs", "is"] } else { ["pair", "are"] };
        format!(
            "{} of its {} {pair} with no matrix of the base and {is} in no number.",
            count(left.into()),
            counted(matching.total, "module", "modules")
        )
    })
}

/// Bounds of a program that did not prove them.
fn unproved(facts: &Facts) -> Option<String> {
    if facts.report.generator.proves_bounds() {
        return None;
    }
    let certified = facts
        .model
        .matrices
        .iter()
        .filter(|m| m.mode == Some(Mode::Certified))
        .count() as u32;
    (certified > 0).then(|| {
        format!(
            "{} certified by an earlier version whose bounds could be wrong: compute them again.",
            counted(certified, "matrix was", "matrices were")
        )
    })
}
