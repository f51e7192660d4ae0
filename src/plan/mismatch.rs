//! What there is to say of a pairing that failed, wholly or in part: the layouts of both sides, shapes that differ, and the way out of the
//! library that wrote them.

use super::base::{Base, HIDDEN};
use super::layouts;
use super::matching::{Named, Shapes, pair};
use super::problems::{count, warning};
use super::{Problem, Severity};
use crate::checkpoint::ModelConfig;
use crate::report::Matching;
use std::collections::HashSet;

/// A fine-tune as messages name it.
pub struct Side<'a> {
    pub label: &'a str,
    pub file: &'a str,
    /// "LoRA", or "model" for a full fine-tune.
    pub what: &'a str,
    /// Its own config.json.
    pub config: Option<&'a ModelConfig>,
}

/// What there is to say of a pairing: nothing paired, or less than half (silence here is the bug everybody else has, vLLM #34186), or
/// some of the names are there in another shape, or a few are not there at all.
pub fn problem(
    model: &Side,
    matching: &Matching,
    is_paired: &dyn Fn(usize) -> bool,
    named: &[Named],
    base: &Base,
    shapes: Shapes,
) -> Option<Problem> {
    if matching.total == 0 && (0..named.len()).any(is_paired) {
        // All that pairs is of types that are switched off: said for the whole plan.
        return None;
    }
    let few = matching.matched.saturating_mul(2) < matching.total || matching.matched == 0;
    let none = matching.matched == 0;
    let blocks = || match none {
        true => "Blocks 1 model".into(),
        false => format!("Leaves out {}", count(matching.unmatched.len(), "matrix", "matrices")),
    };
    let said = |code: &str, title: String, tensor: Option<String>, cause: String, fix: String| Problem {
        code: code.into(),
        title,
        file: Some(model.file.into()),
        tensor,
        cause,
        fix: Some(fix),
        command: None,
        blocks: blocks(),
        // Under half is no coverage to build on, though what fits is still computed.
        severity: if few { Severity::Error } else { Severity::Warning },
    };
    if few && let Some((title, cause, fix)) = layouts_differ(model, matching, base) {
        return Some(said(
            "layouts-differ",
            title,
            matching.unmatched.first().cloned(),
            cause,
            fix,
        ));
    }
    let differing = differing(is_paired, named, base, shapes);
    let unmatched: HashSet<&str> = matching.unmatched.iter().map(String::as_str).collect();
    let counted: Vec<&Differing> = differing
        .iter()
        .filter(|d| named.get(d.tuned).is_some_and(|n| unmatched.contains(n.name.as_str())))
        .collect();
    if let Some(first) = counted.first() {
        let words: Vec<String> = counted.iter().take(4).map(|d| d.words.clone()).collect();
        let more = if counted.len() > words.len() {
            format!(" And {} more.", counted.len().saturating_sub(words.len()))
        } else {
            String::new()
        };
        let title = match few {
            true => "This fine-tune was made for another base".to_owned(),
            false => format!("{} in another shape", count(counted.len(), "matrix is", "matrices are")),
        };
        let cause = format!(
            "{}{more} {} of its {} matrices fit.",
            words.join(" "),
            matching.matched,
            matching.total
        );
        let fix = match few {
            true => "Drop the base it was trained from.",
            false => "They are left out. Check that this is the base it was trained from.",
        };
        return Some(said(
            "shape-mismatch",
            title,
            named.get(first.tuned).map(|n| n.name.clone()),
            cause,
            fix.into(),
        ));
    }
    if few {
        let title = if none {
            "None of its tensors is in the base"
        } else {
            "Few of its tensors are in the base"
        };
        let own = match matching.unmatched.is_empty() {
            true => some(named.iter().map(|n| &n.name)),
            false => some(matching.unmatched.iter()),
        };
        let cause = format!(
            "{} of {} matrices of “{}” pair with the base. It has names such as {own}; the base has {}.",
            matching.matched,
            matching.total,
            model.label,
            some(shown(base))
        );
        // Said only where nothing better is known of either side.
        let (code, fix) = match none {
            true => (
                "no-match",
                "Drop the base that it was trained from. Check that both come from the same architecture.",
            ),
            false => (
                "few-matches",
                "Drop the base that it was trained from, or pair the others by hand below. Check that both come from the same architecture.",
            ),
        };
        return Some(said(
            code,
            title.into(),
            matching.unmatched.first().cloned(),
            cause,
            fix.into(),
        ));
    }
    if matching.unmatched.is_empty() {
        return None;
    }
    let n = matching.unmatched.len();
    let cause = format!(
        "{} of {} matrices of “{}” pair with the base. Not there: {}.",
        matching.matched,
        matching.total,
        model.label,
        some(matching.unmatched.iter())
    );
    let title = format!("{} no counterpart in the base", count(n, "matrix has", "matrices have"));
    let fix = "Its numbers stand for the others. If the base should have it, drop the base that it was trained from, or pair it by hand below.";
    Some(said(
        "some-unmatched",
        title,
        matching.unmatched.first().cloned(),
        cause,
        fix.into(),
    ))
}

/// Title, cause and way out, where the layouts of both sides are known and differ.
fn layouts_differ(model: &Side, matching: &Matching, base: &Base) -> Option<(String, String, String)> {
    let own = layouts::of(matching.unmatched.iter().map(String::as_str))?;
    let other = layouts::of(shown(base).map(String::as_str))?;
    if own.name == other.name {
        return None;
    }
    let title = format!(
        "This {} is in {}, this base in {}",
        model.what,
        own.name,
        of_whom(other.name)
    );
    let cause = format!(
        "{} of {} matrices of “{}” pair with the base. It has names such as {}; the base has {}.",
        matching.matched,
        matching.total,
        model.label,
        some(matching.unmatched.iter()),
        some(shown(base))
    );
    Some((
        title,
        cause,
        format!("Drop {} as the base. {}", own.file, own.way).trim().to_owned(),
    ))
}

/// "diffusers’" for "diffusers’ layout", after a first one.
fn of_whom(name: &str) -> &str {
    name.strip_suffix(" layout").unwrap_or(name)
}

/// Modules that fit the base only when turned, though the base does not say that it is stored so.
pub fn turned(model: &Side, name: &str, n: usize) -> Problem {
    let cause = format!(
        "“{name}” fits only the transposed base ({}), and nothing in the base’s files says that it is stored as [in, out]. The change is turned; \
         if the base is stored so, left and right sides are exchanged.",
        count(n, "matrix", "matrices")
    );
    let fix = "Drop the base’s config.json beside its weights: its model_type tells how they are stored.";
    Problem {
        tensor: Some(name.to_owned()),
        ..warning(
            "orientation-doubt",
            "Inputs and outputs may be exchanged".into(),
            model.file,
            cause,
            fix,
        )
    }
}

/// Names that fit two towers of the base equally well.
pub fn two_towers(model: &Side, [taken, other]: &[String; 2]) -> Problem {
    let cause = format!(
        "Its names fit the base under “{taken}” and under “{other}”, in the same shapes, and say nothing of either. It is merged onto “{taken}”."
    );
    warning(
        "two-towers",
        "It may be of the other half of the model".into(),
        model.file,
        cause,
        "If it was trained on the other half, pair its matrices by hand below.",
    )
}

/// What a model looks like, by the first and the last of its names.
fn some<'a>(mut names: impl DoubleEndedIterator<Item = &'a String>) -> String {
    match (names.next(), names.next_back()) {
        (Some(first), Some(last)) if first != last => format!("“{first}” and “{last}”"),
        (Some(one), _) => format!("“{one}”"),
        _ => "none".into(),
    }
}

/// The base's names, without those that another model of the pipeline has.
fn shown(base: &Base) -> impl DoubleEndedIterator<Item = &String> {
    base.named.iter().map(|n| &n.name).filter(|n| !n.starts_with(HIDDEN))
}

/// A name that is on both sides, in shapes that do not fit.
pub struct Differing {
    pub tuned: usize,
    /// With both shapes.
    pub words: String,
}

pub fn differing(is_paired: &dyn Fn(usize) -> bool, named: &[Named], base: &Base, shapes: Shapes) -> Vec<Differing> {
    if (0..named.len()).all(is_paired) {
        return Vec::new();
    }
    let side = |n: u64| if n == 0 { "any".to_owned() } else { n.to_string() };
    let of = |[rows, cols]: [u64; 2]| format!("{} × {}", side(rows), side(cols));
    let loose = pair(&base.named, named, Shapes::Any);
    let found = loose.pairs.iter().filter(|(t, _)| !is_paired(**t));
    found
        .filter_map(|(t, b)| Some((*t, named.get(*t)?, base.named.get(*b)?)))
        .filter(|(_, own, theirs)| !shapes.fit(own.shape, theirs.shape))
        .map(|(tuned, own, theirs)| Differing {
            tuned,
            words: format!(
                "“{}” is {}; the base’s is {}.",
                own.name,
                of(own.shape),
                of(theirs.shape)
            ),
        })
        .collect()
}
