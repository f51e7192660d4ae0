//! The fine-tunes: how each one's tensors pair with the base, and the recipe for every matrix.

use super::adapter::{Adapter, Alpha, Module};
use super::base::{Base, is_matrix, shape};
use super::files::Tensors;
use super::job::Recipe;
use super::leaf::joined;
use super::matching::{ByHand, HAND, Named, Pairing, Shapes, pair};
use super::names::{canonical, is_weight, place};
use super::problems::count;
use super::{Problem, Severity};
use super::{experts, replication};
use crate::report::Matching;
use std::collections::HashMap;

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
pub fn full(label: &str, file: &str, tensors: &Tensors, base: &Base, by_hand: &ByHand) -> Paired {
    let candidates: Vec<_> = tensors.iter().filter(|t| is_matrix(t) && is_weight(&canonical(&t.name).name)).collect();
    let named: Vec<Named> = candidates.iter().map(|t| Named { name: canonical(&t.name).name, shape: shape(t) }).collect();
    let mut pairing = pair(&base.named, &named, Shapes::Same);
    pairing.by_hand(&base.named, &named, Shapes::Same, by_hand);
    let looked_at = |t: &usize| base.selection.includes(&named[*t].name, &place(&named[*t].name).of(&candidates[*t].shape));
    let stripped: Vec<String> = candidates.iter().map(|t| canonical(&t.name).stripped).collect();
    let mut paired = Paired { matching: matching(&pairing, &named, &stripped, base, &looked_at), ..Paired::default() };
    for (t, b) in &pairing.pairs {
        let tensor = candidates[*t];
        let recipe = if tensor.is_readable() {
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
        // A vocabulary that grew: both sizes, so that nobody has to look them up.
        let resized = differing(&pairing, &named, base, Shapes::Same);
        paired.notes.extend(resized.into_iter().filter(|d| !looked_at(&d.tuned)).take(2).map(|d| d.words));
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
pub fn adapter(label: &str, file: &str, adapter: &Adapter, alpha: &Alpha, fan_in_fan_out: bool, base: &Base, by_hand: &ByHand) -> Paired {
    let by_joined = joined_names(adapter, base);
    let map: &[u32] = if let Alpha::Config(c) = alpha { &c.layer_map } else { &[] };
    let modules: Vec<Module> = adapter.modules.iter().flat_map(|m| experts::modules(m, &base.named)).collect();
    let name = |m: &Module| match by_joined.get(&m.name).filter(|_| m.joined) {
        Some(name) => name.clone(),
        None if experts::is_slice(&m.name) => m.name.clone(),
        None => replication::name(&format!("{}.weight", m.name), map),
    };
    let named: Vec<Named> = modules.iter().map(|m| Named { name: name(m), shape: m.outline.shape }).collect();
    let mut pairing = pair(&base.named, &named, Shapes::Either);
    pairing.by_hand(&base.named, &named, Shapes::Either, by_hand);
    let stripped: Vec<String> = modules.iter().map(|m| m.stripped.clone()).collect();
    let mut paired = Paired { matching: matching(&pairing, &named, &stripped, base, &|_| true), ..Paired::default() };
    for (t, b) in &pairing.pairs {
        let module = &modules[*t];
        let stored = shape(&base.matrices[*b].tensor);
        let transposed = if stored[0] == stored[1] { fan_in_fan_out } else { !Shapes::Same.fit(module.outline.shape, stored) };
        paired.recipes.push((*b, recipe(module, alpha), transposed));
    }
    replaced(adapter, base, &mut paired);
    if !adapter.passed_over.is_empty() {
        paired.notes.push(format!("{} not looked at: embeddings and biases.", count(adapter.passed_over.len(), "tensor", "tensors")));
    }
    paired.problem = problem(label, file, &paired.matching, &pairing, &named, base, Shapes::Either);
    paired
}

/// Base names by what a writer that joins components makes of them. That cannot be undone (`to_out_0` may be `to.out_0`), so the base's
/// names are joined instead, with and without what stands before the blocks (`model.diffusion_model.`).
fn joined_names(adapter: &Adapter, base: &Base) -> HashMap<String, String> {
    if !adapter.modules.iter().any(|m| m.joined) {
        return HashMap::new();
    }
    let mut names = HashMap::new();
    for named in &base.named {
        let module = named.name.strip_suffix(".weight").unwrap_or(&named.name);
        let starts = std::iter::once(0).chain(module.match_indices('.').map(|(i, _)| i + 1)).take(3);
        for start in starts {
            names.entry(joined(&module[start..])).or_insert_with(|| named.name.clone());
        }
    }
    names
}

fn recipe(module: &Module, alpha: &Alpha) -> Recipe {
    match module.parts.iter().find(|(_, t)| !t.is_readable()) {
        Some((_, t)) => Recipe::Skip(format!("“{}” is stored as {}, which is not read as weights.", t.name, t.dtype.name())),
        None => Recipe::Adapted { method: module.method, parts: module.parts.clone(), scale: alpha.scale(module).1 },
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
    let only_in_base =
        (0..base.matrices.len()).filter(|b| base.is_selected(*b) && !used(*b)).map(|b| base.matrices[b].tensor.name.clone()).collect();
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
            _ if rule.strip == HAND => "by hand".to_owned(),
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

/// What there is to say of a pairing: nothing paired, or less than half (silence here is the bug everybody else has, vLLM #34186), or
/// some of the names are there in another shape.
fn problem(
    label: &str,
    file: &str,
    matching: &Matching,
    pairing: &Pairing,
    named: &[Named],
    base: &Base,
    shapes: Shapes,
) -> Option<Problem> {
    let differing = differing(pairing, named, base, shapes);
    let few = matching.matched * 2 < matching.total || matching.matched == 0;
    let none = matching.matched == 0;
    let counted: Vec<&Differing> = differing.iter().filter(|d| matching.unmatched.contains(&named[d.tuned].name)).collect();
    let said: Vec<String> = counted.iter().take(4).map(|d| d.words.clone()).collect();
    let more = if counted.len() > said.len() { format!(" And {} more.", counted.len() - said.len()) } else { String::new() };
    let (code, title, tensor, cause, fix) = match (counted.first(), few) {
        (None, false) => return None,
        (Some(first), _) => (
            "shape-mismatch",
            if few {
                "This fine-tune was made for another base".to_owned()
            } else {
                format!("{} in another shape", count(counted.len(), "matrix is", "matrices are"))
            },
            named[first.tuned].name.clone(),
            format!("{}{more} {} of its {} matrices fit.", said.join(" "), matching.matched, matching.total),
            if few { "Drop the base it was trained from." } else { "They are left out. Check that this is the base it was trained from." },
        ),
        (None, true) => (
            if none { "no-match" } else { "few-matches" },
            if none { "None of its tensors is in the base".to_owned() } else { "Few of its tensors are in the base".to_owned() },
            matching.unmatched.first().cloned().unwrap_or_default(),
            format!(
                "{} of {} matrices of “{label}” pair with the base. It has names such as {}; the base has {}.",
                matching.matched,
                matching.total,
                some(matching.unmatched.iter()),
                some(base.named.iter().map(|n| &n.name))
            ),
            "Check that both come from the same architecture.",
        ),
    };
    Some(Problem {
        code: code.into(),
        title,
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
        // Under half is no coverage to build on, though what fits is still computed.
        severity: if few { Severity::Error } else { Severity::Warning },
    })
}

/// What a model looks like, by the first and the last of its names.
fn some<'a>(mut names: impl DoubleEndedIterator<Item = &'a String>) -> String {
    match (names.next(), names.next_back()) {
        (Some(first), Some(last)) => format!("“{first}” and “{last}”"),
        (Some(one), None) => format!("“{one}”"),
        _ => "none".into(),
    }
}

/// A name that is on both sides, in shapes that do not fit.
struct Differing {
    tuned: usize,
    /// With both shapes.
    words: String,
}

fn differing(pairing: &Pairing, named: &[Named], base: &Base, shapes: Shapes) -> Vec<Differing> {
    if pairing.pairs.len() == named.len() {
        return Vec::new();
    }
    let side = |n: u64| if n == 0 { "any".to_owned() } else { n.to_string() };
    let of = |s: [u64; 2]| format!("{} × {}", side(s[0]), side(s[1]));
    let loose = pair(&base.named, named, Shapes::Any);
    loose
        .pairs
        .iter()
        .filter(|(t, b)| !pairing.pairs.contains_key(t) && !shapes.fit(named[**t].shape, base.named[**b].shape))
        .map(|(t, b)| Differing {
            tuned: *t,
            words: format!("“{}” is {}; the base’s is {}.", named[*t].name, of(named[*t].shape), of(base.named[*b].shape)),
        })
        .collect()
}
