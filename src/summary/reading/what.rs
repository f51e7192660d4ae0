//! The findings of a reading: how many intruders, where they are, how large the change is, and what is not in these numbers.

use super::facts::Facts;
use super::{counted, sentence};
use crate::metrics::intruder_energy::INTRUDER_ENERGY;
use crate::print::{count, ratio};
use crate::series::place;
use crate::summary::places::{Held, by_type, of_layers, of_types};

/// The first sentence of them.
pub(super) fn gist(facts: &Facts) -> String {
    if facts.empty() {
        return "No matrix of this model is computed.".to_owned();
    }
    if facts.unchanged() {
        return match facts.seen.matrices {
            1 => "The one matrix that was compared is equal to the base, bit for bit.".into(),
            n => format!("All {} matrices are equal to the base, bit for bit.", count(n.into())),
        };
    }
    energy(facts).unwrap_or_else(|| found(facts))
}

pub(super) fn what(facts: &Facts) -> String {
    let seen = &facts.seen;
    let mut said = vec![gist(facts)];
    if !facts.empty() && !facts.unchanged() {
        if energy(facts).is_some() {
            said.push(found(facts));
        }
        said.extend(held(facts));
        said.extend(size(facts));
    }
    if !facts.unchanged() && seen.unchanged > 0 {
        said.push(format!(
            "{} as in the base.",
            counted(seen.unchanged, "matrix is", "matrices are")
        ));
    }
    if seen.failed > 0 {
        said.push(format!(
            "{} could not be computed.",
            counted(seen.failed, "matrix", "matrices")
        ));
    }
    if let Some((done, planned)) = facts.partial() {
        said.push(format!(
            "The run stands at {} of {} matrices.",
            count(done.into()),
            count(planned.into())
        ));
    }
    said.join(" ")
}

/// "Intruders hold 43 % of ‖W‖² on average.": first where nearly every vector counts, since the count cannot grow there.
fn energy(facts: &Facts) -> Option<String> {
    let share = facts.energy().filter(|_| facts.saturated())?;
    let mean = if facts.seen.with_any > 1 { ", on average" } else { "" };
    Some(format!(
        "Intruders hold {} of ‖W‖²{mean}.",
        INTRUDER_ENERGY.print(Some(share).into())
    ))
}

/// "10 intruders among the 240 strongest vectors of 24 matrices, in 9 of them."
fn found(facts: &Facts) -> String {
    let seen = &facts.seen;
    if seen.possible == 0 {
        return format!(
            "No vector of its {} is looked at.",
            counted(seen.matrices, "matrix", "matrices")
        );
    }
    let many = match (facts.intruders(), seen.undecided) {
        (0, 0) => "No intruder".to_owned(),
        (0, _) => "No certain intruder".to_owned(),
        (n, _) => counted(n, "intruder", "intruders"),
    };
    let mut said = format!(
        "{many} among the {} of {}",
        counted(seen.possible, "strongest vector", "strongest vectors"),
        counted(seen.matrices, "matrix", "matrices")
    );
    if facts.intruders() > 1 && seen.matrices > 1 {
        said.push_str(&match seen.with_any {
            1 => ", all in one of them".to_owned(),
            n if n == seen.matrices => ", some in each".to_owned(),
            n => format!(", in {} of them", count(n.into())),
        });
    }
    if seen.undecided > 0 {
        said.push_str(&format!(", and {} undecided", count(seen.undecided.into())));
    }
    said + "."
}

/// "Attention-output matrices hold 6, layers 0 to 2 hold 8."
fn held(facts: &Facts) -> Option<String> {
    if facts.intruders() == 1 {
        return facts
            .holders()
            .next()
            .map(|(matrix, _)| format!("It is in {}.", place(matrix)));
    }
    if facts.seen.with_any <= 1 {
        return facts
            .holders()
            .next()
            .map(|(matrix, _)| format!("They are in {}.", place(matrix)));
    }
    let share = |held: u32| match held {
        n if n == facts.intruders() => format!("all {}", count(n.into())),
        n => count(n.into()),
    };
    let types = of_types(&by_type(facts.model, facts.settings))
        .map(|Held { names, held }| format!("{names} matrices hold {}", share(held)));
    let layers = of_layers(facts.model, facts.settings).map(|Held { names, held }| {
        let verb = if names.contains("layers") { "hold" } else { "holds" };
        format!("{names} {verb} {}", share(held))
    });
    let said: Vec<String> = types.into_iter().chain(layers).collect();
    (!said.is_empty()).then(|| sentence(&said.join(", ")))
}

/// "The largest singular value of ΔW is 0.73 of that of W₀ on average."
fn size(facts: &Facts) -> Option<String> {
    let size = facts.size?;
    let changed = facts.seen.matrices - facts.seen.unchanged;
    let mean = if changed > 1 { ", on average" } else { "" };
    Some(format!(
        "The largest singular value of ΔW is {} of that of W₀{mean}.",
        ratio(size)
    ))
}
