//! Diagnosis of a pairing that failed, wholly or in part: the layouts of both sides, shapes that differ, and the way out of the library that
//! wrote them.

use super::matching::{Named, Shapes, pair};
use crate::checkpoint::ModelConfig;
use crate::plan::base::{Base, HIDDEN};
use crate::plan::files::problems::{count, warning};
use crate::plan::names::layouts;
use crate::plan::names::renames::{neutral, neutral_joined};
use crate::plan::names::{place, stack};
use crate::plan::{Answers, Problem, Question, QuestionOption, Severity};
use crate::report::Matching;
use std::collections::{HashMap, HashSet};

/// A fine-tune as messages name it.
pub struct Side<'a> {
    pub label: &'a str,
    pub file: &'a str,
    /// "LoRA", or "model" for a full fine-tune.
    pub what: &'a str,
    /// Its own config.json.
    pub config: Option<&'a ModelConfig>,
    /// The base that its configuration names.
    pub named: Option<&'a str>,
    /// The label of a set that has that name, where it is here and is not the base.
    pub here: Option<&'a str>,
}

impl Side<'_> {
    /// The advice which base to drop: by its name, where the configuration has one.
    fn drop_its_base(&self) -> String {
        match (self.here, self.named) {
            (Some(label), _) => format!("Choose “{label}” as the base above: its configuration names it."),
            (None, Some(name)) => format!("Drop “{name}” as the base: its configuration names it."),
            (None, None) => "Drop the base that it was trained from.".to_owned(),
        }
    }
}

/// The problem of a pairing: nothing paired, or less than half (silence here is the bug everybody else has, vLLM #34186), or some of the
/// names are there in another shape, or a few are not there at all.
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
    // Heads and embeddings may be new, tied or resized: what stands for the blocks is not worse for them.
    let is_outside = |name: &String| place(name).layer.is_none();
    let outside = matching.matched > 0 && !matching.unmatched.is_empty() && matching.unmatched.iter().all(is_outside);
    let few = !outside && (matching.matched.saturating_mul(2) < matching.total || matching.matched == 0);
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
        // Less than half is not enough to build on, though what fits is still computed.
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
        let fix = match (few, outside) {
            (true, _) => model.drop_its_base(),
            (false, true) => {
                format!("{OUTSIDE} A vocabulary that grew, or an input that was widened, is no other base.")
            }
            (false, false) => match model.named {
                Some(name) => {
                    format!("They are left out. Its configuration names “{name}”: if that is another base, drop it.")
                }
                None => "They are left out. Check that this is the base it was trained from.".to_owned(),
            },
        };
        return Some(said(
            "shape-mismatch",
            title,
            named.get(first.tuned).map(|n| n.name.clone()),
            cause,
            fix,
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
        let code = if none { "no-match" } else { "few-matches" };
        let mut fix = model.drop_its_base();
        if !none {
            fix += " Or pair the others by hand below.";
        }
        // Said only where nothing better is known of either side.
        if model.named.is_none() {
            fix += " Check that both come from the same architecture.";
        }
        return Some(said(
            code,
            title.into(),
            matching.unmatched.first().cloned(),
            cause,
            fix,
        ));
    }
    if matching.unmatched.is_empty() {
        return None;
    }
    // The pairing of a whole model's blocks was asked for already.
    if let Some([own, other]) = deeper(matching, named, base).filter(|_| model.what != "model") {
        let cause = format!(
            "It has blocks up to number {own}, the base up to {other}. Where blocks were put in between, every later one has another number, and \
             its change is added to the wrong block."
        );
        return Some(said(
            "depth-differs",
            format!("This {} was trained on a deeper network than this base", model.what),
            matching.unmatched.first().cloned(),
            cause,
            model.drop_its_base(),
        ));
    }
    let n = matching.unmatched.len();
    let cause = format!(
        "{} of {} matrices of “{}” pair with the base. Not there: {}.",
        matching.matched,
        matching.total,
        model.label,
        some(matching.unmatched.iter())
    );
    if outside {
        let title = format!(
            "{} outside the blocks {} no counterpart",
            count(n, "matrix", "matrices"),
            if n == 1 { "has" } else { "have" }
        );
        let fix = format!(
            "{OUTSIDE} A head that is new, or tied to the embedding, is not in every base; pair it by hand below if it is."
        );
        return Some(said(
            "some-unmatched",
            title,
            matching.unmatched.first().cloned(),
            cause,
            fix,
        ));
    }
    let title = format!("{} no counterpart in the base", count(n, "matrix has", "matrices have"));
    let fix = match model.named {
        Some(name) => format!("Its numbers stand for the others. If the base should have it, drop “{name}”, which its configuration names, or pair it by hand below."),
        None => "Its numbers stand for the others. If the base should have it, drop the base that it was trained from, or pair it by hand below.".to_owned(),
    };
    Some(said(
        "some-unmatched",
        title,
        matching.unmatched.first().cloned(),
        cause,
        fix,
    ))
}

/// The last numbers of the blocks of both, where all that is missing in the base lies behind its last block.
fn deeper(matching: &Matching, named: &[Named], base: &Base) -> Option<[u32; 2]> {
    let missing: Option<Vec<(&str, u32)>> = matching.unmatched.iter().map(|n| stack(n)).collect();
    let missing = missing?;
    let other = base.named.iter().filter_map(|n| stack(&n.name)).map(|s| s.1).max()?;
    let unmatched: HashSet<&str> = matching.unmatched.iter().map(String::as_str).collect();
    // The last block of each stack that pairs.
    let mut last: HashMap<&str, u32> = HashMap::new();
    for (name, n) in named
        .iter()
        .filter(|n| !unmatched.contains(n.name.as_str()))
        .filter_map(|n| stack(&n.name))
    {
        let own = last.entry(name).or_insert(n);
        *own = n.max(*own);
    }
    // A stack that pairs up to the base's last block, and goes on.
    let goes_on = |(name, n): &(&str, u32)| *n > other && last.get(name) == Some(&other);
    missing.iter().all(goes_on).then_some(())?;
    Some([missing.iter().map(|m| m.1).max()?, other])
}

/// The step for heads and embeddings that are left out.
const OUTSIDE: &str = "Nothing is to be done for the blocks: their numbers stand.";

/// Title, cause and way out, where the layouts of both sides are known and differ.
fn layouts_differ(model: &Side, matching: &Matching, base: &Base) -> Option<(String, String, String)> {
    let own = layouts::of(matching.unmatched.iter().map(String::as_str))?;
    let other = layouts::of(shown(base).map(String::as_str))?;
    // Layouts that meet are not what keeps the two apart.
    let met = |names: Vec<String>| layouts::of(names.iter().map(String::as_str)).map(|l| l.name);
    let [mine, theirs] = [
        met(matching.unmatched.iter().map(|n| as_all_write_it(n)).collect()),
        met(shown(base).map(|n| as_all_write_it(n)).collect()),
    ];
    if own.name == other.name || mine.is_some() && mine == theirs {
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
    let fix = match (model.here, model.named) {
        (Some(_), _) => model.drop_its_base(),
        (None, Some(name)) => format!(
            "Drop {} as the base. Its configuration names “{name}”. {}",
            own.file, own.way
        ),
        // A whole model may be another network altogether.
        (None, None) if model.what == "model" => {
            format!("Take it out, or drop its own base: {}. {}", own.file, own.way)
        }
        (None, None) => format!("Drop {} as the base. {}", own.file, own.way),
    };
    Some((title, cause, fix.trim().to_owned()))
}

fn as_all_write_it(name: &str) -> String {
    let module = name.strip_suffix(".weight").unwrap_or(name);
    match module.contains('.') {
        true => neutral(name),
        false => neutral_joined(module),
    }
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

/// The question which of two parts of the base an adapter belongs to, whose names fit both equally well; and whether it is the second.
pub fn ask_part(label: &str, parts: &[String; 2], answers: &Answers) -> (Question, bool) {
    let id = format!("part:{label}");
    let [first, second] = parts;
    let is_second = answers.0.get(&id) == Some(second);
    let option = |(i, part): (usize, &String)| QuestionOption {
        value: part.clone(),
        label: format!("“{part}”"),
        note: if i == 0 { "default".into() } else { String::new() },
    };
    let question = Question {
        title: format!("Which part of the base is “{label}” for?"),
        detail: "Its names fit both equally well, in the same shapes, and nothing in its files says which.".into(),
        options: parts.iter().enumerate().map(option).collect(),
        value: if is_second { second } else { first }.clone(),
        number: false,
        id,
    };
    (question, is_second)
}

/// Examples of a model's names: the first and the last.
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
    /// Its name with both shapes, in words.
    pub words: String,
}

pub fn differing(is_paired: &dyn Fn(usize) -> bool, named: &[Named], base: &Base, shapes: Shapes) -> Vec<Differing> {
    if (0..named.len()).all(is_paired) {
        return Vec::new();
    }
    let side = |n: u64| if n == 0 { "any".to_owned() } else { n.to_string() };
    let of = |[rows, cols]: [u64; 2]| format!("{} × {}", side(rows), side(cols));
    // Under the names that every library's become, so that the network is compared and not who named it.
    let plain = |n: &Named| Named {
        name: neutral(&n.name),
        shape: n.shape,
    };
    let [ours, theirs]: [Vec<Named>; 2] = [named, &base.named].map(|side| side.iter().map(plain).collect());
    let loose = pair(&theirs, &ours, Shapes::Any);
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
