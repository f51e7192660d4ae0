//! The fine-tunes: how each one's tensors pair with the base, and the recipe for every matrix.

use super::adapter::{Adapter, Alpha, Module};
use super::base::{Base, shape};
use super::files::Tensors;
use super::job::Recipe;
use super::matching::{Named, Pairing, Shapes, pair};
use super::names::{canonical, is_weight, place};
use super::problems::count;
use super::{Problem, Severity};
use crate::report::Matching;

/// The paired part of one fine-tune.
#[derive(Debug, Clone, Default)]
pub struct Paired {
    /// Base matrix -> how the tuned one is made, and whether the base turned out to be stored as `[in, out]`.
    pub recipes: Vec<(usize, Recipe, bool)>,
    pub matching: Matching,
    pub notes: Vec<String>,
    pub problem: Option<Problem>,
}

/// Pairs a full fine-tune.
pub fn full(label: &str, file: &str, tensors: &Tensors, base: &Base) -> Paired {
    let candidates: Vec<_> = tensors.iter().filter(|t| t.shape.len() == 2 && is_weight(&canonical(&t.name).name)).collect();
    let named: Vec<Named> = candidates.iter().map(|t| Named { name: canonical(&t.name).name, shape: shape(t) }).collect();
    let pairing = pair(&base.named, &named, Shapes::Same);
    let looked_at = |t: &usize| place(&named[*t].name).is_selected();
    let stripped: Vec<String> = candidates.iter().map(|t| canonical(&t.name).stripped).collect();
    let mut paired = Paired { matching: matching(&pairing, &named, &stripped, base, &looked_at), ..Paired::default() };
    for (t, b) in &pairing.pairs {
        let tensor = candidates[*t];
        let recipe = if tensor.dtype.is_readable() {
            Recipe::Replace(tensor.clone())
        } else {
            Recipe::Skip(format!("“{}” is stored as {}, which is not read as weights.", tensor.name, tensor.dtype.name()))
        };
        paired.recipes.push((*b, recipe, false));
    }
    let heads = (0..named.len()).filter(|t| !pairing.pairs.contains_key(t) && !looked_at(t)).count();
    if heads > 0 {
        paired.notes.push(format!(
            "{} outside the blocks, not in the base in this shape: a new head or embedding.",
            count(heads, "tensor", "tensors")
        ));
    }
    let dtype = |t: &&super::job::TensorRef| t.dtype.name().to_owned();
    let base_dtype = base.matrices.first().map(|m| m.tensor.dtype.name().to_owned());
    if let (Some(b), Some(t)) = (base_dtype, candidates.iter().map(dtype).next())
        && b != t
    {
        paired.notes.push(format!("Stored as {t}, the base as {b}: rounding looks like a change."));
    }
    paired.problem = problem(label, file, &paired.matching, &pairing, &named, base, Shapes::Same);
    paired
}

/// Pairs an adapter; its modules carry shapes `[out, in]`, the base may store either orientation.
pub fn adapter(label: &str, file: &str, adapter: &Adapter, alpha: &Alpha, fan_in_fan_out: bool, base: &Base) -> Paired {
    let named: Vec<Named> = adapter.modules.iter().map(|m| Named { name: format!("{}.weight", m.name), shape: m.shape() }).collect();
    let pairing = pair(&base.named, &named, Shapes::Either);
    let stripped: Vec<String> = adapter.modules.iter().map(|m| m.stripped.clone()).collect();
    let mut paired = Paired { matching: matching(&pairing, &named, &stripped, base, &|_| true), ..Paired::default() };
    for (t, b) in &pairing.pairs {
        let module = &adapter.modules[*t];
        let stored = shape(&base.matrices[*b].tensor);
        let transposed = if stored[0] == stored[1] { fan_in_fan_out } else { stored != module.shape() };
        paired.recipes.push((*b, low_rank(module, alpha), transposed));
    }
    replaced(adapter, base, &mut paired);
    if !adapter.passed_over.is_empty() {
        paired.notes.push(format!("{} not looked at: embeddings and biases.", count(adapter.passed_over.len(), "tensor", "tensors")));
    }
    paired.problem = problem(label, file, &paired.matching, &pairing, &named, base, Shapes::Either);
    paired
}

fn low_rank(module: &Module, alpha: &Alpha) -> Recipe {
    match [&module.a, &module.b].into_iter().find(|t| !t.dtype.is_readable()) {
        Some(t) => Recipe::Skip(format!("“{}” is stored as {}, which is not read as weights.", t.name, t.dtype.name())),
        None => Recipe::LowRank { a: module.a.clone(), b: module.b.clone(), scale: alpha.scale(module).1 },
    }
}

/// `modules_to_save`: whole tensors that take the place of the base's.
fn replaced(adapter: &Adapter, base: &Base, paired: &mut Paired) {
    let named: Vec<Named> = adapter.replaced.iter().map(|t| Named { name: canonical(&t.name).name, shape: shape(t) }).collect();
    for (t, b) in pair(&base.named, &named, Shapes::Same).pairs {
        if !paired.recipes.iter().any(|(other, ..)| *other == b) {
            paired.recipes.push((b, Recipe::Replace(adapter.replaced[t].clone()), false));
        }
    }
    if !adapter.replaced.is_empty() {
        paired.notes.push(format!("{} whole (modules_to_save).", count(adapter.replaced.len(), "tensor is saved", "tensors are saved")));
    }
}

fn matching(pairing: &Pairing, named: &[Named], stripped: &[String], base: &Base, counts: &impl Fn(&usize) -> bool) -> Matching {
    let unmatched: Vec<String> =
        (0..named.len()).filter(|t| counts(t) && !pairing.pairs.contains_key(t)).map(|t| named[t].name.clone()).collect();
    let matched = pairing.pairs.keys().filter(|t| counts(t)).count();
    let used = |b: usize| pairing.pairs.values().any(|v| *v == b);
    let only_in_base = (0..base.matrices.len())
        .filter(|b| base.matrices[*b].place.is_selected() && !used(*b))
        .map(|b| base.matrices[b].tensor.name.clone())
        .collect();
    Matching {
        rules: rules(pairing, stripped, counts),
        matched: matched as u32,
        total: (matched + unmatched.len()) as u32,
        unmatched,
        only_in_base,
    }
}

/// The rules in words, those of wrappers included.
fn rules(pairing: &Pairing, stripped: &[String], counts: &impl Fn(&usize) -> bool) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (t, rule) in pairing.by_rule.iter().filter(|(t, _)| counts(t)) {
        let rule = &pairing.rules[*rule];
        let strip = match (stripped[*t].as_str(), rule.strip.as_str()) {
            (lead, "") => lead.to_owned(),
            (lead, strip) => format!("{lead}{strip}."),
        };
        let text = match (strip.as_str(), rule.add.as_str()) {
            ("", "") => "same names".to_owned(),
            (strip, "") => format!("strip '{strip}'"),
            ("", add) => format!("add '{add}.'"),
            (strip, add) => format!("strip '{strip}', add '{add}.'"),
        };
        if !words.contains(&text) {
            words.push(text);
        }
    }
    words
}

/// Nothing paired, or less than half: silence here is the bug everybody else has (vLLM #34186).
fn problem(
    label: &str,
    file: &str,
    matching: &Matching,
    pairing: &Pairing,
    named: &[Named],
    base: &Base,
    shapes: Shapes,
) -> Option<Problem> {
    if matching.matched * 2 >= matching.total && matching.matched > 0 {
        return None;
    }
    let none = matching.matched == 0;
    let loose = pair(&base.named, named, Shapes::Any);
    let differing = loose.pairs.iter().find(|(t, b)| !pairing.pairs.contains_key(t) && !shapes_fit(shapes, named, **t, base, **b));
    let of = |s: [u64; 2]| format!("{} × {}", s[0], s[1]);
    let (code, title, tensor, cause, fix) = match differing {
        Some((t, b)) => (
            "shape-mismatch",
            "This fine-tune was made for another base",
            named[*t].name.clone(),
            format!(
                "Its matrix is {}; the base’s is {}. {} of its {} matrices fit.",
                of(named[*t].shape),
                of(base.named[*b].shape),
                matching.matched,
                matching.total
            ),
            "Drop the base it was trained from.",
        ),
        None => (
            if none { "no-match" } else { "few-matches" },
            if none { "None of its tensors is in the base" } else { "Few of its tensors are in the base" },
            matching.unmatched.first().cloned().unwrap_or_default(),
            format!(
                "{} of {} matrices of “{label}” pair with the base. Names such as “{}” have no counterpart; the base has “{}”.",
                matching.matched,
                matching.total,
                matching.unmatched.first().map_or("(none)", String::as_str),
                base.named.first().map_or("(none)", |n| n.name.as_str())
            ),
            "Check that both come from the same architecture.",
        ),
    };
    Some(Problem {
        code: code.into(),
        title: title.into(),
        file: Some(file.into()),
        tensor: (!tensor.is_empty()).then_some(tensor),
        cause,
        fix: Some(fix.into()),
        command: None,
        blocks: if none {
            "Blocks 1 model".into()
        } else {
            format!("Leaves out {}", count(matching.unmatched.len(), "matrix", "matrices"))
        },
        severity: if none { Severity::Error } else { Severity::Warning },
    })
}

fn shapes_fit(shapes: Shapes, named: &[Named], t: usize, base: &Base, b: usize) -> bool {
    let (a, c) = (named[t].shape, base.named[b].shape);
    a == c || shapes == Shapes::Either && a == [c[1], c[0]]
}
